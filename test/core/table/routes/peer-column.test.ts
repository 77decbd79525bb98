/** A peer's table compared with a Set of the same ids, from few ids to many. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { IdNotes } from '../../../../src/core/table/routes/id-notes.js';
import { PeerColumn } from '../../../../src/core/table/routes/peer-column.js';

/** Adds random ids below `among`, which grows as the table does; every fourth step removes one. */
function filled(steps: readonly number[], among: number): { column: PeerColumn; ids: Set<number> } {
  const column = new PeerColumn();
  const ids = new Set<number>();
  for (const [index, step] of steps.entries()) {
    const known = Math.ceil((among * (index + 1)) / steps.length);
    const id = step % known;
    if (index % 4 === 3) assert.equal(column.delete(id), ids.delete(id), `delete ${id}`);
    else {
      assert.equal(column.add(id, known), !ids.has(id), `add ${id}`);
      ids.add(id);
    }
    assert.equal(column.size, ids.size);
  }
  return { column, ids };
}

const steps = fc.array(fc.nat(), { minLength: 1, maxLength: 2_000, size: 'max' });
const among = fc.constantFrom(300, 4_000, 60_000);

test('knows and counts the ids that were added and not removed', () => {
  fc.assert(
    fc.property(steps, among, (moves, all) => {
      const { column, ids } = filled(moves, all);
      const counts = new Uint16Array(all);
      column.addTo(counts, 1);
      for (let id = 0; id < all; id++) {
        assert.equal(column.has(id), ids.has(id), `has ${id}`);
        assert.equal(counts[id], ids.has(id) ? 1 : 0, `count of ${id}`);
      }
    }),
    { numRuns: 40, seed: 20141222 },
  );
});

test('counts the ids that it shares with a given list, short or long, and keeps only those', () => {
  fc.assert(
    fc.property(steps, steps, among, (moves, others, all) => {
      const { column, ids } = filled(moves, all);
      const notes = new IdNotes();
      const noted = new Set(others.map((id) => id % all));
      for (const id of others) notes.add(id % all, all);
      const both = [...ids].filter((id) => noted.has(id));
      const bits = notes.asBits(all);
      assert.equal(column.sharedWith(bits), both.length);
      column.retain(bits);
      assert.equal(column.size, both.length);
      for (const id of ids) assert.equal(column.has(id), noted.has(id), `id ${id}`);
    }),
    { numRuns: 40, seed: 20141222 },
  );
});

test(
  'notes know what was noted, whether asked in between or not, and take no more room than a bit for every ' + 'id',
  () => {
    fc.assert(
      fc.property(steps, among, (moves, all) => {
        const notes = new IdNotes();
        const noted = new Set<number>();
        for (const [index, step] of moves.entries()) {
          const known = Math.ceil((all * (index + 1)) / moves.length);
          notes.add(step % known, known);
          noted.add(step % known);
          if (index % 100 === 0) assert.ok(notes.has(step % known));
        }
        assert.ok(notes.atMost >= noted.size);
        for (let id = 0; id < all; id += 7) assert.equal(notes.has(id), noted.has(id), `id ${id}`);
        assert.ok(notes.octets <= Math.max(1_024, (all / 8) * 1.2 + 8), `${notes.octets} octets`);
        notes.clear();
        assert.equal(notes.has(moves[0] % all), false);
      }),
      { numRuns: 40, seed: 20141222 },
    );
  },
);

test('is restored from its copy, without ids that came later', () => {
  fc.assert(
    fc.property(steps, among, fc.nat(), (moves, all, some) => {
      const { column, ids } = filled(moves, all);
      const limit = some % (all + 1);
      const again = PeerColumn.of(column.copy(limit), limit);
      const left = [...ids].filter((id) => id < limit);
      assert.equal(again?.size, left.length);
      for (let id = 0; id < all; id++) assert.equal(again.has(id), id < limit && ids.has(id), `has ${id}`);
    }),
    { numRuns: 40, seed: 20141222 },
  );
});

test('is not restored from data with an unknown id, or with one twice', () => {
  const of = (form: 'steps' | 'bits', ...words: number[]): number | undefined =>
    PeerColumn.of({ form, words: Uint32Array.from(words) }, 40)?.size;
  assert.deepEqual([of('steps'), of('steps', 0), of('steps', 39), of('steps', 3, 36)], [0, 1, 1, 2]);
  assert.deepEqual([of('steps', 40), of('steps', 3, 0), of('steps', 3, 37)], [undefined, undefined, undefined]);
  assert.deepEqual([of('bits'), of('bits', 3), of('bits', 3, 128)], [0, 2, 3]);
  const dense = PeerColumn.of({ form: 'bits', words: Uint32Array.of(0xffffffff, 255) }, 40)!;
  assert.deepEqual(
    [dense.copy(33).words, dense.copy(32).words],
    [Uint32Array.of(0xffffffff, 1), Uint32Array.of(0xffffffff)],
  );
  assert.deepEqual([of('bits', 3, 256), of('bits', 0, 0, 0)], [undefined, undefined]);
});
