import { tickMs, type UnixMillis } from '../time.js';

/** A stretch of ticks over which a condition holds and a dwell is counted. Short-lived: it changes with every tick. */
export interface Run {
  /** Its first tick. */
  readonly first: UnixMillis;
  /** The last tick at which the condition held: what tells a freeze. */
  readonly last: UnixMillis;
  /** First tick of the lapse it is in, if it is in one. */
  readonly lapsedAt: UnixMillis | null;
}

/** A stretch that may last for months and must not be written each tick: it knows its start, but nothing of freezes. */
export interface Spell {
  readonly first: UnixMillis;
  /** First tick of the lapse it is in, if it is in one. */
  readonly lapsedAt: UnixMillis | null;
}

/** What ends a run. */
export interface RunSettings {
  /** A lapse of at most this does not end a run. */
  readonly lapseMs: number;
  /** Ticks missing or unusable for more than this end it. */
  readonly freezeMs: number;
}

/**
 * The run after the tick `at`. A lapse is counted from its first tick, a freeze from the tick that should have followed
 * the last.
 */
export function advanceRun(run: Run | null, holds: boolean, at: UnixMillis, settings: RunSettings): Run | null {
  const broken =
    run === null ||
    (run.lapsedAt === null ? at - run.last - tickMs > settings.freezeMs : at - run.lapsedAt > settings.lapseMs);
  if (broken) return holds ? { first: at, last: at, lapsedAt: null } : null;
  if (holds) return { first: run.first, last: at, lapsedAt: null };
  return run.lapsedAt === null ? { first: run.first, last: run.last, lapsedAt: at } : run;
}

/** The spell after the tick `at`; the same object while it goes on. */
export function advanceSpell(spell: Spell | null, holds: boolean, at: UnixMillis, settings: RunSettings): Spell | null {
  if (spell === null || (spell.lapsedAt !== null && at - spell.lapsedAt > settings.lapseMs)) {
    return holds ? { first: at, lapsedAt: null } : null;
  }
  if (holds === (spell.lapsedAt === null)) return spell;
  return { first: spell.first, lapsedAt: holds ? null : at };
}

/** Whether the condition holds at this tick and has done so for `dwellMs`. */
export function isComplete(run: Run | null, at: UnixMillis, dwellMs: number): run is Run {
  return run !== null && run.lapsedAt === null && at - run.first >= dwellMs;
}
