import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ElemBatch, ElemKind, PeerIndex } from '../../src/bgp/index.js';
import { SpliceBuffer } from '../../src/feed/splice-buffer.js';

const peers = new PeerIndex();
const peerOf = new Map(['rrc00', 'rrc01', 'rrc99'].map((collector) => [collector, peers.intern(collector, '192.0.2.1', 64_496)]));

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
  it('drops the oldest rows when it is full, and asks that collector\'s files to reach past them', () => {
    const buffer = new SpliceBuffer(peers, ['rrc00', 'rrc01'], 40_000);
    for (let at = 0; at < 20_000; at += 100) buffer.add(rows('rrc00', at, 100), () => assert.fail('nothing passes'));
    for (let at = 10_000; at < 30_000; at += 100) buffer.add(rows('rrc01', at, 100), () => assert.fail('nothing passes'));
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
    const buffer = new SpliceBuffer(peers, ['rrc00'], 1000);
    const batch = new ElemBatch();
    batch.longPrefixes.push('2001:db8::1/128');
    batch.push(ElemKind.announcement, 1, peerOf.get('rrc00')!, 5, -1, 64_511);
    buffer.add(rows('rrc00', 1, 3), () => assert.fail('nothing passes'));
    buffer.add(batch, () => assert.fail('nothing passes'));
    const texts: string[] = [];
    buffer.join('rrc00', 4, (joined) => texts.push(joined.longPrefixes[-1 - joined.prefix[0]]));
    assert.deepEqual(texts, ['2001:db8::1/128']);
  });

  it('passes the rows of a collector that is through, keeps those of the others, and forgets those nobody asked for', () => {
    const buffer = new SpliceBuffer(peers, ['rrc00', 'rrc01'], 1000);
    buffer.join('rrc00', 0, () => assert.fail('nothing is kept'));
    const mixed = rows('rrc00', 1, 2);
    for (const [collector, at] of [['rrc01', 3], ['rrc99', 4], ['rrc00', 5]] as const) mixed.append(rows(collector, at, 1));
    assert.deepEqual(timesOf((pass) => buffer.add(mixed, pass)), [1, 2, 5]);
    assert.equal(buffer.rows, 1);
    assert.deepEqual(timesOf((pass) => buffer.add(rows('rrc00', 6, 3), pass)), [6, 7, 8]);
    buffer.hold('rrc00');
    buffer.add(rows('rrc00', 9, 2), () => assert.fail('nothing passes after a break'));
    assert.equal(buffer.rows, 3);
    buffer.drop('rrc00');
    assert.equal(buffer.rows, 1);
  });
});
