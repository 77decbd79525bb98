/** Measuring in interleaved rounds, so that a machine that is slow for a while is slow for everyone. */

export interface Contestant {
  readonly name: string;
  /** Not timed. */
  readonly before?: () => void | Promise<void>;
  /** Milliseconds that it took, by its own watch. */
  readonly run: () => number | Promise<number>;
}

/** Median milliseconds of each contestant, by its name. The first round warms up and does not count. */
export async function interleaved(
  rounds: number,
  contestants: readonly Contestant[],
): Promise<ReadonlyMap<string, number>> {
  const times = new Map(contestants.map(({ name }) => [name, [] as number[]]));
  for (let round = 0; round <= rounds; round++) {
    // Each comes after each of the others as often: what one leaves in the caches is nobody's advantage.
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
