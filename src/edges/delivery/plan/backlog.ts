import type { IncidentEvent } from '../../../core/incidents/index.js';
import type { Owed } from '../ports.js';
import { hourMs, type UnixMillis } from '../../../core/time.js';

/**
 * How old an event may be and still be told as news. A follow-up is overtaken by the next; an alert or an end is news
 * for six hours.
 */
const timeToLiveMs: Readonly<Record<IncidentEvent['kind'], number>> = {
  opened: 6 * hourMs,
  escalated: 6 * hourMs,
  'down-again': 6 * hourMs,
  restored: 6 * hourMs,
  'new-normal': 6 * hourMs,
  'follow-up': 2 * hourMs,
  'partially-restored': 2 * hourMs,
  unstable: 2 * hourMs,
  notice: 24 * hourMs,
};

/** Whether the event is too old for an alert, which reads as if it had just happened. */
export function isExpired(event: IncidentEvent, now: UnixMillis): boolean {
  return now - event.at > timeToLiveMs[event.kind];
}

/** One row for all of `rows`, so that a channel hears in one message what it missed. */
export function backlogRow(rows: readonly Owed[], now: UnixMillis): Owed {
  const [first] = rows;
  return {
    channelId: first.channelId,
    position: first.position,
    positions: rows.flatMap(({ positions }) => positions),
    priority: rows.reduce((most, { priority }) => (priority < most ? priority : most), first.priority),
    owedAt: now,
  };
}
