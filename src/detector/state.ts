import type { UnixMillis } from '../bgp/index.js';
import { initialInstability, type InstabilityState } from './instability.js';
import type { Size, Trouble } from './level.js';
import type { Entered, Left } from './reason.js';
import type { Run, Spell } from './run.js';

/** One run per level that is not normal. */
export type LevelRuns = Readonly<Record<Trouble, Run | null>>;

/** r at or above 0.95 while an incident is open. A complete one is no longer written each tick; only a lapse ends it. */
export interface WholeRun extends Run {
  readonly complete: boolean;
}

interface Watched {
  /** Settled while no incident is open. */
  readonly size: Size;
  /** Runs toward the levels above the present one. */
  readonly entering: LevelRuns;
  readonly whole: WholeRun | null;
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

/** What the detector remembers of one country and family between ticks: plain JSON, the same object while nothing changes. */
export type DetectorState = NormalState | TroubledState;

export const noRuns: LevelRuns = Object.freeze({ degraded: null, major: null, down: null });

export const initialDetectorState: DetectorState = Object.freeze({
  level: 'normal',
  since: null,
  size: 'ordinary',
  entering: noRuns,
  below: null,
  whole: null,
  dark: null,
  instability: initialInstability,
});
