import { parseSettings, type SettingsOf } from '../settings.js';

/** Bins are what history is kept in: their length is no setting. */
export const binMs = 300_000;

const shape = {
  /** A bin needs so many usable ticks. */
  binTicks: 'count',
  /** The baseline is the median of so many of the newest quiet bins, ... */
  baselineBins: 'count',
  /** ... none of them older than this. */
  baselineAgeMs: 'millis',
  /**
   * Provisional below so many bins: the highest value seen, where a value is the median of `provisionalMedianBins`
   * bins.
   */
  provisionalBins: 'count',
  provisionalMedianBins: 'count',
  /** The baseline stays frozen for so long after an incident closed. */
  thawMs: 'millis',
  /** Flips are kept one by one for countries of at most so many units. */
  flipUnits: 'count',
} as const;

export type CountriesSettings = SettingsOf<typeof shape>;

export function parseCountriesSettings(value: unknown, path: string, problems: string[]): CountriesSettings {
  return parseSettings(shape, value, path, problems);
}
