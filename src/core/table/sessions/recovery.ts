/** When a table that was not whole is so again. */
import type { UnixMillis } from '../../bgp/index.js';
import { minuteMs } from '../../time.js';
import type { TableSettings } from '../settings.js';

/** Table sizes by family. */
export type Sizes = readonly [number, number];

export const bothFamilies: readonly [0, 1] = [0, 1];

/** How far a table that is sent again has come. */
export interface Progress {
  /** When this was measured. */
  readonly at: UnixMillis;
  /** How many prefixes were seen again by then ... */
  readonly seen: Sizes;
  /** ... of how many that can be expected. */
  readonly of: Sizes;
}

/** How long a table has kept its size. */
export interface Steadiness {
  /** Since when the sizes of its table lie between `least` and `most`. */
  readonly steadySince: UnixMillis;
  readonly least: Sizes;
  readonly most: Sizes;
}

export const noProgress = (at: UnixMillis): Progress => ({ at, seen: [0, 0], of: [0, 0] });

/** Transfers come in bursts: near the end of a warming what came in a whole minute counts. */
const lookBackMs = minuteMs;

/**
 * Whether a table that is sent again is there, in each family: all of it, or enough of it with no more to come. All
 * peers send in the same order, so near the end all lack the same prefixes: then wait. A transfer that is slower than
 * `warmingMostMs` allows counts as ended.
 */
export function isBack(before: Progress, { at, seen, of }: Progress, settings: TableSettings): boolean {
  return bothFamilies.every((family) => {
    if (seen[family] >= of[family]) return true;
    const moves = seen[family] - before.seen[family] >= (of[family] * (at - before.at)) / settings.warmingMostMs;
    return seen[family] >= settings.warmingShare * of[family] && !moves;
  });
}

/**
 * Whether to wait no longer for the rest of the table. In a storm of resets all tables lack the same prefixes as long
 * as they are sent: to take the rest for withdrawn while one still comes would make an outage that is not there.
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

/** What the next progress is to be compared with. */
export function progressToKeep(since: UnixMillis, before: Progress, now: Progress, settings: TableSettings): Progress {
  return now.at - since > settings.warmingMs - lookBackMs && now.at - before.at < lookBackMs ? before : now;
}

/** 0..1. */
export function shareOf({ seen, of }: Progress): number {
  const whole = of[0] + of[1];
  return whole === 0 ? 0 : (seen[0] + seen[1]) / whole;
}

/**
 * Follows a peer that withdrew too much at once, of a table of the sizes `of`. Its table is whole once enough of it is
 * back, or once its size has been steady for long enough.
 */
export function steadinessOf(
  before: Steadiness,
  at: UnixMillis,
  sizes: Sizes,
  of: Sizes,
  settings: TableSettings,
): Steadiness | 'whole' {
  if (bothFamilies.every((family) => sizes[family] >= settings.warmingShare * of[family])) return 'whole';
  const least: Sizes = [Math.min(sizes[0], before.least[0]), Math.min(sizes[1], before.least[1])];
  const most: Sizes = [Math.max(sizes[0], before.most[0]), Math.max(sizes[1], before.most[1])];
  if (bothFamilies.some((family) => most[family] - least[family] > settings.steadyShare * of[family]))
    return { steadySince: at, least: sizes, most: sizes };
  return at - before.steadySince >= settings.steadyMs ? 'whole' : { steadySince: before.steadySince, least, most };
}
