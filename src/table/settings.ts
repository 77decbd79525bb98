import { parseSettings, type SettingsOf } from '../settings.js';

const shape = {
  /** A prefix is up from this share of voters on ... */
  visibleUp: 'share',
  /** ... down below this one, and as before in between. */
  visibleDown: 'share',
  /** A peer is a full feed from this share of the second-largest ASN's table on, until it falls below `fullFeedLeave`. */
  fullFeedEnter: 'share',
  fullFeedLeave: 'share',
  fullFeedEveryMs: 'millis',
  minVoters: 'count',
  /** Of the median number of voters in the last `voterHistoryMs`. */
  minVotersShare: 'share',
  voterHistoryMs: 'millis',
  minCollectors: 'count',
  /** A peer that returned votes again when this share of its former table was seen again, or after `warmingMs`. */
  warmingShare: 'share',
  warmingMs: 'millis',
  /** A longer hole in the stream freezes judgement. */
  gapFreezeMs: 'millis',
} as const;

export type TableSettings = SettingsOf<typeof shape>;

export function parseTableSettings(value: unknown, path: string, problems: string[]): TableSettings {
  return parseSettings(shape, value, path, problems);
}
