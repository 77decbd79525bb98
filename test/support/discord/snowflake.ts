/** Discord's first millisecond (its documentation, Reference, Snowflakes). */
const epochMs = 1_420_070_400_000;
/** Below the milliseconds: worker, process and a counter, 22 bits in all. */
const counterBits = 22n;

/** The smallest id of this millisecond: what `after=` takes to ask by time. */
export function snowflakeAt(ms: number): string {
  return String(BigInt(Math.max(0, Math.floor(ms - epochMs))) << counterBits);
}

/** Unix milliseconds at which the id was given out. */
export function snowflakeTime(id: string): number {
  return Number(BigInt(id) >> counterBits) + epochMs;
}

/** By time, as Discord sorts; ids have no fixed length. */
export function compareIds(a: string, b: string): number {
  const difference = BigInt(a) - BigInt(b);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

/** Gives out ids of the clock's time, each larger than the last even where the clock stands still or goes back. */
export class Snowflakes {
  #last = 0n;

  constructor(readonly now: () => number) {}

  next(): string {
    const base = BigInt(snowflakeAt(this.now()));
    this.#last = base > this.#last ? base : this.#last + 1n;
    return String(this.#last);
  }
}
