import { singlesOf, type IncidentEvent } from '../../../core/incidents/index.js';
import { planOf, toldAfter } from './plan.js';
import type { LoggedEvent, Owed, ToldRecord } from '../ports.js';
import type { Subscription } from '../subscriptions/subscription.js';
import type { UnixMillis } from '../../../core/time.js';

const hourMs = 3_600_000;
/**
 * How old news may be and still be told by itself. A follow-up is overtaken by the next; an alert or an end is news for
 * six hours.
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

/** Told by itself, it would read as if it had just happened. */
export function isExpired(event: IncidentEvent, now: UnixMillis): boolean {
  return now - event.at > timeToLiveMs[event.kind];
}

/** Everything a channel is owed as one: what it missed is told in one message, not in a flood. */
export function combined(rows: readonly Owed[], now: UnixMillis): Owed {
  const [first] = rows;
  return {
    channelId: first.channelId,
    position: first.position,
    positions: rows.flatMap(({ positions }) => positions),
    priority: rows.reduce((most, { priority }) => (priority < most ? priority : most), first.priority),
    owedAt: now,
  };
}

/** What one message says of a backlog, and what is remembered once it is posted. */
export interface BacklogPlan {
  /** The last event of each incident that is worth a line, oldest first; none: nothing is to be said. */
  readonly events: readonly IncidentEvent[];
  readonly roleId: string | null;
  readonly replyTo: string | null;
  /** `messageId` null where nothing was posted. */
  readonly told: (messageId: string | null) => readonly ToldRecord[];
}

/**
 * Each incident goes by its last event, and has a line if the channel would have heard anything of it; what began and
 * ended unheard is told as past.
 */
export function planBacklog(
  events: readonly LoggedEvent[],
  subscription: Subscription,
  told: readonly ToldRecord[],
  now: UnixMillis,
): BacklogPlan {
  const lines: IncidentEvent[] = [];
  const after: ToldRecord[] = [];
  let replyTo: string | null = null;
  let isNews = false;
  for (const [incident, ofIncident] of byIncident(events)) {
    const before = told.find((one) => one.incident === incident) ?? null;
    let present = before;
    let isLine = false;
    for (const logged of ofIncident) {
      const plan = planOf(logged.event, subscription, present, now);
      present = toldAfter(plan, logged, subscription.channelId, present, thisMessage, now) ?? present;
      if (plan.kind !== 'post') continue;
      isLine = true;
      isNews ||= plan.part === 'start' || plan.part === 'escalation';
    }
    if (isLine) {
      lines.push(ofIncident[ofIncident.length - 1].event);
      replyTo = before?.firstMessageId ?? null;
    }
    if (present !== null && present !== before) after.push(present);
  }
  return {
    events: lines,
    roleId: isNews ? subscription.roleId : null,
    replyTo: lines.length === 1 ? replyTo : null,
    // Where nothing was posted, nothing points at it.
    told: (messageId) =>
      after.map((one) =>
        one.firstMessageId === thisMessage ? { ...one, firstMessageId: messageId ?? '', position: null } : one,
      ),
  };
}

/** Stands for the id of the message that is yet to be posted. */
const thisMessage = 'this message';

function byIncident(events: readonly LoggedEvent[]): Map<string, LoggedEvent[]> {
  const groups = new Map<string, LoggedEvent[]>();
  for (const { position, event } of events)
    for (const single of singlesOf(event)) {
      if (single.incident === null) continue;
      const logged = { position, event: single };
      const group = groups.get(single.incident);
      if (group === undefined) groups.set(single.incident, [logged]);
      else group.push(logged);
    }
  return groups;
}
