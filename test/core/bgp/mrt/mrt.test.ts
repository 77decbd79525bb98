import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import {
  createMrtDecoder,
  ElemBatch,
  elemsOf,
  PeerIndex,
  type Elem,
  type MrtCounters,
} from '../../../../src/core/bgp/index.js';
import { mrtFixture } from '../../../support/feed/mrt-fixture.js';
import {
  mrtMessage,
  mrtPeerTable,
  mrtRecord,
  mrtRib,
  mrtStateChange,
  mrtUpdate,
} from '../../../support/feed/mrt-writer.js';

interface Decoded {
  readonly elems: Elem[];
  readonly counters: Readonly<MrtCounters>;
  readonly peers: PeerIndex;
  /** By problem, how often it was counted. */
  readonly problems: Record<string, number>;
}

/** Decodes a file in chunks of `chunkOctets`. */
function decode(file: Uint8Array, chunkOctets = file.length): Decoded {
  const peers = new PeerIndex();
  const decoder = createMrtDecoder(peers, 'rrc99');
  const batch = new ElemBatch(1);
  for (let start = 0; start < file.length; start += chunkOctets)
    decoder.push(file.subarray(start, start + chunkOctets), batch);
  decoder.end();
  const problems = Object.fromEntries(Object.entries(decoder.counters.problems).filter(([, count]) => count > 0));
  return { elems: elemsOf(batch, peers), counters: decoder.counters, peers, problems };
}

const v4 = { address: '192.0.2.1', asn: 64496 };
const v6 = { address: '2001:db8::1', asn: 4_200_000_000 };
const at = 1_700_000_000_000;
const file = (...records: Uint8Array[]): Buffer => Buffer.concat(records);

/** `rib4:18 up:1`, in the order of the kinds in this file. */
function tally(elems: readonly Elem[]): string {
  const names = elems.map((elem) => {
    if (elem.kind === 'peer-state') return elem.state;
    return elem.kind === 'idle' ? 'idle' : `${elem.kind.slice(0, 3)}${elem.prefix.includes(':') ? 6 : 4}`;
  });
  const kinds = ['rib4', 'rib6', 'ann4', 'ann6', 'wit4', 'wit6', 'up', 'down', 'idle'];
  return kinds
    .flatMap((kind) => (names.includes(kind) ? [`${kind}:${names.filter((name) => name === kind).length}`] : []))
    .join(' ');
}

/** File, records decoded, peers, elems. */
const files: readonly [name: string, records: number, peers: number, elems: string][] = [
  ['bgpkit__local_only_updates.bz2', 85, 4, 'ann4:69 ann6:90 wit4:34 wit6:75'],
  [
    'bgpkit__rrc03_2010.02_updates.20100227.1600.first-796-records.gz',
    796,
    42,
    'ann4:1189 ann6:37 wit4:127 wit6:6 down:2 idle:26',
  ],
  ['bgpkit__rrc15_2010.02_updates.20100227.1600.gz', 6615, 10, 'ann4:52468 wit4:1318 up:1 down:1 idle:67'],
  ['bgpkit__rrc15_2010.02_updates.20100227.1610.gz', 1953, 10, 'ann4:5920 wit4:1549 up:1 down:1 idle:63'],
  ['bview.20100701.0759.reencoded-1in50.gz', 6471, 5, 'rib4:12837'],
  ['bview.20151023.derived-3peers-1in40.gz', 14450, 3, 'rib4:43347'],
  ['libbgpstream__ris.rrc06.updates.1427846400.gz', 795, 7, 'ann4:1160 ann6:275 wit4:106 wit6:16 idle:34'],
  ['libbgpstream__routeviews.jinx.updates.1427846400.bz2', 1756, 4, 'ann4:8149 ann6:11 wit4:440 wit6:11'],
  ['mrtparse__bird-mrtdump_bgp', 27, 2, 'ann4:12 up:4 down:2 idle:17'],
  ['mrtparse__bird-mrtdump_rib', 14, 2, 'rib4:18'],
  ['mrtparse__bird6-mrtdump_bgp', 27, 2, 'ann6:12 up:4 down:2 idle:17'],
  ['mrtparse__bird6-mrtdump_rib', 9, 2, 'rib6:10'],
  ['mrtparse__bird6_bgp', 29, 2, 'ann6:14 up:4 down:2 idle:17'],
  ['mrtparse__bird_bgp', 29, 2, 'ann4:14 up:4 down:2 idle:17'],
  ['mrtparse__openbgpd_bgp', 87, 4, 'ann4:33 ann6:60 up:8 down:4 idle:33'],
  ['mrtparse__openbgpd_rib_table', 31, 3, 'rib4:11 rib6:20'],
  ['mrtparse__openbgpd_rib_table-mp', 31, 2, 'rib4:11 rib6:20'],
  ['mrtparse__openbgpd_rib_table-v2', 22, 3, 'rib4:11 rib6:20'],
  ['mrtparse__quagga_bgp', 67, 2, 'ann4:6 ann6:12 up:8 down:4 idle:49'],
  ['mrtparse__quagga_rib', 7, 2, 'rib4:3 rib6:6'],
];

test('every real file decodes whole, with the counts bgpdump gives', async () => {
  assert.deepEqual(
    files.map(([name]) => name),
    readdirSync(new URL('../../../fixtures/mrt', import.meta.url)).sort(),
  );
  for (const [name, records, peers, expected] of files) {
    const decoded = decode(await mrtFixture(name), 50_000);
    assert.deepEqual(
      [decoded.counters.records, decoded.peers.size, tally(decoded.elems), decoded.problems],
      [records, peers, expected, {}],
      name,
    );
    const skipped = name.endsWith('table-v2') ? [['13/6', 2]] : []; // labelled VPN routes
    assert.deepEqual([...decoded.counters.skipped], skipped, name);
  }
});

test('the RIB has North Korea with its four routes, their origin and the time of the RIB', async () => {
  const { elems, counters } = decode(await mrtFixture('bview.20151023.derived-3peers-1in40.gz'));
  const routes = elems.flatMap((elem) =>
    elem.kind === 'rib' && elem.origin === 131279 ? [`${elem.prefix} ${elem.peerAsn}`] : [],
  );
  const networks = [176, 177, 178, 179].map((third) => `175.45.${third}.0/24`);
  assert.deepEqual(
    routes.sort(),
    networks.flatMap((network) => [3856, 64496, 64497].map((asn) => `${network} ${asn}`)),
  );
  assert.equal(counters.ribTime, Date.UTC(2015, 9, 23));
  assert(elems.every((elem) => elem.at === counters.ribTime));
});

test('path ids that BIRD writes under a subtype without path ids are not read as prefixes', async () => {
  const prefixes = async (name: string): Promise<string[]> => {
    const { elems } = decode(await mrtFixture(name));
    return [
      ...new Set(
        elems.flatMap((elem) =>
          elem.kind === 'announcement' && elem.origin > 0 ? [`${elem.prefix} ${elem.origin}`] : [],
        ),
      ),
    ].sort();
  };
  assert.deepEqual(await prefixes('mrtparse__bird_bgp'), await prefixes('mrtparse__bird-mrtdump_bgp'));
  assert.deepEqual(await prefixes('mrtparse__bird6_bgp'), await prefixes('mrtparse__bird6-mrtdump_bgp'));

  const zeroId = [0, 0, 0, 0, 8, 1]; // also reads as four default routes and 1.0.0.0/8
  const read = (nlri: number[]): string[] =>
    decode(mrtMessage(at, v4, 2, [0, 0, 0, 0, ...nlri])).elems.map((elem) =>
      elem.kind === 'announcement' ? elem.prefix : elem.kind,
    );
  assert.deepEqual(read(zeroId), ['1.0.0.0/8']);
  assert.deepEqual(read([0, 8, 1]), ['0.0.0.0/0', '1.0.0.0/8']);
  assert.deepEqual(read([7, 1]), ['0.0.0.0/7']);
});

test('chunk boundaries: any split of a file gives the same elems', async () => {
  const small = file(
    mrtPeerTable(at, [v4, v6]),
    mrtRib(at, '2001:db8::/64', [{ peer: 1, path: [1] }]),
    mrtRecord(at, 13, 2, []),
    mrtRecord(at, 99, 1, [1, 2, 3]),
    mrtUpdate(at, { peer: v6, path: [1, 2], announce: ['1.0.0.0/24', '2001:db8::/32'], withdraw: ['2.0.0.0/8'] }),
    mrtStateChange(at, v4, 6, 1),
  );
  const whole = decode(small);
  assert.deepEqual([whole.elems.length, whole.problems], [5, { prefixes: 1 }]);
  for (let octets = 1; octets < small.length; octets++) {
    const { elems, counters } = decode(small, octets);
    assert.deepEqual([elems, counters], [whole.elems, whole.counters], `chunks of ${octets}`);
  }
  const real = await mrtFixture('libbgpstream__ris.rrc06.updates.1427846400.gz');
  for (const octets of [1, 7, 997]) assert.deepEqual(decode(real, octets).elems, decode(real).elems);
});

test('a session of 2-octet ASNs tells its origin in AS4_PATH', () => {
  const header = [0xfb, 0xf0, 0x31, 0x6e, 0, 0, 0, 1, 192, 0, 2, 1, 192, 0, 2, 254];
  const message = (attributes: number[]): number[] => {
    const body = [0, 0, 0, attributes.length, ...attributes, 24, 1, 0, 0];
    return [...header, ...Array.from({ length: 16 }, () => 0xff), 0, 19 + body.length, 2, ...body];
  };
  const asPath = [0x40, 2, 6, 2, 2, 0xfb, 0xf0, 0x5b, 0xa0]; // 64496 23456
  const as4Path = [0xc0, 17, 10, 2, 2, 0, 0, 0xfb, 0xf0, 0xfa, 0x56, 0xea, 0]; // 64496 4200000000
  const origin = (attributes: number[]): number | undefined => {
    const [elem] = decode(mrtRecord(at, 16, 1, message(attributes))).elems;
    return elem.kind === 'announcement' && elem.peerAsn === 64496 ? elem.origin : undefined;
  };
  assert.equal(origin([...asPath, ...as4Path]), 4_200_000_000);
  assert.equal(origin(asPath), 23456);
});

test('which messages change a session, and which change nothing', () => {
  const open = [4, 0xfb, 0xf0, 0, 90, 192, 0, 2, 1, 0];
  const table: [string, Uint8Array, string][] = [
    ['established', mrtStateChange(at, v6, 5, 6), 'up'],
    ['established no more', mrtStateChange(at, v6, 6, 1), 'down'],
    ['another try', mrtStateChange(at, v4, 1, 3), 'idle'],
    ['OPEN', mrtMessage(at, v4, 1, open), 'up'],
    ['NOTIFICATION', mrtMessage(at, v4, 3, [6, 4]), 'down'],
    ['NOTIFICATION of the collector', mrtMessage(at, v4, 3, [6, 4], 7), 'down'],
    ['KEEPALIVE', mrtMessage(at, v4, 4, []), 'idle'],
    ['ROUTE-REFRESH', mrtMessage(at, v4, 5, [0, 1, 0, 1]), 'idle'],
    ['End-of-RIB', mrtUpdate(at, { peer: v4 }), 'idle'],
    ['an UPDATE of the collector', mrtMessage(at, v4, 2, [0, 0, 0, 0, 24, 1, 0, 0], 7), 'idle'],
    ['IPv4 multicast', mrtMessage(at, v4, 2, [0, 0, 0, 13, 0x80, 14, 10, 0, 1, 2, 4, 1, 1, 1, 1, 0, 0]), 'idle'],
  ];
  for (const [what, record, expected] of table) {
    const name = decode(record).elems.map((elem) => (elem.kind === 'peer-state' ? elem.state : elem.kind));
    assert.deepEqual(name, [expected], what);
  }
  const multicast = decode(file(mrtPeerTable(at, [v4]), mrtRecord(at, 13, 3, [0])));
  assert.deepEqual([...multicast.counters.skipped], [['13/3', 1]]);
});

test('a malformed record is counted by its reason, leaves nothing behind, and the rest goes on', () => {
  const rib = mrtRib(at, '1.0.0.0/24', [
    { peer: 0, path: [1] },
    { peer: 1, path: [2] },
  ]);
  const update = mrtUpdate(at, {
    peer: v4,
    path: [1],
    announce: ['1.0.0.0/24', '2001:db8::/64'],
    withdraw: ['2001:db8:1::/64'],
  });
  const altered = (record: Uint8Array, offset: number, ...octets: number[]): Uint8Array => {
    const changed = record.slice();
    changed.set(octets, offset);
    return changed;
  };
  const cut = (record: Uint8Array, octets: number): Uint8Array =>
    mrtRecord(at, record[5], record[7], [...record.subarray(12, record.length - octets)]);
  const body = 12 + 20; // after the headers of the record and of BGP4MP_MESSAGE_AS4
  const table: [reason: string, record: Uint8Array][] = [
    ['truncated-record', cut(rib, 1)],
    ['truncated-record', cut(mrtStateChange(at, v4, 6, 1), 1)],
    ['truncated-record', mrtRecord(at, 16, 4, [1, 2, 3])],
    ['truncated-record', mrtRecord(at, 17, 4, [1, 2, 3])],
    ['truncated-record', mrtRecord(at, 12, 1, [1, 2, 3])],
    ['address-family', altered(update, 12 + 10, 0, 9)],
    ['peer-index', altered(rib, 12 + 4 + 4 + 2, 0, 2)],
    ['prefixes', altered(rib, 12 + 4, 33)],
    ['attributes', altered(rib, rib.length - 8, 200)],
    ['bgp-message', cut(update, 1)],
    ['bgp-message', altered(update, body + 18, 9)],
    ['bgp-message', altered(update, body + 16, 0, 18)],
    ['bgp-message', altered(update, body + 19, 255, 255)],
    ['prefixes', altered(update, update.length - 4, 33)],
    ['attributes', altered(update, body + 19 + 4 + 2, 255)],
    ['attributes', altered(update, body + 19 + 4 + 5 + 4, 7)],
  ];
  const good = [mrtPeerTable(at, [v4, v6]), mrtStateChange(at, v4, 1, 2)];
  const before = decode(file(...good));
  for (const [index, [reason, record]] of table.entries()) {
    const { elems, problems, peers } = decode(file(good[0], record, good[1]));
    assert.deepEqual([problems, elems, peers.size], [{ [reason]: 1 }, before.elems, 2], `${reason} (row ${index})`);
  }
  assert.deepEqual(decode(rib).problems, { 'no-peer-table': 1 });
  assert.deepEqual(decode(file(good[0], cut(good[0], 1), rib)).problems, { 'truncated-record': 1, 'no-peer-table': 1 });
});

test('a record of absurd length is skipped without being buffered; a truncated file is counted', () => {
  const huge = mrtRecord(at, 13, 2, []);
  huge.set([0xff, 0xff, 0xff, 0xff], 8);
  assert.deepEqual(decode(file(huge, Buffer.alloc(100_000)), 1000).problems, {
    'record-too-long': 1,
    'truncated-file': 1,
  });
  huge.set([0x01, 0x00, 0x00, 0x00], 8);
  const long = file(huge, Buffer.alloc(0x0100_0000), mrtStateChange(at, v4, 6, 1));
  const filler = mrtRecord(
    at,
    99,
    1,
    Array.from({ length: 59_980 }, () => 0),
  ); // the next header lies on both sides of 60,000
  for (const records of [long, file(filler, long)]) {
    const passed = decode(records, 60_000);
    assert.deepEqual([passed.problems, tally(passed.elems)], [{ 'record-too-long': 1 }, 'down:1']);
  }
  assert.deepEqual(decode(mrtStateChange(at, v4, 6, 1).subarray(0, -1)).problems, { 'truncated-file': 1 });
  assert.deepEqual(decode(Buffer.alloc(0)).problems, {});
});
