import { isOver, singlesOf, type IncidentEvent } from '../../../core/incidents/index.js';
import { priorities, type Priority, type ToldRecord } from '../ports.js';
import { isMuted, thresholdOf, type Severity, type Subscription } from '../subscriptions/subscription.js';
import type { UnixMillis } from '../../../core/time.js';

const ranks: Readonly<Record<Severity | IncidentEvent['level'], number>> = {
  normal: 0,
  unstable: 0,
  degraded: 1,
  major: 2,
  down: 3,
};

/** What one event means for one channel. */
export type Plan =
  | { readonly kind: 'skip'; readonly reason: 'not-concerned' | 'below-threshold' | 'never-told' | 'no-updates-wanted' }
  /** Nothing is posted, but the incident is over for the channel. */
  | { readonly kind: 'end' }
  | {
      readonly kind: 'post';
      readonly part: keyof typeof priorities;
      readonly roleId: string | null;
      readonly replyTo: string | null;
      readonly silent: boolean;
    };

/** How urgent an event is for a channel. */
export function priorityOf({ kind }: IncidentEvent): Priority {
  switch (kind) {
    case 'opened':
    case 'down-again':
    case 'notice':
      return priorities.start;
    case 'escalated':
      return priorities.escalation;
    case 'follow-up':
    case 'partially-restored':
    case 'unstable':
      return priorities.update;
    case 'restored':
    case 'new-normal':
      return priorities.recovery;
  }
}

/** Whether an event may have to be told to a channel; if not, it is not even owed. */
export function concerns(event: IncidentEvent, subscription: Subscription, now: UnixMillis): boolean {
  if (event.countries.length > 0) return singlesOf(event).some((single) => concernsOf(single, subscription, now));
  return event.partOf === null && concernsOf(event, subscription, now);
}

/** The same for an event of one country, also if it is a part of a combined event. */
function concernsOf(event: IncidentEvent, subscription: Subscription, now: UnixMillis): boolean {
  if (event.country === null || subscription.standing.kind !== 'active') return false;
  const threshold = thresholdOf(subscription, event.country);
  if (threshold === null) return false;
  // An end counts although the country is muted: the event after it is a start again.
  if (!isOver(event) && isMuted(subscription, event.country, now)) return false;
  return event.kind === 'unstable' ? threshold === 'unstable' : ranks[event.worst] >= ranks[threshold];
}

/**
 * What becomes of an event of one country. `told`: what the channel was told of its incident before.
 */
export function planOf(
  event: IncidentEvent,
  subscription: Subscription,
  told: ToldRecord | null,
  now: UnixMillis,
): Plan {
  if (!concernsOf(event, subscription, now)) return { kind: 'skip', reason: 'not-concerned' };
  const { roleId, updates, quietRecovery } = subscription;
  // A relapse after the end was told is a new start.
  const known = told !== null && !told.over ? told : null;
  const replyTo = told?.firstMessageId ?? null;
  switch (event.kind) {
    case 'unstable':
      return { kind: 'post', part: 'update', roleId: null, replyTo: null, silent: false };
    case 'opened':
    case 'escalated':
    case 'down-again':
    case 'follow-up':
      // The first message about an incident is a start, whichever event it tells.
      if (known === null) {
        if (!reaches(event, subscription)) return { kind: 'skip', reason: 'below-threshold' };
        return { kind: 'post', part: 'start', roleId, replyTo, silent: false };
      }
      if (ranks[event.level] > ranks[known.severity])
        return { kind: 'post', part: 'escalation', roleId, replyTo, silent: false };
      return updates === 'all'
        ? { kind: 'post', part: 'update', roleId: null, replyTo, silent: false }
        : { kind: 'skip', reason: 'no-updates-wanted' };
    case 'partially-restored':
      if (known === null) return { kind: 'skip', reason: 'never-told' };
      return updates === 'all'
        ? { kind: 'post', part: 'update', roleId: null, replyTo, silent: false }
        : { kind: 'skip', reason: 'no-updates-wanted' };
    case 'restored':
    case 'new-normal':
      if (known === null) return { kind: 'skip', reason: 'never-told' };
      if (event.country !== null && isMuted(subscription, event.country, now)) return { kind: 'end' };
      return updates === 'start'
        ? { kind: 'end' }
        : { kind: 'post', part: 'recovery', roleId: null, replyTo, silent: quietRecovery };
    case 'notice':
      return { kind: 'skip', reason: 'not-concerned' };
  }
}

/** What is remembered once `plan` was carried out, its message posted as `messageId`; null: nothing new. */
export function toldAfter(
  plan: Plan,
  { event, position }: { readonly event: IncidentEvent; readonly position: number },
  channelId: string,
  told: ToldRecord | null,
  messageId: string,
  now: UnixMillis,
): ToldRecord | null {
  if (plan.kind === 'skip' || event.incident === null) return null;
  if (plan.kind === 'end') return told === null ? null : { ...told, over: true };
  if (told === null || plan.part === 'start') {
    return {
      channelId,
      incident: event.incident,
      firstMessageId: messageId,
      position,
      severity: event.level,
      at: now,
      over: false,
    };
  }
  return { ...told, severity: worse(told.severity, event.level), over: plan.part === 'recovery' };
}

/** Whether the present level, not only the worst one so far, reaches the channel's threshold. */
function reaches({ country, level }: IncidentEvent, subscription: Subscription): boolean {
  const threshold = country === null ? null : thresholdOf(subscription, country);
  return threshold !== null && ranks[level] >= ranks[threshold];
}

function worse(a: IncidentEvent['level'], b: IncidentEvent['level']): IncidentEvent['level'] {
  return ranks[a] >= ranks[b] ? a : b;
}
