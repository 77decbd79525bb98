export interface BackOffOptions {
  readonly firstMs: number;
  readonly mostMs: number;
  /** 0..1. */
  readonly random: () => number;
}

/** Wait in ms after the nth failure in a row (from 1). */
export type BackOff = (failures: number) => number;

/** Doubles from firstMs to mostMs; the upper half is chance, so that many clients do not return at once. */
export function backOff({ firstMs, mostMs, random }: BackOffOptions): BackOff {
  return (failures) => Math.min(mostMs, firstMs * 2 ** (failures - 1)) * (0.5 + random() / 2);
}
