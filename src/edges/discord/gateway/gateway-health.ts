import { utcMinute } from '../../../core/time.js';

/** Discord has given no other for years; it counts until the connection has named its own. */
const usualHeartbeatMs = 41_250;
/** A heartbeat may be late, two are not. */
const missedIntervals = 2.5;

export interface GatewayHealth {
  readonly connected: boolean;
  /** A sentence with since when; null while connected. */
  readonly reason: string | null;
}

/**
 * What shard events and heartbeats say of the gateway. Neither isReady() nor ws.status of discord.js 14 is asked: both
 * say ready for ever once they said it (discord.js issue 11626). All times are wall clock, Unix ms.
 */
export interface HealthRecord {
  /** Whether that is news. */
  up(now: number): boolean;
  /** Whether that is news. */
  down(reason: string, now: number): boolean;
  acknowledged(now: number): void;
  beatsEvery(ms: number): void;
  health(now: number): GatewayHealth;
}

export function createHealthRecord(start: number): HealthRecord {
  let state: { readonly kind: 'up' } | { readonly kind: 'down'; readonly reason: string; readonly since: number } = {
    kind: 'down',
    reason: 'connecting',
    since: start,
  };
  let heardAt = start;
  let intervalMs = usualHeartbeatMs;
  return {
    up: (now) => {
      const isNews = state.kind === 'down';
      state = { kind: 'up' };
      heardAt = now;
      return isNews;
    },
    down: (reason, now) => {
      const isNews = state.kind === 'up' || state.reason !== reason;
      state = { kind: 'down', reason, since: state.kind === 'down' ? state.since : now };
      return isNews;
    },
    acknowledged: (now) => {
      heardAt = now;
    },
    beatsEvery: (ms) => {
      intervalMs = ms;
    },
    health: (now) => {
      if (state.kind === 'down')
        return {
          connected: false,
          reason: `Discord's gateway is down since ${utcMinute(state.since)}: ${state.reason}`,
        };
      if (now - heardAt <= missedIntervals * intervalMs) return { connected: true, reason: null };
      return {
        connected: false,
        reason: `Discord's gateway is down since ${utcMinute(heardAt)}: it answers no heartbeat`,
      };
    },
  };
}
