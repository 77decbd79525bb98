/** Seeded choices. `random` gives numbers from 0 to below 1. */
export type Random = () => number;

export const below = (random: Random, limit: number): number => Math.floor(random() * limit);
export const between = (random: Random, from: number, to: number): number => from + random() * (to - from);
export const oneOf = <T>(random: Random, all: readonly T[]): T => all[below(random, all.length)];

/** `count` different elements. */
export function someOf<T>(random: Random, all: readonly T[], count: number): T[] {
  const left = [...all];
  return Array.from({ length: Math.min(count, left.length) }, () => left.splice(below(random, left.length), 1)[0]);
}
