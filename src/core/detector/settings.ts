import { parseSettings, type SettingsOf, type SettingShape } from '../settings.js';

const shape = {
  /** A lapse of at most this does not end a run. */
  lapseMs: 'millis',
  /** A freeze of more than this does. */
  freezeMs: 'millis',
  /** The country is whole at or above `share`; below it a decline begins (onset, at most `onsetMaxMs` back). */
  whole: { share: 'share', dwellMs: 'millis', onsetMaxMs: 'millis' },
  /** At or below it there is nothing left worth counting ("down hard"). */
  dark: { share: 'share' },
  /** Entered below `share`, left at or above `leaveShare`. */
  degraded: { share: 'share', dwellMs: 'millis', leaveShare: 'share', leaveMs: 'millis' },
  major: { share: 'share', dwellMs: 'millis', leaveShare: 'share', leaveMs: 'millis' },
  /** Entered when of the shares of units and of prefixes one is at most `low` and the other at most `high`. */
  down: { low: 'share', high: 'share', dwellMs: 'millis', leaveShare: 'share', leaveMs: 'millis' },
  /** Countries of at most `maxUnits`: degraded at or below `share`, down at nothing. */
  tiny: {
    maxUnits: 'count',
    degraded: { share: 'share', dwellMs: 'millis', leaveMs: 'millis' },
    down: { dwellMs: 'millis', leaveMs: 'millis' },
  },
  /**
   * Fewer than `lostPrefixes` prefixes or `lostShare` of them lost, or a baseline of fewer than `minPrefixes`: dwells
   * last longer.
   */
  thin: { lostPrefixes: 'count', lostShare: 'share', minPrefixes: 'count', dwellMs: 'millis' },
  ipv6: { minPrefixes: 'count', minOrigins: 'count', dwellMs: 'millis' },
  unstable: {
    /** The flip rule is for countries of at most this many units. */
    maxUnits: 'count',
    binMs: 'millis',
    windowMs: 'millis',
    minFlips: 'count',
    /** Flips in the window, as a share of N0. */
    flipShare: 'ratio',
    /** Distinct prefixes flipped in the window, as a share of N0. */
    prefixShare: 'share',
    tinyPrefixShare: 'share',
    gapMs: 'millis',
    /** Told only when the run lasted this long before since(level). */
    toldFromMs: 'millis',
    /** Increasing: this many times the flips of the window before. */
    increase: 'ratio',
  },
} as const satisfies SettingShape;

/** Every number of the detector; config/rules.json, "detector". */
export type DetectorSettings = SettingsOf<typeof shape>;

export function parseDetectorSettings(value: unknown, path: string, problems: string[]): DetectorSettings {
  return parseSettings(shape, value, path, problems);
}
