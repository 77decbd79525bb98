import { type Family, unitNames } from '../bgp/index.js';
import type { Baseline, CountrySample } from '../countries/index.js';
import type { Size, Trouble } from './level.js';
import type { DetectorSettings } from './settings.js';
import type { UnixMillis } from '../time.js';

/** A sample that can be judged, with its shares. */
export interface Measured {
  readonly at: UnixMillis;
  readonly family: Family;
  readonly units: number;
  readonly prefixes: number;
  readonly baseline: Baseline;
  /** r = S / S0. */
  readonly share: number;
  /** n = N / N0. */
  readonly prefixShare: number;
}

/** One level of a column of the rules: when it is entered and left, after which dwell, and how to say so. */
interface Rung {
  readonly level: Trouble;
  enters(now: Measured, settings: DetectorSettings): boolean;
  leaves(now: Measured, settings: DetectorSettings): boolean;
  enterMs(settings: DetectorSettings): number;
  leaveMs(settings: DetectorSettings): number;
  entered(now: Measured, settings: DetectorSettings): string;
  left(now: Measured, settings: DetectorSettings): string;
}

export function measure(
  sample: Pick<CountrySample, 'at' | 'family' | 'units' | 'prefixes'>,
  baseline: Baseline,
): Measured {
  const { at, family, units, prefixes } = sample;
  // Shares are compared as quotients: the nearest double of 8 / 10 is the one that 0.8 stands for, so a boundary is met
  // exactly.
  const share = units / baseline.units;
  // A country reached only through its neighbours' aggregates has no prefixes to lose: its space alone decides.
  return {
    at,
    family,
    units,
    prefixes,
    baseline,
    share,
    prefixShare: baseline.prefixes === 0 ? share : prefixes / baseline.prefixes,
  };
}

function isDark({ share, prefixShare }: Measured, { down: { low, high } }: DetectorSettings): boolean {
  return (share <= low && prefixShare <= high) || (prefixShare <= low && share <= high);
}

function shareText({ share }: Measured): string {
  return `share ${share.toFixed(4)}`;
}

function prefixText({ prefixes, baseline, prefixShare }: Measured): string {
  return baseline.prefixes === 0
    ? 'no prefixes of its own'
    : `prefixes ${prefixes} of ${baseline.prefixes} (${prefixShare.toFixed(4)})`;
}

function unitText({ units, baseline, family }: Measured): string {
  return `${units} of ${baseline.units} ${unitNames[family]} visible`;
}

function partial(level: 'degraded' | 'major'): Rung {
  return {
    level,
    enters: (now, settings) => now.share < settings[level].share,
    leaves: (now, settings) => now.share >= settings[level].leaveShare,
    enterMs: (settings) => settings[level].dwellMs,
    leaveMs: (settings) => settings[level].leaveMs,
    entered: (now, settings) => `${shareText(now)} < ${settings[level].share}`,
    left: (now, settings) => `${shareText(now)} >= ${settings[level].leaveShare}`,
  };
}

const down: Rung = {
  level: 'down',
  enters: isDark,
  leaves: (now, settings) => !isDark(now, settings) && now.share >= settings.down.leaveShare,
  enterMs: (settings) => settings.down.dwellMs,
  leaveMs: (settings) => settings.down.leaveMs,
  entered(now, { down: { low, high } }) {
    if (now.baseline.prefixes === 0) return `${shareText(now)} <= ${low}`;
    return now.share <= low && now.prefixShare <= high
      ? `${shareText(now)} <= ${low} and ${prefixText(now)} <= ${high}`
      : `${prefixText(now)} <= ${low} and ${shareText(now)} <= ${high}`;
  },
  left: (now, { down: { leaveShare } }) => `${shareText(now)} >= ${leaveShare}, ${prefixText(now)}`,
};

const tinyDegraded: Rung = {
  level: 'degraded',
  enters: (now, settings) => now.share <= settings.tiny.degraded.share,
  leaves: (now, settings) => now.share > settings.tiny.degraded.share,
  enterMs: (settings) => settings.tiny.degraded.dwellMs,
  leaveMs: (settings) => settings.tiny.degraded.leaveMs,
  entered: (now, settings) => `${unitText(now)}, ${shareText(now)} <= ${settings.tiny.degraded.share}`,
  left: (now, settings) => `${unitText(now)}, ${shareText(now)} > ${settings.tiny.degraded.share}`,
};

const tinyDown: Rung = {
  level: 'down',
  enters: (now) => now.units === 0,
  leaves: (now) => now.units > 0,
  enterMs: (settings) => settings.tiny.down.dwellMs,
  leaveMs: (settings) => settings.tiny.down.leaveMs,
  entered: unitText,
  left: unitText,
};

/** Both columns of the rules, the worst level first. A tiny country has no major. */
export const ladders: Readonly<Record<Size, readonly Rung[]>> = {
  tiny: [tinyDown, tinyDegraded],
  ordinary: [down, partial('major'), partial('degraded')],
};

/**
 * Too few prefixes lost, or there to lose, to be the country at once: one prefix or one company's /8 is not the
 * country.
 */
export function isThin(size: Size, now: Measured, settings: DetectorSettings): boolean {
  const { lostPrefixes, lostShare } = settings.thin;
  const base = now.baseline.prefixes;
  if (isSparse(now, settings)) return true;
  if (size === 'tiny') return false;
  const lost = base - now.prefixes;
  return lost < lostPrefixes || lost / base < lostShare;
}

/** How long a level's condition must hold before it is entered, at this tick. */
export function enterDwell(rung: Rung, thin: boolean, now: Measured, settings: DetectorSettings): number {
  return longest(rung.enterMs(settings), thin, now, settings);
}

/**
 * How long its leave condition must hold. What was entered over few prefixes is left as slowly; what was not is left at
 * the rule's own pace, though the last ticks of every recovery lack few prefixes.
 */
export function leaveDwell(rung: Rung, enteredThin: boolean, now: Measured, settings: DetectorSettings): number {
  return longest(rung.leaveMs(settings), enteredThin || isSparse(now, settings), now, settings);
}

function isSparse({ baseline }: Measured, settings: DetectorSettings): boolean {
  return baseline.prefixes < settings.thin.minPrefixes;
}

function longest(own: number, thin: boolean, { family }: Measured, settings: DetectorSettings): number {
  return Math.max(own, thin ? settings.thin.dwellMs : 0, family === 'ipv6' ? settings.ipv6.dwellMs : 0);
}
