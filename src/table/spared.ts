import type { PeerColumn } from './peer-column.js';

interface Entry {
  /** How many of those who stayed saw it when the others left. */
  readonly count: number;
  /** Who left, and saw it. */
  readonly by: readonly number[];
}

/** Voters that have just left, and what it takes with them. */
export interface Leavers {
  readonly columns: ReadonlyMap<number, PeerColumn>;
  /** Below how many a prefix is down where they are counted too. */
  readonly downBelow: number;
}

/**
 * Prefixes that are up though too few of the voters see them: those who made them enough are in a gap, and said nothing else. A verdict
 * falls by a word, not by our silence, or a country that a part of the world does not see would be dark whenever we lose a collector.
 */
export class Spared {
  readonly #entries = new Map<number, Entry>();
  #absent: ReadonlySet<number> = new Set();
  /** Withdrawn, since the last look, by a voter that stayed. */
  readonly #spoken = new Set<number>();

  /**
   * The voters that are in a gap now: who has just left. Prefixes of which nobody is left who saw them and is still away are spared no
   * longer; `released` says whether there were any.
   */
  follow(absent: ReadonlySet<number>): { readonly left: readonly number[]; readonly released: boolean } {
    const left = [...absent].filter((peer) => !this.#absent.has(peer));
    this.#absent = new Set(absent);
    const before = this.#entries.size;
    for (const [id, { by }] of this.#entries) if (!by.some((peer) => absent.has(peer))) this.#entries.delete(id);
    return { left, released: this.#entries.size < before };
  }

  /** A voter withdrew it while verdicts stood still. */
  speak(id: number): void {
    this.#spoken.add(id);
  }

  /** What was said up to here is known. */
  listen(): void {
    this.#spoken.clear();
  }

  /** Whether a prefix that `count` voters still see, one less than before, stays up: at least half of those who stayed do. */
  outlasts(id: number, count: number): boolean {
    const entry = this.#entries.get(id);
    if (entry === undefined) return false;
    if (count * 2 >= entry.count) return true;
    this.#entries.delete(id);
    return false;
  }

  /** Of prefixes that too few voters see, those that fall; the others are spared. */
  fallen(low: readonly number[], counts: Uint16Array, { columns, downBelow }: Leavers): number[] {
    return low.filter((id) => {
      if (this.#entries.has(id)) return false;
      const by = [...columns].flatMap(([peer, column]) => (column.has(id) ? [peer] : []));
      if (by.length === 0 || counts[id] + by.length < downBelow || this.#spoken.has(id)) return true;
      this.#entries.set(id, { count: counts[id], by });
      return false;
    });
  }
}
