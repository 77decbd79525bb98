import type { Expansion, Owed, ToldRecord } from '../delivery/index.js';
import { dayMs } from '../../core/time.js';

/**
 * How long it is remembered what a channel was told of an incident that is over: longer than an incident can relapse.
 */
const toldKeptMs = 35 * dayMs;

/** Whether `next` takes the expansion further than `present`; what does not is a second process's, and late. */
export function isAhead(next: Expansion, present: Expansion): boolean {
  if (next.position !== present.position) return next.position > present.position;
  return next.channelId !== null && (present.channelId === null || next.channelId > present.channelId);
}

/**
 * Told that is over and older than this (Unix ms) is forgotten when `owed` is acknowledged: the acknowledgement's own
 * times are the clock.
 */
export function forgetBefore(owed: Owed, told: readonly ToldRecord[]): number {
  return Math.max(owed.owedAt, ...told.map(({ at }) => at)) - toldKeptMs;
}

/** When the end was told; null while it lasts. */
export function overAtOf({ over, at }: ToldRecord): number | null {
  return over ? at : null;
}
