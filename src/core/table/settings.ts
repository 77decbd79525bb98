import { parseSettings, type SettingsOf } from '../settings.js';

const shape = {
  /** A prefix is up from this share of voters on ... */
  visibleUp: 'share',
  /** ... down below this one, and as before in between. */
  visibleDown: 'share',
  /**
   * A peer is a full feed from this share of the second-largest ASN's table on, until it falls below `fullFeedLeave`.
   */
  fullFeedEnter: 'share',
  fullFeedLeave: 'share',
  fullFeedEveryMs: 'millis',
  minVoters: 'count',
  /** Of the median number of voters in the last `voterHistoryMs`. */
  minVotersShare: 'share',
  voterHistoryMs: 'millis',
  minCollectors: 'count',
  /**
   * A peer that returned votes again when this share of its former table was seen again, or after `warmingMs`; while
   * more of it still comes, after `warmingMostMs`.
   */
  warmingShare: 'share',
  warmingMs: 'millis',
  warmingMostMs: 'millis',
  /**
   * A full feed that announces this share of its table again within `transferWindowMs` sends its table: its session
   * began anew.
   */
  transferShare: 'share',
  transferWindowMs: 'millis',
  /** A full feed whose table is smaller by more than this share than it was within `lossWindowMs` is unknown ... */
  lossShare: 'share',
  lossWindowMs: 'millis',
  /** ... until `warmingShare` of it is back, or its size moved by no more than `steadyShare` of it for so long. */
  steadyMs: 'millis',
  steadyShare: 'share',
  /** Smaller tables speak for no session as a whole: in one of a few prefixes a single country is a fifth. */
  guardedPrefixes: 'count',
  /** A longer hole in the stream freezes judgement. */
  gapFreezeMs: 'millis',
} as const;

export type TableSettings = SettingsOf<typeof shape>;

export function parseTableSettings(value: unknown, path: string, problems: string[]): TableSettings {
  return parseSettings(shape, value, path, problems);
}
