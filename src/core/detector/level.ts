/** How much of a country is gone, from nothing worth a word to everything. */
export type Level = 'normal' | 'degraded' | 'major' | 'down';
/** A level that is not normal. */
export type Trouble = Exclude<Level, 'normal'>;
/**
 * Which column of rules a country is judged by: tiny has at most 16 units (North Korea has 4 /24s) and knows no major.
 */
export type Size = 'tiny' | 'ordinary';

const ranks: Readonly<Record<Level, number>> = { normal: 0, degraded: 1, major: 2, down: 3 };

/** 0 for normal to 3 for down. */
export function levelRank(level: Level): number {
  return ranks[level];
}

/** Where one tick may lead from each level: levels are passed over both ways, but a tiny country is never at major. */
export const legalMoves: Readonly<Record<Size, Readonly<Record<Level, readonly Level[]>>>> = {
  tiny: { normal: ['degraded', 'down'], degraded: ['normal', 'down'], major: [], down: ['degraded', 'normal'] },
  ordinary: {
    normal: ['degraded', 'major', 'down'],
    degraded: ['normal', 'major', 'down'],
    major: ['degraded', 'normal', 'down'],
    down: ['major', 'degraded', 'normal'],
  },
};
