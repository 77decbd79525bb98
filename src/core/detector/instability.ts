import type { Measured } from './ladder.js';
import type { Size } from './level.js';
import type { InstabilityBefore } from './reason.js';
import type { DetectorSettings } from './settings.js';
import { hourMs, type UnixMillis } from '../time.js';

/**
 * The flips of one 5-minute bin; a bin in which a decline begins is cut there, so that the decline's own flips can be
 * dropped.
 */
export interface FlipBin {
  /** Tick of its first flip. */
  readonly first: UnixMillis;
  /** Tick of its last flip. */
  readonly last: UnixMillis;
  readonly flips: number;
  /** Codes of the prefixes that flipped; empty once the bin has left the window. */
  readonly prefixes: readonly number[];
}

/** A stretch of instability, without 6 h that had no flip or no unstable bin. */
export interface UnstableRun {
  /** The first flip in the window of its first unstable bin. */
  readonly start: UnixMillis;
  /** End of its last unstable bin. */
  readonly lastUnstable: UnixMillis;
  /** What made it: the numbers of its first unstable bin, for people. */
  readonly text: string;
}

export interface InstabilityState {
  /** Bins with flips, oldest first, as far back as "increasing" looks. */
  readonly bins: readonly FlipBin[];
  readonly run: UnstableRun | null;
  /** The flag: the last bin was unstable. */
  readonly unstable: boolean;
}

export const initialInstability: InstabilityState = Object.freeze({
  bins: Object.freeze([]),
  run: null,
  unstable: false,
});

/**
 * Judges the bin that ends with the tick `now`, if one does, by the flips before it and before `flipsBefore`; the same
 * state while nothing changes.
 */
export function judgeBin(
  state: InstabilityState,
  size: Size,
  now: Measured,
  flipsBefore: UnixMillis,
  settings: DetectorSettings,
): InstabilityState {
  const { unstable: rule } = settings;
  const { at } = now;
  if (at % rule.binMs !== 0 || (state.bins.length === 0 && state.run === null)) return state;
  const bins = prune(state.bins, at, settings);
  const inWindow = bins.filter(({ first }) => first >= at - rule.windowMs && first < flipsBefore);
  const flips = countFlips(inWindow, -Infinity, Infinity);
  const prefixes = new Set(inWindow.flatMap((bin) => bin.prefixes)).size;
  const unstable = isUnstable(flips, prefixes, size, now, settings);
  let { run } = state;
  if (unstable) {
    const text = `${flips} flips of ${prefixes} of ${now.baseline.prefixes} prefixes in ${rule.windowMs / hourMs} h`;
    run = { start: run?.start ?? inWindow[0].first, lastUnstable: at, text: run?.text ?? text };
  } else if (run !== null && at - run.lastUnstable > rule.gapMs) run = null;
  if (bins === state.bins && run === state.run && unstable === state.unstable) return state;
  return { bins, run, unstable };
}

function isUnstable(
  flips: number,
  prefixes: number,
  size: Size,
  { baseline }: Measured,
  { unstable: rule }: DetectorSettings,
): boolean {
  const least = size === 'tiny' ? rule.tinyPrefixShare : rule.prefixShare;
  return (
    baseline.units <= rule.maxUnits &&
    flips >= rule.minFlips &&
    flips / baseline.prefixes >= rule.flipShare &&
    prefixes / baseline.prefixes >= least
  );
}

/**
 * Forgets what no rule reads any more: prefixes of bins outside the window, bins that lie before two windows and the
 * longest dwell.
 */
function prune(
  bins: readonly FlipBin[],
  at: UnixMillis,
  { unstable: rule, thin }: DetectorSettings,
): readonly FlipBin[] {
  const forgetBefore = at - 2 * rule.windowMs - thin.dwellMs;
  const oldest = bins.at(0);
  const stale = (bin: FlipBin): boolean => bin.first < at - rule.windowMs && bin.prefixes.length > 0;
  if (oldest === undefined || (oldest.first >= forgetBefore && !bins.some(stale))) return bins;
  return bins.filter(({ first }) => first >= forgetBefore).map((bin) => (stale(bin) ? { ...bin, prefixes: [] } : bin));
}

/** Adds the flips of one tick. `cut`: a decline begins here. */
export function addFlips(
  state: InstabilityState,
  at: UnixMillis,
  flipped: readonly number[],
  cut: boolean,
  { unstable: { binMs, gapMs } }: DetectorSettings,
): InstabilityState {
  if (flipped.length === 0) return state;
  const newest = state.bins.at(-1);
  const run = newest !== undefined && at - newest.last > gapMs ? null : state.run;
  if (newest === undefined || cut || Math.floor(newest.first / binMs) !== Math.floor(at / binMs)) {
    return {
      ...state,
      run,
      bins: [...state.bins, { first: at, last: at, flips: flipped.length, prefixes: [...flipped] }],
    };
  }
  const bin: FlipBin = {
    first: newest.first,
    last: at,
    flips: newest.flips + flipped.length,
    prefixes: [...new Set([...newest.prefixes, ...flipped])],
  };
  return { ...state, run, bins: [...state.bins.slice(0, -1), bin] };
}

/** Flips from an incident's onset on do not count, nor does a run that they alone made. */
export function dropFlipsFrom(state: InstabilityState, onset: UnixMillis): InstabilityState {
  const bins = state.bins.filter(({ first }) => first < onset);
  const began = state.run !== null && state.run.start < onset;
  return { bins, run: began ? state.run : null, unstable: began && state.unstable };
}

/** The run of instability before `since`, if it was still on then and had lasted long enough to be told. */
export function instabilityBefore(
  state: InstabilityState,
  since: UnixMillis,
  settings: DetectorSettings,
): InstabilityBefore | null {
  const { windowMs, gapMs, toldFromMs, increase } = settings.unstable;
  const { run, bins } = state;
  const newest = bins.findLast(({ first }) => first < since);
  if (run === null || newest === undefined || since - run.start < toldFromMs) return null;
  if (since - newest.last > gapMs || since - run.lastUnstable > gapMs) return null;
  const recent = countFlips(bins, since - windowMs, since);
  const earlier = countFlips(bins, since - 2 * windowMs, since - windowMs);
  return { hours: Math.floor((since - run.start) / hourMs), increasing: earlier > 0 && recent >= increase * earlier };
}

/** Flips of the bins that begin at or after `from` and before `to`. */
function countFlips(bins: readonly FlipBin[], from: UnixMillis, to: UnixMillis): number {
  return bins.reduce((sum, { first, flips }) => (first >= from && first < to ? sum + flips : sum), 0);
}
