import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ElemBatch, ElemKind, PeerIndex } from '../../../../src/core/bgp/index.js';
import { SpliceBuffer } from '../../../../src/edges/feed/intake/splice-buffer.js';

const peers = new PeerIndex();
const peerOf = new Map(
  ['rrc00', 'rrc01', 'rrc99'].map((collector) => [collector, peers.intern(collector, '192.0.2.1', 64_496)]),
);

function rows(collector: string, from: number, count: number): ElemBatch {
  const batch = new ElemBatch();
  for (let at = from; at < from + count; at++) batch.push(ElemKind.idle, 0, peerOf.get(collector)!, at, 0, 0);
  return batch;
}

function timesOf(give: (pass: (batch: ElemBatch) => void) => unknown): number[] {
  const times: number[] = [];
  give((batch) => times.push(...batch.at.subarray(0, batch.length)));
  return times;
}

describe('splice buffer', () => {
  it("drops the oldest rows when it is full, and asks that collector's files to reach past them", () => {
    const buffer = new SpliceBuffer(peers, ['rrc00', 'rrc01'], 40_000, () => Infinity);
    for (let at = 0; at < 20_000; at += 100) buffer.add(rows('rrc00', at, 100), () => assert.fail('nothing passes'));
    for (let at = 10_000; at < 30_000; at += 100)
      buffer.add(rows('rrc01', at, 100), () => assert.fail('nothing passes'));
    assert.deepEqual([buffer.lostTo('rrc00'), buffer.lostTo('rrc01')], [-Infinity, -Infinity]);
    const shortened = buffer.add(rows('rrc01', 30_000, 1), () => assert.fail('nothing passes'));
    assert.deepEqual([...shortened], ['rrc00']);
    assert.ok(buffer.rows <= 40_000);
    assert.equal(buffer.lostTo('rrc01'), -Infinity);
    const from = buffer.lostTo('rrc00');
    assert.ok(from > 10_000 && from < 20_000);
    const times = timesOf((pass) => buffer.join('rrc00', from + 1, pass));
    assert.deepEqual([times.at(0), times.length], [from + 1, 20_000 - from - 1], 'everything after `from` is there');
  });

  it('gives a prefix too long for a code its text back', () => {
    const buffer = new SpliceBuffer(peers, ['rrc00'], 1000, () => Infinity);
    const batch = new ElemBatch();
    batch.longPrefixes.push('2001:db8::1/128');
    batch.push(ElemKind.announcement, 1, peerOf.get('rrc00')!, 5, -1, 64_511);
    buffer.add(rows('rrc00', 1, 3), () => assert.fail('nothing passes'));
    buffer.add(batch, () => assert.fail('nothing passes'));
    const texts: string[] = [];
    buffer.join('rrc00', 4, (joined) => texts.push(joined.longPrefixes[-1 - joined.prefix[0]]));
    assert.deepEqual(texts, ['2001:db8::1/128']);
  });

  it(
    'passes the rows of a collector that is through, keeps those of the others, and forgets those nobody ' +
      'asked for',
    () => {
      const buffer = new SpliceBuffer(peers, ['rrc00', 'rrc01'], 1000, () => Infinity);
      buffer.join('rrc00', 0, () => assert.fail('nothing is kept'));
      const mixed = rows('rrc00', 1, 2);
      for (const [collector, at] of [
        ['rrc01', 3],
        ['rrc99', 4],
        ['rrc00', 5],
      ] as const)
        mixed.append(rows(collector, at, 1));
      assert.deepEqual(
        timesOf((pass) => buffer.add(mixed, pass)),
        [1, 2, 5],
      );
      assert.equal(buffer.rows, 1);
      assert.deepEqual(
        timesOf((pass) => buffer.add(rows('rrc00', 6, 3), pass)),
        [6, 7, 8],
      );
      buffer.hold('rrc00');
      buffer.add(rows('rrc00', 9, 2), () => assert.fail('nothing passes after a break'));
      assert.equal(buffer.rows, 3);
      buffer.drop('rrc00');
      assert.equal(buffer.rows, 1);
    },
  );

  it('a row with a wrong time neither releases rows nor asks for files', () => {
    const buffer = new SpliceBuffer(peers, ['rrc00'], 20_000, () => 16_400);
    const keep = (from: number, count: number): void =>
      void buffer.add(rows('rrc00', from, count), () => assert.fail('nothing passes'));
    keep(0, 16_383);
    keep(-1_000_000, 1);
    keep(16_384, 1);
    buffer.trim('rrc00', 8_000);
    assert.equal(buffer.rows, 16_385, 'half of the first segment is wanted still');
    keep(9_000_000, 1);
    keep(16_385, 16_382);
    assert.equal(buffer.lostTo('rrc00'), 16_382);
    keep(32_768, 20_000);
    assert.equal(buffer.lostTo('rrc00'), 16_400, 'and no further');
  });
});
