/** The time of Discord's first id (documentation: Reference, Snowflakes). */
const epochMs = 1_420_070_400_000;
/** The 22 low bits hold worker, process and a counter. */
const counterBits = 22n;

/** The smallest id of this millisecond: `after=` takes it to ask by time. */
export function snowflakeAt(ms: number): string {
  return String(BigInt(Math.max(0, Math.floor(ms - epochMs))) << counterBits);
}

/** The Unix milliseconds at which the id was given out. */
export function snowflakeTime(id: string): number {
  return Number(BigInt(id) >> counterBits) + epochMs;
}

/** Orders ids by time, as Discord does. Ids have no fixed length. */
export function compareIds(a: string, b: string): number {
  const difference = BigInt(a) - BigInt(b);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

/** Gives out ids by the clock's time. Each is larger than the last, even if the clock stands still or goes back. */
export class Snowflakes {
  #last = 0n;

  constructor(readonly now: () => number) {}

  next(): string {
    const base = BigInt(snowflakeAt(this.now()));
    this.#last = base > this.#last ? base : this.#last + 1n;
    return String(this.#last);
  }
}
