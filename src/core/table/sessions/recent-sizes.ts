import type { UnixMillis } from '../../bgp/index.js';

/** Ticks are 10 s apart. */
const sampleMs = 10_000;

/** The sizes of a table at the ticks of the last `spanMs`. */
export class RecentSizes {
  readonly #spanMs: number;
  readonly #at: Float64Array;
  readonly #sizes: Uint32Array;
  #next = 0;

  constructor(spanMs: number) {
    this.#spanMs = spanMs;
    const length = Math.ceil(spanMs / sampleMs) + 1;
    this.#at = new Float64Array(length).fill(-Infinity);
    this.#sizes = new Uint32Array(length);
  }

  record(at: UnixMillis, size: number): void {
    this.#at[this.#next] = at;
    this.#sizes[this.#next] = size;
    this.#next = (this.#next + 1) % this.#at.length;
  }

  /** The largest of those recorded; 0 where there is none. */
  largest(at: UnixMillis): number {
    let largest = 0;
    for (const [place, size] of this.#sizes.entries())
      if (size > largest && this.#at[place] >= at - this.#spanMs) largest = size;
    return largest;
  }
}
