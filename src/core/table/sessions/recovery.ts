/** When a table that was not whole is so again. */
import type { UnixMillis } from '../../bgp/index.js';
import { bothFamilies, type Dumped, type Sizes } from './peer-status.js';
import type { TableSettings } from '../settings.js';

/** How far a table that is sent again has come. */
export interface Progress {
  /** When it was last looked at, and what was seen of it then. */
  readonly at: UnixMillis;
  readonly seen: Sizes;
  /** What it had, as far as it can be expected again. */
  readonly of: Sizes;
}

export const noProgress = (at: UnixMillis): Progress => ({ at, seen: [0, 0], of: [0, 0] });

/** Transfers come in bursts: near the end of a warming what came in a whole minute counts. */
const lookBackMs = 60_000;

/**
 * Whether a table that is sent again is there, in each family: all of it, or enough of it with no more to come. A
 * transfer that is in its last twentieth still owes the same prefixes as all others; one that would last longer than
 * any warming may is none.
 */
export function isBack(before: Progress, { at, seen, of }: Progress, settings: TableSettings): boolean {
  return bothFamilies.every((family) => {
    if (seen[family] >= of[family]) return true;
    const moves = seen[family] - before.seen[family] >= (of[family] * (at - before.at)) / settings.warmingMostMs;
    return seen[family] >= settings.warmingShare * of[family] && !moves;
  });
}

/**
 * Whether no more of the table is waited for. In a storm of resets all tables lack the same prefixes as long as they
 * are sent: while one still comes, taking the rest for gone would be an outage of our own making.
 */
export function isOverdue(
  since: UnixMillis,
  before: Progress,
  { at, seen, of }: Progress,
  settings: TableSettings,
): boolean {
  if (at - since < settings.warmingMs) return false;
  if (at - since >= settings.warmingMostMs) return true;
  const waited = at - before.at;
  return (
    waited >= lookBackMs &&
    bothFamilies.every((family) => seen[family] - before.seen[family] <= (of[family] * waited) / settings.warmingMostMs)
  );
}

/** What the next look is to be compared with. */
export function progressToKeep(since: UnixMillis, before: Progress, now: Progress, settings: TableSettings): Progress {
  return now.at - since > settings.warmingMs - lookBackMs && now.at - before.at < lookBackMs ? before : now;
}

export function shareOf({ seen, of }: Progress): number {
  const whole = of[0] + of[1];
  return whole === 0 ? 0 : (seen[0] + seen[1]) / whole;
}

/**
 * The next state of a peer that withdrew too much at once, of a table of size `of`; 'back' and 'steady': its table is
 * whole.
 */
export function afterDump(
  state: Dumped,
  at: UnixMillis,
  sizes: Sizes,
  of: Sizes,
  settings: TableSettings,
): Dumped | 'back' | 'steady' {
  if (bothFamilies.every((family) => sizes[family] >= settings.warmingShare * of[family])) return 'back';
  const least: Sizes = [Math.min(sizes[0], state.least[0]), Math.min(sizes[1], state.least[1])];
  const most: Sizes = [Math.max(sizes[0], state.most[0]), Math.max(sizes[1], state.most[1])];
  if (bothFamilies.some((family) => most[family] - least[family] > settings.steadyShare * of[family])) {
    return { ...state, steadySince: at, least: sizes, most: sizes };
  }
  return at - state.steadySince >= settings.steadyMs ? 'steady' : { ...state, least, most };
}
