import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ElemBatch, ElemKind, PeerIndex } from '../../../src/core/bgp/index.js';
import { EventTime } from '../../../src/core/bgp/index.js';

type Said = [collector: string, second: number | 'lost' | 'rejoined', now: number | null];
/**
 * Name -> number of collectors, and per step which collectors send which second, and the event time after it; null:
 * none yet.
 */
const stories: Record<string, [collectors: number, said: Said[]]> = {
  "the second-newest of the collectors' last": [
    3,
    [
      ['a', 10, null],
      ['b', 12, 10],
      ['c', 11, 11],
      ['a', 20, 12],
      ['b', 30, 20],
    ],
  ],
  'one clock far ahead, and the first to speak': [
    3,
    [
      ['a', 86_400, null],
      ['b', 10, 10],
      ['c', 11, 11],
      ['b', 20, 20],
      ['a', 86_410, 20],
    ],
  ],
  'one clock far behind': [
    3,
    [
      ['a', 0, null],
      ['b', 1_000, 0],
      ['c', 1_010, 1_000],
      ['a', 1, 1_000],
      ['b', 1_020, 1_010],
    ],
  ],
  'it does not go back': [
    2,
    [
      ['a', 20, null],
      ['b', 20, 20],
      ['a', 10, 20],
      ['b', 15, 20],
    ],
  ],
  'where one was chosen it is its own': [
    1,
    [
      ['a', 10, 10],
      ['a', 20, 20],
      ['a', 15, 20],
    ],
  ],
  'the only one heard of several is not believed': [
    2,
    [
      ['a', 10, null],
      ['a', 20, null],
      ['b', 15, 15],
    ],
  ],
  'one in a gap does not count, and does again when it is back': [
    3,
    [
      ['a', 10, null],
      ['b', 10, 10],
      ['c', 10, 10],
      ['c', 'lost', 10],
      ['a', 20, 10],
      ['b', 30, 20],
      ['c', 90, 20],
      ['c', 'rejoined', 20],
      ['b', 40, 40],
    ],
  ],
  'its files, read in its gap, move nothing': [
    3,
    [
      ['a', 10, null],
      ['b', 10, 10],
      ['c', 'lost', 10],
      ['c', 20, 10],
      ['c', 30, 10],
      ['a', 20, 10],
    ],
  ],
  'with one left of several it stands still': [
    2,
    [
      ['a', 10, null],
      ['b', 10, 10],
      ['b', 'lost', 10],
      ['a', 20, 10],
      ['a', 30, 10],
      ['b', 'rejoined', 10],
      ['b', 25, 25],
    ],
  ],
  'so it does where the only one is in a gap': [
    1,
    [
      ['a', 10, 10],
      ['a', 'lost', 10],
      ['a', 20, 10],
      ['a', 'rejoined', 10],
      ['a', 21, 21],
    ],
  ],
};

test('event time', async (t) => {
  for (const [wrong, [collectors, said]] of Object.entries(stories)) {
    await t.test(wrong, () => {
      const peers = new PeerIndex();
      const time = new EventTime(peers, collectors);
      for (const [collector, second, now] of said) {
        if (second === 'lost') time.lose(collector);
        if (second === 'rejoined') time.rejoin(collector);
        if (typeof second !== 'number') {
          assert.equal(time.now, now ?? -Infinity, `${collector} ${second}`);
          continue;
        }
        const batch = new ElemBatch();
        batch.push(ElemKind.idle, 0, peers.intern(collector, '192.0.2.1', 64_500), second, 0, 0);
        assert.equal(time.observe(batch), now ?? -Infinity, `${collector} at ${second}`);
      }
    });
  }
});
