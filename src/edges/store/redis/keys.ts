import type { Resolution } from '../../../core/countries/index.js';

/** Every key of ours begins with this: a Redis may be shared. */
const prefix = 'lightsout:';

export const keys = {
  /**
   * Hash. schema; version last committed; epoch, holder and base of the lease (base: the version when it was acquired);
   * end: position of the newest event; indexed: position of the newest event that `incidents` knows of.
   */
  head: `${prefix}head`,
  /** String with an expiry: who holds the lease. Gone: nobody does. */
  lease: `${prefix}lease`,
  /** Hash: country -> its state, JSON. */
  states: `${prefix}states`,
  /** Hash: country -> its record, JSON. */
  records: `${prefix}records`,
  /** String: the ingest's health, JSON. */
  health: `${prefix}health`,
  /**
   * Hash: incident -> its last event, JSON; and sorted set: incident, by the time of that event, +inf while it is not
   * over.
   */
  incidents: `${prefix}incidents`,
  incidentEnds: `${prefix}incident-ends`,
  /** Stream: position n is entry n-0, field `event`, JSON. */
  events: `${prefix}events`,
  /** Hash: target -> position. */
  cursors: `${prefix}cursors`,
  /** Hash: position and channel of the expansion; channel '' for none. Gone: nothing was ever expanded. */
  expansion: `${prefix}expansion`,
  /** Sorted set: what a channel is owed, JSON that begins with its positions, by position. */
  owed: (channelId: string): string => `${prefix}owed:${channelId}`,
  /** Set: the channels whose `owed` is there. */
  owing: `${prefix}owing`,
  /** Sorted set: "channel position" of all that is owed, by the time it was written. */
  owedTimes: `${prefix}owed-times`,
  /**
   * Hash: incident -> what the channel was told of it, JSON; and sorted set: the incidents of it that are over, by when
   * that was told.
   */
  told: (channelId: string): string => `${prefix}told:${channelId}`,
  toldOver: (channelId: string): string => `${prefix}told-over:${channelId}`,
  /** Hash: channel -> its subscription, JSON. */
  subscriptions: `${prefix}subscriptions`,
  /** Hash: name -> text. */
  notes: `${prefix}notes`,
  /** String with an expiry: a country's day, packed. */
  day: (country: string, resolution: Resolution, day: number): string =>
    `${prefix}history:${resolution}:${country}:${day}`,
} as const;
