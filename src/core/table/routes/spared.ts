import type { PeerColumn } from './peer-column.js';
import type { Thresholds } from './without.js';

interface Entry {
  /** How many of those who stayed saw it when the others left. */
  readonly count: number;
  /** Who left, and kept it where it was: they saw what is up, and did not see what is down. */
  readonly by: readonly number[];
}

/** Voters that have just left, and what there was with them. */
export interface Leavers {
  readonly columns: readonly (readonly [peer: number, column: PeerColumn])[];
  /** From how many on a prefix is up, and below how many it is down, where they are counted too. */
  readonly thresholds: Thresholds;
  /** How many saw each prefix before the first of them left. */
  readonly before: Uint16Array;
}

/**
 * Prefixes that are up though too few of the voters see them: the others who made them enough are in a gap, and said
 * nothing else. A verdict falls by a word, not by our silence, or a country that a part of the world does not see would
 * be dark whenever we lose a collector, or when it comes back later than the others. Nor does it rise by our silence:
 * what is down stays down where too many see it only since others left.
 */
export class Spared {
  readonly #entries = new Map<number, Entry>();
  #absent: ReadonlySet<number> = new Set();

  /**
   * The voters that are in a gap now: who has just left. Prefixes of which nobody is left who saw them and is still
   * away are spared no longer; `released` says whether there were any.
   */
  follow(absent: ReadonlySet<number>): { readonly left: readonly number[]; readonly released: boolean } {
    const left = [...absent].filter((peer) => !this.#absent.has(peer));
    this.#absent = new Set(absent);
    const before = this.#entries.size;
    for (const [id, { by }] of this.#entries) if (!by.some((peer) => absent.has(peer))) this.#entries.delete(id);
    return { left, released: this.#entries.size < before };
  }

  /**
   * Whether a prefix that `count` voters still see, one less than before, stays up: at least half of those who stayed
   * do.
   */
  outlasts(id: number, count: number): boolean {
    const entry = this.#entries.get(id);
    if (entry === undefined) return false;
    if (count * 2 >= entry.count) return true;
    this.#entries.delete(id);
    return false;
  }

  /** Its verdict is another. */
  forget(id: number): void {
    this.#entries.delete(id);
  }

  /** Of prefixes that are down and that enough voters see, those that rise. */
  risen(high: readonly number[], counts: Uint16Array, { columns, thresholds, before }: Leavers): number[] {
    return high.filter((id) => {
      const entry = this.#entries.get(id);
      if (entry !== undefined) return counts[id] > entry.count;
      const by = columns.flatMap(([peer, column]) => (column.has(id) ? [] : [peer]));
      const saw = columns.length - by.length;
      if (counts[id] + saw >= thresholds.upFrom) return true;
      // Those who are here have said so since.
      if (id >= before.length || counts[id] > before[id] - saw) return true;
      this.#entries.set(id, { count: counts[id], by });
      return false;
    });
  }

  /** Of prefixes that are up and that too few voters see, those that fall. */
  fallen(low: readonly number[], counts: Uint16Array, { columns, thresholds, before }: Leavers): number[] {
    return low.filter((id) => {
      if (this.#entries.has(id)) return false;
      const by = columns.flatMap(([peer, column]) => (column.has(id) ? [peer] : []));
      if (by.length === 0 || counts[id] + by.length < thresholds.downBelow) return true;
      // Those who are here have said so since.
      if (id >= before.length || counts[id] * 2 < before[id] - by.length) return true;
      this.#entries.set(id, { count: counts[id], by });
      return false;
    });
  }
}
