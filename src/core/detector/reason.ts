import type { Level } from './level.js';
import type { UnixMillis } from '../time.js';

/** How long a country had been flapping before a level began: told only when that was half a day or more. */
export interface InstabilityBefore {
  /** Whole hours from the run's start to since(level). */
  readonly hours: number;
  readonly increasing: boolean;
}

interface LevelChange {
  readonly from: Level;
  readonly to: Level;
  /** since(to): first tick of the run that completed its dwell. */
  readonly since: UnixMillis;
  /** The tick that decided. */
  readonly at: UnixMillis;
  /** S / S0 at the deciding tick, uncapped. */
  readonly share: number;
  readonly dwellMs: number;
  /** The rule and its numbers, for people. */
  readonly text: string;
}

/** A worse level: its dwell is complete. */
export interface Entered extends LevelChange {
  readonly kind: 'entered';
  /** The instability before `since`, if there was enough of it. */
  readonly instability: InstabilityBefore | null;
}

/** A better level: the leave condition of `from` held for its dwell. */
export interface Left extends LevelChange {
  readonly kind: 'left';
  /** until(from): first tick of the run that left it. */
  readonly until: UnixMillis;
}

/** Not judged at this tick: nothing changes, neither for the worse nor for the better. */
export interface Unjudged {
  readonly kind: 'unjudged';
  readonly because: 'table-unusable' | 'no-baseline' | 'nothing-announced' | 'too-few-prefixes' | 'too-few-origins';
}

/** Judged, and the level stands. */
export interface Steady {
  readonly kind: 'steady';
}

/** Why the detector did what it did at a tick. */
export type Reason = Steady | Unjudged | Entered | Left;
