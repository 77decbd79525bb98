import type { PeerColumn } from './peer-column.js';
import type { Thresholds } from './without.js';

interface Entry {
  /** How many of the voters that stayed saw the prefix when the others left. */
  readonly count: number;
  /** The voters that left and held the verdict: they saw a prefix that is up, or did not see one that is down. */
  readonly by: readonly number[];
}

/** Voters that have just left, and what held while they voted. */
export interface Leavers {
  readonly columns: readonly (readonly [peer: number, column: PeerColumn])[];
  /** The thresholds when they are counted too. */
  readonly thresholds: Thresholds;
  /** How many voters saw each prefix before the first of them left. */
  readonly before: Uint16Array;
}

/**
 * Prefixes whose verdict is held by voters that are in a gap. A prefix goes down only because peers withdrew it, never
 * because we stopped hearing peers: otherwise a country that part of the world does not see would go dark whenever we
 * lose a collector, or when a collector comes back later than the others. Nor does a prefix come up because voters left
 * that did not see it.
 */
export class AbsenteeVotes {
  readonly #entries = new Map<number, Entry>();
  #absent: ReadonlySet<number> = new Set();

  /**
   * `absent`: the voters that are in a gap now. Returns those that have just left. A prefix is released once none of the
   * voters that held it is still in a gap; `released` says whether any was.
   */
  follow(absent: ReadonlySet<number>): { readonly left: readonly number[]; readonly released: boolean } {
    const left = [...absent].filter((peer) => !this.#absent.has(peer));
    this.#absent = new Set(absent);
    const before = this.#entries.size;
    for (const [id, { by }] of this.#entries) if (!by.some((peer) => absent.has(peer))) this.#entries.delete(id);
    return { left, released: this.#entries.size < before };
  }

  /** Whether a prefix that `count` voters still see, one less than before, stays up: half of those that stayed see it. */
  keepsUp(id: number, count: number): boolean {
    const entry = this.#entries.get(id);
    if (entry === undefined) return false;
    if (count * 2 >= entry.count) return true;
    this.#entries.delete(id);
    return false;
  }

  /** The prefix has another verdict now. */
  release(id: number): void {
    this.#entries.delete(id);
  }

  /** Of the prefixes `ids`, which are down although enough voters see them, those that come up. */
  risen(ids: readonly number[], counts: Uint16Array, { columns, thresholds, before }: Leavers): number[] {
    return ids.filter((id) => {
      const entry = this.#entries.get(id);
      if (entry !== undefined) return counts[id] > entry.count;
      const by = columns.flatMap(([peer, column]) => (column.has(id) ? [] : [peer]));
      const saw = columns.length - by.length;
      if (counts[id] + saw >= thresholds.upFrom) return true;
      // Voters that stayed have announced it since.
      if (id >= before.length || counts[id] > before[id] - saw) return true;
      this.#entries.set(id, { count: counts[id], by });
      return false;
    });
  }

  /** Of the prefixes `ids`, which are up although too few voters see them, those that go down. */
  fallen(ids: readonly number[], counts: Uint16Array, { columns, thresholds, before }: Leavers): number[] {
    return ids.filter((id) => {
      if (this.#entries.has(id)) return false;
      const by = columns.flatMap(([peer, column]) => (column.has(id) ? [peer] : []));
      if (by.length === 0 || counts[id] + by.length < thresholds.downBelow) return true;
      // Voters that stayed have withdrawn it since.
      if (id >= before.length || counts[id] * 2 < before[id] - by.length) return true;
      this.#entries.set(id, { count: counts[id], by });
      return false;
    });
  }
}
