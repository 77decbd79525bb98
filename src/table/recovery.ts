/** When a table that was not whole is so again. */
import type { UnixMillis } from '../bgp/index.js';
import { bothFamilies, type Dumped, type Sizes } from './peer-status.js';
import type { TableSettings } from './settings.js';

/** How far a table that is sent again has come. */
export interface Progress {
  /** When it was last looked at, and what was seen of it then. */
  readonly at: UnixMillis;
  readonly seen: Sizes;
  /** What it had, as far as it can be expected again. */
  readonly of: Sizes;
}

export const noProgress = (at: UnixMillis): Progress => ({ at, seen: [0, 0], of: [0, 0] });

/**
 * Whether a table that is sent again is there, in each family: all of it, or enough of it with no more to come. A transfer that
 * is in its last twentieth still owes the same prefixes as all others; slower than the longest warming allows, it is none.
 */
export function isBack(before: Progress, { at, seen, of }: Progress, settings: TableSettings): boolean {
  return bothFamilies.every((family) => {
    if (seen[family] >= of[family]) return true;
    const moves = seen[family] - before.seen[family] >= (of[family] * (at - before.at)) / settings.warmingMs;
    return seen[family] >= settings.warmingShare * of[family] && !moves;
  });
}

export function shareOf({ seen, of }: Progress): number {
  const whole = of[0] + of[1];
  return whole === 0 ? 0 : (seen[0] + seen[1]) / whole;
}

/** The next state of a peer that withdrew too much at once, of a table of size `of`; 'back' and 'steady': its table is whole. */
export function afterDump(state: Dumped, at: UnixMillis, sizes: Sizes, of: Sizes, settings: TableSettings): Dumped | 'back' | 'steady' {
  if (bothFamilies.every((family) => sizes[family] >= settings.warmingShare * of[family])) return 'back';
  const least: Sizes = [Math.min(sizes[0], state.least[0]), Math.min(sizes[1], state.least[1])];
  const most: Sizes = [Math.max(sizes[0], state.most[0]), Math.max(sizes[1], state.most[1])];
  if (bothFamilies.some((family) => most[family] - least[family] > settings.steadyShare * of[family])) {
    return { ...state, steadySince: at, least: sizes, most: sizes };
  }
  return at - state.steadySince >= settings.steadyMs ? 'steady' : { ...state, least, most };
}
