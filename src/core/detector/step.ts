import type { Baseline, CountrySample } from '../countries/index.js';
import { addFlips, dropFlipsFrom, instabilityBefore, judgeBin } from './instability.js';
import { enterDwell, isThin, ladders, leaveDwell, measure, type Measured } from './ladder.js';
import { levelRank, type Level } from './level.js';
import type { Entered, Left, Reason, Unjudged } from './reason.js';
import { advanceRun, advanceSpell, isComplete } from './run.js';
import type { DetectorSettings } from './settings.js';
import {
  noRuns,
  type DetectorState,
  type LevelRuns,
  type NormalState,
  type Recovery,
  type TroubledState,
} from './state.js';
import type { UnixMillis } from '../time.js';

interface Step {
  readonly state: DetectorState;
  readonly reason: Reason;
}

const steady: Reason = Object.freeze({ kind: 'steady' });

/** One country and family at a tick, with this tick counted into its runs; nothing is entered or left yet. */
export type Observation =
  | { readonly kind: 'unjudged'; readonly state: DetectorState; readonly reason: Unjudged }
  | { readonly kind: 'judged'; readonly state: DetectorState; readonly now: Measured };

/**
 * One tick of one country and family; ticks come in order. Levels move as `legalMoves` allows, each move with its
 * reason. A sample that can't be judged changes nothing, and the state is the same object while nothing of it changes.
 */
export function step(
  state: DetectorState,
  sample: CountrySample,
  incidentOpen: boolean,
  settings: DetectorSettings,
): Step {
  return decide(observe(state, sample, incidentOpen, settings), settings);
}

/** The first half of a step. */
export function observe(
  state: DetectorState,
  sample: CountrySample,
  incidentOpen: boolean,
  settings: DetectorSettings,
): Observation {
  if (!sample.usable) return { kind: 'unjudged', state, reason: unjudged('table-unusable') };
  if (sample.baseline === null) return { kind: 'unjudged', state, reason: unjudged('no-baseline') };
  const because = whyNotJudged(state, sample, sample.baseline, settings);
  if (because !== null) return { kind: 'unjudged', state, reason: unjudged(because) };
  const now = measure(sample, sample.baseline);
  return { kind: 'judged', state: watch(state, sample, now, incidentOpen, settings), now };
}

/** What a guard says to a decision. */
export interface Restraint {
  /**
   * No level worse than this is entered: its run goes on meanwhile, so that its since is the same whenever it is
   * entered.
   */
  readonly ceiling: Level;
  /** Flips from here on may be our own doing, and do not count. */
  readonly flipsBefore: UnixMillis;
}

export const unrestrained: Restraint = Object.freeze({ ceiling: 'down', flipsBefore: Infinity });

/** The second half. */
export function decide(
  observation: Observation,
  settings: DetectorSettings,
  { ceiling, flipsBefore }: Restraint = unrestrained,
): Step {
  if (observation.kind === 'unjudged') return { state: observation.state, reason: observation.reason };
  const { now } = observation;
  const state = forgetFlips(observation.state, flipsBefore);
  return enter(state, now, settings, ceiling) ?? leave(state, now, settings) ?? { state, reason: steady };
}

function forgetFlips(state: DetectorState, from: UnixMillis): DetectorState {
  if (!state.instability.bins.some(({ first }) => first >= from)) return state;
  return { ...state, instability: dropFlipsFrom(state.instability, from) };
}

/** Whether a country that can be seen is judged at all. */
export function isJudged(state: DetectorState, sample: CountrySample, settings: DetectorSettings): boolean {
  return sample.baseline !== null && whyNotJudged(state, sample, sample.baseline, settings) === null;
}

function unjudged(because: Unjudged['because']): Unjudged {
  return { kind: 'unjudged', because };
}

function whyNotJudged(
  state: DetectorState,
  { family }: CountrySample,
  { units, prefixes, origins }: Baseline,
  { ipv6 }: DetectorSettings,
): Unjudged['because'] | null {
  if (units === 0) return 'nothing-announced';
  // Once in trouble it is judged until it is out of it.
  if (family === 'ipv4' || state.level !== 'normal') return null;
  if (prefixes < ipv6.minPrefixes) return 'too-few-prefixes';
  return origins < ipv6.minOrigins ? 'too-few-origins' : null;
}

/** Counts this tick into every run: the same object if none moved. */
function watch(
  before: DetectorState,
  sample: CountrySample,
  now: Measured,
  incidentOpen: boolean,
  settings: DetectorSettings,
): DetectorState {
  const state = settleSize(before, now, incidentOpen, settings);
  const { at, share } = now;
  const entering = advanceRuns(
    state.entering,
    state.size,
    now,
    settings,
    'enters',
    (level) => levelRank(level) > levelRank(state.level),
  );
  const recovery = incidentOpen ? advanceRecovery(state.recovery, now, settings) : null;
  const dark = advanceSpell(state.dark, share <= settings.dark.share, at, settings);
  // While a dwell grows nobody knows whether the flips since the decline began are an incident's, whose own do not
  // count.
  const isDeclining = state.level === 'normal' && Object.values(entering).some((run) => run !== null);
  const flipsBefore = isDeclining && state.below !== null ? state.below.first : Infinity;
  let instability = judgeBin(state.instability, state.size, now, flipsBefore, settings);
  if (state.level !== 'normal') {
    const leaving = advanceRuns(
      state.leaving,
      state.size,
      now,
      settings,
      'leaves',
      (level) => levelRank(level) <= levelRank(state.level),
    );
    const same =
      leaving === state.leaving &&
      entering === state.entering &&
      recovery === state.recovery &&
      dark === state.dark &&
      instability === state.instability;
    return same ? state : { ...state, leaving, entering, recovery, dark, instability };
  }
  const below = advanceSpell(state.below, share < settings.whole.share, at, settings);
  if (!incidentOpen && now.baseline.units <= settings.unstable.maxUnits) {
    instability = addFlips(instability, at, sample.flipped, below?.first === at, settings);
  }
  const same =
    below === state.below &&
    entering === state.entering &&
    recovery === state.recovery &&
    dark === state.dark &&
    instability === state.instability;
  return same ? state : { ...state, below, entering, recovery, dark, instability };
}

function settleSize(
  state: DetectorState,
  { baseline }: Measured,
  incidentOpen: boolean,
  { tiny }: DetectorSettings,
): DetectorState {
  const size = baseline.units <= tiny.maxUnits ? 'tiny' : 'ordinary';
  if (incidentOpen || state.level !== 'normal' || size === state.size) return state;
  return { ...state, size, entering: noRuns };
}

function advanceRuns(
  runs: LevelRuns,
  size: DetectorState['size'],
  now: Measured,
  settings: DetectorSettings,
  way: 'enters' | 'leaves',
  counts: (level: Level) => boolean,
): LevelRuns {
  let result = runs;
  for (const rung of ladders[size]) {
    if (!counts(rung.level)) continue;
    const run = advanceRun(runs[rung.level], rung[way](now, settings), now.at, settings);
    if (run !== runs[rung.level]) result = { ...result, [rung.level]: run };
  }
  return result;
}

function advanceRecovery(
  recovery: Recovery | null,
  { share, at }: Measured,
  settings: DetectorSettings,
): Recovery | null {
  const { whole } = settings;
  const holds = share >= whole.share;
  if (recovery?.kind === 'whole') {
    const spell = advanceSpell(recovery.spell, holds, at, settings);
    if (spell === recovery.spell) return recovery;
    if (spell?.first === recovery.spell.first) return { ...recovery, spell };
  }
  const run = advanceRun(recovery?.kind === 'growing' ? recovery.run : null, holds, at, settings);
  if (run === null) return null;
  return isComplete(run, at, whole.dwellMs)
    ? {
        kind: 'whole',
        spell: { first: run.first, lapsedAt: null },
        text: `share >= ${whole.share} for ${whole.dwellMs / 1000} s`,
      }
    : { kind: 'growing', run };
}

/** The highest level whose dwell is complete, up to `ceiling`. */
function enter(state: DetectorState, now: Measured, settings: DetectorSettings, ceiling: Level): Step | null {
  const thin = isThin(state.size, now, settings);
  for (const rung of ladders[state.size]) {
    if (levelRank(rung.level) <= levelRank(state.level)) return null;
    if (levelRank(rung.level) > levelRank(ceiling)) continue;
    const dwellMs = enterDwell(rung, thin, now, settings);
    const run = state.entering[rung.level];
    if (!isComplete(run, now.at, dwellMs)) continue;
    const { at, share } = now;
    const since = run.first;
    const { size, recovery, dark } = state;
    const onset =
      state.level === 'normal' ? Math.max(state.below?.first ?? since, at - settings.whole.onsetMaxMs) : state.onset;
    const instability = state.level === 'normal' ? dropFlipsFrom(state.instability, onset) : state.instability;
    const cause: Entered = {
      kind: 'entered',
      from: state.level,
      to: rung.level,
      since,
      at,
      share,
      dwellMs,
      text: withDwell(rung.entered(now, settings), dwellMs, thin),
      instability: instabilityBefore(instability, since, settings),
    };
    const entering = keepAbove(state.entering, rung.level);
    return {
      state: {
        level: rung.level,
        since,
        size,
        onset,
        thin,
        cause,
        entering,
        leaving: noRuns,
        recovery,
        dark,
        instability,
      },
      reason: cause,
    };
  }
  return null;
}

/** The highest lower level whose leave condition does not hold yet, once the present one's does. */
function leave(state: DetectorState, now: Measured, settings: DetectorSettings): Step | null {
  if (state.level === 'normal') return null;
  const { level: from, thin } = state;
  const ladder = ladders[state.size];
  let to: Level = from;
  let since: number | null = null;
  let until: number | null = null;
  let dwellMs = 0;
  let text = '';
  for (const rung of ladder) {
    if (levelRank(rung.level) > levelRank(from)) continue;
    to = rung.level;
    const needed = leaveDwell(rung, thin, now, settings);
    const run = state.leaving[rung.level];
    if (!isComplete(run, now.at, needed)) break;
    since = run.first;
    until ??= run.first;
    dwellMs = needed;
    text = withDwell(rung.left(now, settings), needed, thin);
    to = 'normal';
  }
  if (since === null || until === null) return null;
  const cause: Left = { kind: 'left', from, to, since, until, at: now.at, share: now.share, dwellMs, text };
  return { state: settle(state, to, cause, now, settings), reason: cause };
}

function settle(
  state: TroubledState,
  to: Level,
  cause: Left,
  { at, share }: Measured,
  settings: DetectorSettings,
): DetectorState {
  const { size, entering, recovery, dark, instability, onset, thin } = state;
  const { since } = cause;
  if (to !== 'normal') {
    const leaving = { ...state.leaving, down: null, ...(to === 'degraded' ? { major: null } : {}) };
    return {
      level: to,
      since,
      size,
      onset,
      thin,
      cause,
      entering: keepAbove(entering, to),
      leaving,
      recovery,
      dark,
      instability,
    };
  }
  const below = advanceSpell(null, share < settings.whole.share, at, settings);
  return { level: 'normal', since, size, below, entering: noRuns, recovery, dark, instability } satisfies NormalState;
}

/** The runs toward levels above `level`. */
function keepAbove(runs: LevelRuns, level: Level): LevelRuns {
  if (level === 'down') return noRuns;
  return level === 'major' ? { ...noRuns, down: runs.down } : { ...noRuns, major: runs.major, down: runs.down };
}

function withDwell(text: string, dwellMs: number, thin: boolean): string {
  return `${text} for ${dwellMs / 1000} s${thin ? ' (few prefixes lost)' : ''}`;
}
