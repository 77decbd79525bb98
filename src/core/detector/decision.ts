import { enterDwell, isThin, ladders, measure } from './ladder.js';
import { levelRank, type Level, type Trouble } from './level.js';
import { isComplete } from './run.js';
import type { DetectorSettings } from './settings.js';
import type { DetectorState } from './state.js';
import type { Observation } from './step.js';
import type { UnixMillis } from '../time.js';

/** A worse level that an observation is about to enter. */
export interface Decision {
  readonly level: Trouble;
  /** First tick of its run: what its since will be. */
  readonly first: UnixMillis;
}

/** S and N as they would be, counted otherwise. */
export interface Counted {
  readonly units: number;
  readonly prefixes: number;
}

/** What `decide` would enter; null: nothing. */
export function decisionOf(observation: Observation, settings: DetectorSettings): Decision | null {
  return worstEntered(observation, settings, []);
}

/**
 * The worst level that `decide` would enter, and would enter too if this tick had measured any of `counts`; the present
 * one where there is none.
 */
export function confirmedLevel(
  observation: Observation,
  settings: DetectorSettings,
  counts: readonly Counted[],
): Level {
  return worstEntered(observation, settings, counts)?.level ?? observation.state.level;
}

function worstEntered(
  observation: Observation,
  settings: DetectorSettings,
  counts: readonly Counted[],
): Decision | null {
  if (observation.kind === 'unjudged' || !isRising(observation.state)) return null;
  const { state, now } = observation;
  const others = counts.map((counted) => measure({ ...now, ...counted }, now.baseline));
  for (const rung of ladders[state.size]) {
    if (levelRank(rung.level) <= levelRank(state.level)) return null;
    const run = state.entering[rung.level];
    const isEntered = (measured: typeof now): boolean =>
      rung.enters(measured, settings) &&
      isComplete(run, now.at, enterDwell(rung, isThin(state.size, measured, settings), measured, settings));
    if (run !== null && [now, ...others].every(isEntered)) return { level: rung.level, first: run.first };
  }
  return null;
}

/** Whether a run toward a worse level is under way. */
export function isRising({ entering: { degraded, major, down } }: DetectorState): boolean {
  return (degraded ?? major ?? down) !== null;
}

/**
 * When it began to fall: the first ticks of its runs toward worse levels, and the since of the level that it has
 * entered. Empty for one that is well, or on no way but back.
 */
export function fallTimes(state: DetectorState): UnixMillis[] {
  const { degraded, major, down } = state.entering;
  const runs = [degraded, major, down].flatMap((run) => (run === null ? [] : [run.first]));
  return state.level !== 'normal' && state.cause.kind === 'entered' ? [...runs, state.since] : runs;
}

/** The first tick at which it may enter a worse level if nothing changes; null: it is on no way to one. */
export function dueAt(observation: Observation, settings: DetectorSettings): UnixMillis | null {
  if (observation.kind === 'unjudged') return null;
  const { state, now } = observation;
  const thin = isThin(state.size, now, settings);
  const due = ladders[state.size].flatMap((rung) => {
    const run = state.entering[rung.level];
    return run === null ? [] : [run.first + enterDwell(rung, thin, now, settings)];
  });
  return due.length === 0 ? null : Math.min(...due);
}
