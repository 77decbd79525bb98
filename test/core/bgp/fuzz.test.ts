/**
 * 45,000 mutated messages and records, the same in every run: nothing throws or hangs, the scanner and JSON.parse
 * always agree, and a decoder reads the records after a damaged one.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { createMrtDecoder, createRisLiveDecoder, ElemBatch, elemsOf, PeerIndex } from '../../../src/core/bgp/index.js';
import { decodeRisLiveJson } from '../../../src/core/bgp/rislive/json.js';
import { mrtFixture } from '../../support/feed/mrt-fixture.js';
import { mrtStateChange } from '../../support/feed/mrt-writer.js';
import { risUpdate } from '../../support/feed/ris-message.js';
import { times } from '../../support/long.js';
import { suitePatienceMs } from '../../support/in-time.js';

const messages = times(25_000, 400_000);
const records = times(20_000, 200_000);

/** Numbers from 0 to below `bound`, from a fixed seed (mulberry32). */
function createDice(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * bound);
  };
}

const numbers = [
  '0',
  '00',
  '01',
  '-1',
  '1e3',
  '1.5',
  '4294967295',
  '4294967296',
  '99999999999999999999',
  '1E400',
  '007',
  '-0',
  '1.0',
];
const tokens = [
  '"',
  '\\',
  '\\u0031',
  ',',
  ':',
  '{',
  '}',
  '[',
  ']',
  ' ',
  '\n',
  '\t',
  'null',
  'true',
  '""',
  '[]',
  '{}',
  '::',
  '/',
  '.',
  'é',
  '\0',
  '\x7f',
];

function mutated(seed: Buffer, other: Buffer, dice: (bound: number) => number): Buffer {
  const at = dice(seed.length + 1);
  const to = Math.min(seed.length, at + 1 + dice(20));
  const head = seed.subarray(0, at);
  switch (dice(9)) {
    case 0:
      return head; // truncated
    case 1: {
      const flipped = Buffer.from(seed);
      for (let flips = 1 + dice(3); flips > 0; flips--) flipped[dice(seed.length)] ^= 1 << dice(8);
      return flipped;
    }
    case 2: // spliced
      return Buffer.concat([head, other.subarray(dice(other.length))]);
    case 3: // a part twice
      return Buffer.concat([seed.subarray(0, to), seed.subarray(at)]);
    case 4: // a part lost
      return Buffer.concat([head, seed.subarray(to)]);
    case 5:
      return Buffer.concat([head, Buffer.from(tokens[dice(tokens.length)]), seed.subarray(at)]);
    case 6: {
      const replaced = Buffer.from(seed);
      if (at < seed.length) replaced[at] = 0x20 + dice(0x5f);
      return replaced;
    }
    default: {
      // Another number: what remains is most often still a message.
      const text = seed.toString('latin1');
      const digits = [...text.matchAll(/\d+/g)];
      const hit = digits.length > 0 ? digits[dice(digits.length)] : null;
      if (hit === null) return head;
      const stretched = [
        numbers[dice(numbers.length)],
        hit[0] + hit[0].slice(0, 1 + dice(3)),
        String(1 + dice(10 ** hit[0].length)),
      ][dice(3)];
      return Buffer.from(text.slice(0, hit.index) + stretched + text.slice(hit.index + hit[0].length), 'latin1');
    }
  }
}

function columns(batch: ElemBatch): unknown[] {
  const rows: unknown[] = [...batch.longPrefixes];
  for (let row = 0; row < batch.length; row++) {
    rows.push(batch.kind[row], batch.family[row], batch.peer[row], batch.at[row], batch.prefix[row], batch.origin[row]);
  }
  return rows;
}

test('RIS Live: the scanner and JSON.parse read every message alike', { timeout: suitePatienceMs }, () => {
  const session = { collector: 'rrc01', peer: '2001:db8::1', asn: 64496, at: 1_700_000_000_123 };
  const samples = readFileSync(new URL('../../fixtures/rislive/rislive-samples.jsonl', import.meta.url), 'utf8')
    .trimEnd()
    .split('\n');
  const today = [
    risUpdate({
      ...session,
      path: [64496, 3356, 65001],
      community: [
        [0, 1],
        [64496, 65535],
      ],
      announce: ['1.2.3.0/24', '9.0.0.0/8'],
      withdraw: ['2001:db8::/48'],
    }),
    risUpdate({
      ...session,
      peer: '192.0.2.7',
      path: [1, [2, 3]],
      announce: ['2a14:67c1:a112::/48', '2001:db8:1:2::/64'],
    }),
    risUpdate({ ...session, path: [], withdraw: ['2605:de00:bb:0:0:0:0:0/48', '10.0.0.0/9'] }).replaceAll('":', '": '),
  ];
  // Today's messages come more often, because the scanner reads them.
  const seeds = [...samples, ...Array.from({ length: 20 }, () => today).flat()].map((text) => Buffer.from(text));
  const dice = createDice(1);
  const peers = new PeerIndex();
  const decoder = createRisLiveDecoder(peers);
  const batch = new ElemBatch();
  const expectedPeers = new PeerIndex();
  const expectedBatch = new ElemBatch();
  const outcomes = { message: 0, problem: 0, other: 0 };
  for (let round = 0; round < messages; round++) {
    let frame: Buffer = seeds[dice(seeds.length)];
    for (let times = 1 + (dice(3) >> 1); times > 0; times--) frame = mutated(frame, seeds[dice(seeds.length)], dice);
    batch.clear();
    expectedBatch.clear();
    const outcome = decoder.decode(frame, batch);
    const expected = decodeRisLiveJson(frame, expectedPeers, expectedBatch);
    assert.deepEqual(outcome, expected, frame.toString('latin1'));
    if (batch.length > 0 || expectedBatch.length > 0)
      assert.deepEqual(columns(batch), columns(expectedBatch), frame.toString('latin1'));
    assert.equal(batch.length > 0, outcome.kind === 'message');
    outcomes[outcome.kind === 'message' || outcome.kind === 'problem' ? outcome.kind : 'other']++;
  }
  assert.equal(peers.size, expectedPeers.size);
  for (let index = 0; index < peers.size; index++) assert.deepEqual(peers.at(index), expectedPeers.at(index));
  const scanned = messages - decoder.counters.fallbacks;
  assert(
    outcomes.problem > messages / 4 && outcomes.message > messages / 10 && scanned > messages / 20,
    `the mutations are neither all fatal nor all harmless: ${JSON.stringify({ ...outcomes, scanned })}`,
  );
  assert.equal(decoder.counters.messages, outcomes.message);
});

test('MRT: a damaged record costs that record', { timeout: suitePatienceMs }, async () => {
  const names = [
    'bird-mrtdump_bgp',
    'bird6_bgp',
    'bird-mrtdump_rib',
    'bird6-mrtdump_rib',
    'openbgpd_bgp',
    'quagga_bgp',
    'quagga_rib',
  ];
  const ribs = ['openbgpd_rib_table', 'openbgpd_rib_table-mp', 'openbgpd_rib_table-v2'];
  const seeds: Buffer[] = [];
  for (const name of [...names, ...ribs]) {
    const file = await mrtFixture(`mrtparse__${name}`);
    for (let start = 0; start < file.length;) {
      const end = start + 12 + file.readUInt32BE(start + 8);
      seeds.push(file.subarray(start, end));
      start = end;
    }
  }
  const table = (await mrtFixture('mrtparse__quagga_rib')).subarray(0, 12 + 46);
  const sentinel = mrtStateChange(0, { address: '192.0.2.99', asn: 64999 }, 6, 1);
  const dice = createDice(2);
  const batch = new ElemBatch();
  const outcomes = { decoded: 0, problem: 0, skipped: 0 };
  for (let round = 0; round < records; round++) {
    const damaged = mutated(seeds[dice(seeds.length)], seeds[dice(seeds.length)], dice);
    const framed = dice(2) === 0;
    const record = framed && damaged.length >= 12 ? Buffer.from(damaged) : damaged;
    if (framed && record.length >= 12) record.writeUInt32BE(record.length - 12, 8);
    const peers = new PeerIndex();
    const decoder = createMrtDecoder(peers, 'rrc99');
    batch.clear();
    decoder.push(table, batch);
    const file = Buffer.concat([record, sentinel]);
    const cut = dice(file.length);
    decoder.push(file.subarray(0, cut), batch);
    decoder.push(file.subarray(cut), batch);
    decoder.end();
    const elems = elemsOf(batch, peers);
    if (framed && record.length >= 12) {
      const last = elems.at(-1);
      assert(last?.kind === 'peer-state' && last.peerAsn === 64999, `after ${record.toString('hex')}`);
      const problems = Object.values(decoder.counters.problems).reduce((sum, count) => sum + count);
      assert.equal(
        problems + decoder.counters.records + decoder.counters.skipped.size,
        3,
        'the table, the record and the one behind it',
      );
      if (problems > 0) assert.equal(elems.length, 1, 'a dropped record leaves nothing behind');
      outcomes[problems > 0 ? 'problem' : decoder.counters.skipped.size > 0 ? 'skipped' : 'decoded']++;
    }
  }
  assert(outcomes.decoded > 1000 && outcomes.problem > 1000 && outcomes.skipped > 100, JSON.stringify(outcomes));
});
