import type { Resolution } from '../../incidents/index.js';

/** Every key of ours begins with this: a Redis may be shared. */
const prefix = 'lightsout:';

export const keys = {
  /**
   * Hash. schema; version last committed; epoch, holder and base of the lease (base: the version when it was acquired); end: position
   * of the newest event; indexed: position of the newest event that `incidents` knows of.
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
  /** Hash: incident -> its last event, JSON; and sorted set: incident, by the time of that event, +inf while it is not over. */
  incidents: `${prefix}incidents`,
  incidentEnds: `${prefix}incident-ends`,
  /** Stream: position n is entry n-0, field `event`, JSON. */
  events: `${prefix}events`,
  /** Hash: target -> position. */
  cursors: `${prefix}cursors`,
  /** String with an expiry: a country's day, packed. */
  day: (country: string, resolution: Resolution, day: number): string => `${prefix}history:${resolution}:${country}:${day}`,
} as const;
