/** Measures in interleaved rounds: if the machine is slow for a while, it is slow for every contestant. */

export interface Contestant {
  readonly name: string;
  /** Not timed. */
  readonly before?: () => void | Promise<void>;
  /** Returns the milliseconds that it took, measured by itself. */
  readonly run: () => number | Promise<number>;
}

/** By name, the median milliseconds of each contestant. The first round warms up and does not count. */
export async function interleaved(
  rounds: number,
  contestants: readonly Contestant[],
): Promise<ReadonlyMap<string, number>> {
  const times = new Map(contestants.map(({ name }) => [name, [] as number[]]));
  for (let round = 0; round <= rounds; round++) {
    // Each contestant follows each of the others equally often, so that none profits from what another left in the
    // caches.
    const turn = round % contestants.length;
    for (const { name, before, run } of [...contestants.slice(turn), ...contestants.slice(0, turn)]) {
      await before?.();
      const ms = await run();
      if (round > 0) times.get(name)!.push(ms);
    }
  }
  return new Map([...times].map(([name, list]) => [name, quantile(list, 0.5)]));
}

export function timed(fn: () => void): number {
  const start = performance.now();
  fn();
  return performance.now() - start;
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}
