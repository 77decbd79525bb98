import { initialInstability, type InstabilityState } from './instability.js';
import type { Size, Trouble } from './level.js';
import type { Entered, Left } from './reason.js';
import type { Run, Spell } from './run.js';
import type { UnixMillis } from '../time.js';

/** One run per level that is not normal. */
export type LevelRuns = Readonly<Record<Trouble, Run | null>>;

/**
 * The way back to r >= 0.95 while an incident is open. Once its dwell is complete it is no longer written each tick,
 * and only a lapse ends it; `text` says the rule for people.
 */
export type Recovery =
  | { readonly kind: 'growing'; readonly run: Run }
  | { readonly kind: 'whole'; readonly spell: Spell; readonly text: string };

interface Watched {
  /** Settled while no incident is open. */
  readonly size: Size;
  /** Runs toward the levels above the present one. */
  readonly entering: LevelRuns;
  readonly recovery: Recovery | null;
  /** r at or below 0.02. */
  readonly dark: Spell | null;
  readonly instability: InstabilityState;
}

export interface NormalState extends Watched {
  readonly level: 'normal';
  /** Since when; null if it never was anything else. */
  readonly since: UnixMillis | null;
  /** r below 0.95: where a decline began. */
  readonly below: Spell | null;
}

export interface TroubledState extends Watched {
  readonly level: Trouble;
  readonly since: UnixMillis;
  /** First tick of the unbroken run below 0.95 that led here. */
  readonly onset: UnixMillis;
  /** Entered while few prefixes were lost: it is left as slowly. */
  readonly thin: boolean;
  /** Runs that leave the present level and those below it. */
  readonly leaving: LevelRuns;
  /** What led to this level. */
  readonly cause: Entered | Left;
}

/**
 * What the detector remembers of one country and family between ticks: plain JSON, the same object while nothing
 * changes.
 */
export type DetectorState = NormalState | TroubledState;

/** No run toward another level is under way: what is said of the level now will not be taken back within its dwell. */
export function isSettled(state: DetectorState): boolean {
  const { degraded, major, down } = state.entering;
  return (degraded ?? major ?? down) === null && (state.level === 'normal' || state.leaving[state.level] === null);
}

export const noRuns: LevelRuns = Object.freeze({ degraded: null, major: null, down: null });

export const initialDetectorState: DetectorState = Object.freeze({
  level: 'normal',
  since: null,
  size: 'ordinary',
  entering: noRuns,
  below: null,
  recovery: null,
  dark: null,
  instability: initialInstability,
});
