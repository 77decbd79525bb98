import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import {
  createRisLiveDecoder,
  ElemBatch,
  elemsOf,
  PeerIndex,
  type Elem,
  type RisLiveOutcome,
} from '../../../../src/core/bgp/index.js';
import { risState, risUpdate } from '../../../support/feed/ris-message.js';

const fixture = (name: string): string =>
  readFileSync(new URL(`../../../fixtures/rislive/${name}`, import.meta.url), 'utf8');

function decodeText(
  text: string,
  peers = new PeerIndex(),
): { outcome: RisLiveOutcome; elems: string[]; fast: boolean; peers: PeerIndex } {
  const batch = new ElemBatch();
  const decoder = createRisLiveDecoder(peers);
  const outcome = decoder.decode(Buffer.from(text), batch);
  return { outcome, elems: elemsOf(batch, peers).map(short), fast: decoder.counters.fallbacks === 0, peers };
}

/** `announcement 1.0.0.0/24 65001` */
function short(elem: Elem): string {
  switch (elem.kind) {
    case 'rib':
    case 'announcement':
      return `${elem.kind} ${elem.prefix} ${elem.origin}`;
    case 'withdrawal':
      return `${elem.kind} ${elem.prefix}`;
    case 'peer-state':
      return elem.state;
    case 'idle':
      return 'idle';
  }
}

const announced = (origin: number, ...prefixes: string[]): string[] =>
  prefixes.map((prefix) => `announcement ${prefix} ${origin}`);
const rrc11 = [
  '2804:7f5:8000::/33',
  '2804:7f4:8000::/34',
  '2804:7f4::/33',
  '2804:7f2:8000::/33',
  '2804:1b2:8000::/35',
  '2804:1b0::/35',
];
const rrc13 = ['116', '119', '112'].map((third) => `177.23.${third}.0/24`);
const rrc13more = ['168.121.197', '177.38.13', '168.121.199', '177.38.10', '177.38.15'].map((net) => `${net}.0/24`);

/** Line, outcome, session (collector peer asn ms), elems. */
const samples: [line: number, kind: string, said: string, elems: string[]][] = [
  [1, 'message', 'rrc00 72.22.223.9 11708 1553627987890', announced(268481, '45.161.192.0/23')],
  [2, 'message', 'rrc01 195.66.224.59 24931 1553625081880', ['down']],
  [3, 'ris_error', 'this is a test error message', []],
  [4, 'message', 'rrc00 94.177.122.251 60474 1553624995840', ['up']],
  [5, 'message', 'rrc01 2001:7f8:4::73ab:1 29611 1553625016830', ['down']],
  [6, 'message', 'rrc03 80.249.210.89 31042 1553625034060', ['idle']],
  [7, 'message', 'rrc01 2001:7f8:4::1ad2:1 6866 1562841440230', ['up']],
  [
    8,
    'message',
    'rrc13 195.208.208.147 28917 1562822233680',
    ['withdrawal 141.136.32.0/20', ...announced(262893, ...rrc13, ...rrc13more)],
  ],
  [9, 'message', 'rrc00 2606:6d00:eb0::254 1403 1562822895400', ['down']],
  [10, 'message', 'rrc01 195.66.224.31 32787 1562822767100', ['idle']],
  [11, 'message', 'rrc19 2001:43f8:6d0::55 327991 1562823052550', ['up']],
  [12, 'rrc-list', 'rrc00 rrc01', []],
  [13, 'ris_error', 'Unknown command type', []],
  [14, 'pong', '', []],
  [15, 'pong', '', []],
  [
    16,
    'message',
    'rrc20 2001:7f8:24::82 58299 1636247118760',
    announced(397666, '2602:fd9e:f00::/40', '2602:fd9e:f00::/40'),
  ],
  [17, 'message', 'rrc21 37.49.237.175 199524 1636342486170', announced(13904, '64.68.236.0/22')],
  [18, 'problem', 'no-message-type', []],
  [19, 'message', 'rrc01 195.66.226.38 24482 1640553894840', announced(328471, '102.66.116.0/24')],
  [20, 'message', 'rrc25 2606:6dc0:1301::1 13781 1740561857910', ['withdrawal 2605:de00:bb::/48']],
  [21, 'message', 'rrc20 91.206.52.60 202194 1571924617220', announced(27738, '201.183.255.0/24')],
  [22, 'message', 'rrc20 91.206.52.201 210036 1587064364360', ['down']],
  [23, 'message', 'rrc11 2001:504:1::a539:7143:1 397143 1598790597830', announced(18881, ...rrc11, ...rrc11)],
  [24, 'message', 'rrc10 217.29.66.158 24482 1695269583730', announced(23969, '1.1.249.0/24')],
  [25, 'message', 'rrc07 2001:7f8:d:ff::96 35280 1771179888490', announced(208754, '2a14:67c1:a112::/48')],
  [26, 'message', 'rrc21 192.0.2.0 64496 1568279796630', announced(4, '192.0.3.0/24')],
  [27, 'message', 'rrc00 192.0.2.1 64496 1568365292840', ['up']],
  [28, 'message', 'rrc00 192.0.2.1 64496 1568365292840', ['down']],
  [29, 'message', 'rrc00 192.0.2.1 64496 1568365292840', ['up']],
  [30, 'message', 'rrc01 2001:7f8:4::1 207841 1789019601670', ['down']],
  [31, 'subscribed', '', []],
];

test('every kind of message seen in public sources is read', () => {
  const lines = fixture('rislive-samples.jsonl').trimEnd().split('\n');
  assert.equal(lines.length, samples.length);
  for (const [line, kind, said, expected] of samples) {
    const peers = new PeerIndex();
    const batch = new ElemBatch();
    const outcome = createRisLiveDecoder(peers).decode(Buffer.from(lines[line - 1]), batch);
    assert.equal(outcome.kind, kind, `line ${line}`);
    const elems = elemsOf(batch, peers);
    assert.deepEqual(elems.map(short), expected, `line ${line}`);
    for (const elem of elems) assert.equal(`${elem.collector} ${elem.peer} ${elem.peerAsn} ${elem.at}`, said);
    if (outcome.kind === 'ris_error') assert.equal(outcome.message, said);
    if (outcome.kind === 'rrc-list') assert.equal(outcome.collectors.join(' '), said);
    if (outcome.kind === 'problem') assert.equal(outcome.reason, said);
  }
  assert.deepEqual(decodeText(fixture('rislive-truncated-line.txt')).outcome, { kind: 'problem', reason: 'not-json' });
});

const session = { collector: 'rrc01', peer: '192.0.2.1', asn: 64496, at: 1_700_000_000_123 };
const update = { ...session, path: [64496, 65001], announce: ['1.0.0.0/24'], withdraw: ['2.0.0.0/24'] };

test('the messages the server writes today never reach JSON.parse', () => {
  for (const text of [
    risUpdate(update),
    risUpdate({
      ...update,
      peer: '2001:db8::1',
      announce: ['2001:db8::/48', '2001:db8::/49'],
      community: [
        [0, 65535],
        [64496, 1],
      ],
    }),
    risUpdate({ ...session, withdraw: ['2001:db8:0:0:0:0:0:0/32'] }),
    risUpdate(session),
    risUpdate({ ...update, path: [64496, [65001, 65002]] }),
    risUpdate(update).replace('"origin"', '"med":0,"aggregator":"65001:192.0.2.9","origin"'),
    risUpdate(update)
      .replaceAll(/([,:])(?=["[{\d])/g, '$1 ')
      .replace('2001: ', '2001:'),
  ]) {
    const { outcome, fast } = decodeText(text);
    assert.deepEqual([outcome.kind, fast], ['message', true], text);
  }
});

test('an update gives its withdrawals before its announcements', () => {
  const table: [string, string, string[]][] = [
    [
      'a prefix in both',
      risUpdate({ ...update, withdraw: ['1.0.0.0/24'] }),
      ['withdrawal 1.0.0.0/24', 'announcement 1.0.0.0/24 65001'],
    ],
    [
      'a trailing AS_SET',
      risUpdate({ ...update, withdraw: [], path: [64496, [65007, 65001]] }),
      ['announcement 1.0.0.0/24 65007'],
    ],
    ['no path', risUpdate({ ...update, withdraw: [], path: [] }), ['announcement 1.0.0.0/24 0']],
    ['End-of-RIB', risUpdate(session), ['idle']],
    [
      'a prefix with no code',
      risUpdate({ ...update, withdraw: [], announce: ['2001:DB8::1/128'] }),
      ['announcement 2001:db8::1/128 65001'],
    ],
    ['host bits', risUpdate({ ...update, withdraw: [], announce: ['1.0.0.77/24'] }), ['announcement 1.0.0.0/24 65001']],
    ['fields missing', risUpdate(update).replace(/"path".*\]/, '"origin":"IGP"'), ['idle']],
    [
      'fields null',
      risUpdate(update).replace(/"path".*\]/, '"path":null,"withdrawals":null,"announcements":null'),
      ['idle'],
    ],
    ['connected', risState({ ...session, state: 'connected' }), ['up']],
    ['up', risState({ ...session, state: 'up' }), ['up']],
    ['down', risState({ ...session, state: 'down' }), ['down']],
  ];
  for (const [what, text, elems] of table) {
    for (const spelled of [text, ` ${text}`]) assert.deepEqual(decodeText(spelled).elems, elems, what);
  }
});

test('ASNs of every length and timestamps around a full second are read exactly', () => {
  const peers = new PeerIndex();
  const batch = new ElemBatch();
  const decoder = createRisLiveDecoder(peers);
  const told = [
    [1, 0],
    [999_999_999, 1],
    [1_000_000_000, 999],
    [2_147_483_648, 1000],
    [4_294_967_295, 1001],
  ] as const;
  const at = 1_700_000_009_000;
  for (const [row, [asn, ms]] of told.entries()) {
    const text = risUpdate({
      collector: 'rrc01',
      peer: `192.0.2.${row}`,
      asn,
      at: at + ms,
      path: [asn],
      announce: ['1.0.0.0/24'],
    });
    assert.equal(decoder.decode(Buffer.from(text), batch).kind, 'message');
    const empty = text.replace(/"timestamp":[\d.]+/, `"timestamp":${'\0'.repeat(10)}`);
    assert.equal(createRisLiveDecoder(peers).decode(Buffer.from(empty), batch).kind, 'problem');
  }
  assert.equal(decoder.counters.fallbacks, 0);
  const read = told.map((_, row) => [batch.origin[row], peers.at(batch.peer[row]).asn, batch.at[row]]);
  assert.deepEqual(
    read,
    told.map(([asn, ms]) => [asn, asn, at + ms]),
  );
});

test('an update too long for the scanner is read too', () => {
  for (const [count, scanned] of [
    [3000, true],
    [6000, false],
  ] as const) {
    const announce = Array.from({ length: count }, (_, index) => `10.${index >> 8}.${index & 255}.0/24`);
    const { elems, fast } = decodeText(risUpdate({ ...update, withdraw: [], announce }));
    assert.deepEqual([elems, fast], [announced(65001, ...announce), scanned]);
  }
});

test('a session is one peer however its host and address are spelled', () => {
  const peers = new PeerIndex();
  const text = risUpdate({ ...update, peer: '2001:db8::a' });
  for (const spelled of [
    text,
    text.replace('.ripe.net', ''),
    text.replace('2001:db8::a"', '2001:DB8:0:0::A"'),
    ` ${text}`,
  ])
    decodeText(spelled, peers);
  assert.equal(peers.size, 1);
  decodeText(text.replace('"64496"', '"64497"'), peers);
  assert.deepEqual(peers.at(0), { index: 0, collector: 'rrc01', address: '2001:db8::a', asn: 64497 });
});

test('a message that cannot be read is a problem with its reason, and adds no elem', () => {
  const text = risUpdate(update);
  const changed = (from: string | RegExp, to: string): string => {
    const made = text.replace(from, to);
    assert.notEqual(made, text, `${from} is in the message`);
    return made;
  };
  const table: [reason: string, text: string][] = [
    ['not-json', ''],
    ['not-json', text.slice(0, -1)],
    ['not-json', `${text}}`],
    ['unknown-envelope', '[]'],
    ['unknown-envelope', 'null'],
    ['unknown-envelope', '{"type":"ris_message"}'],
    ['unknown-envelope', '{"type":"ris_message","data":[]}'],
    ['unknown-envelope', '{"type":"news","data":{}}'],
    ['timestamp', changed('1700000000.123', '"1700000000"')],
    ['timestamp', changed('1700000000.123', '1700000000123')],
    ['timestamp', changed('1700000000.123', '-1')],
    ['peer', changed('"peer":"192.0.2.1"', '"peer":"192.0.2"')],
    ['peer', changed('"peer":"192.0.2.1"', '"peer":1')],
    ['peer-asn', changed('"64496"', '"0"')],
    ['peer-asn', changed('"64496"', '"4294967296"')],
    ['peer-asn', changed('"64496"', '64496')],
    ['host', changed('rrc01.ripe.net', 'rrc1')],
    ['host', changed('rrc01.ripe.net', 'rrc01.example.net')],
    ['no-message-type', changed('"type":"UPDATE",', '')],
    ['unknown-message-type', changed('"UPDATE"', '"ROUTE-REFRESH"')],
    ['path', changed('64496,65001', '64496,0')],
    ['path', changed('64496,65001', '64496,4294967296')],
    ['path', changed('64496,65001', '0,65001')],
    ['path', changed('64496,65001', '64496,[]')],
    ['path', changed('64496,65001', '64496,"65001"')],
    ['path', changed('[64496,65001]', '"64496 65001"')],
    ['prefixes', changed('"2.0.0.0/24"', '"2.0.0.0/24","eor"')],
    ['prefixes', changed('"1.0.0.0/24"', '"1.0.0.0/24","eor"')],
    ['prefixes', changed('"1.0.0.0/24"', '16777216')],
    ['prefixes', changed('["1.0.0.0/24"]', '"1.0.0.0/24"')],
    ['prefixes', changed(/"announcements":\[\{/, '"announcements":[1,{')],
    ['state', risState({ ...session, state: 'down' }).replace('"down"', '"gone"')],
  ];
  const peers = new PeerIndex();
  const decoder = createRisLiveDecoder(peers);
  const batch = new ElemBatch();
  for (const [reason, malformed] of table)
    assert.deepEqual(decoder.decode(Buffer.from(malformed), batch), { kind: 'problem', reason }, malformed);
  assert.deepEqual([batch.length, batch.longPrefixes.length, peers.size], [0, 0, 0]);
  const counted = Object.values(decoder.counters.problems).reduce((sum, count) => sum + count);
  assert.deepEqual([counted, decoder.counters.messages], [table.length, 0]);
});
