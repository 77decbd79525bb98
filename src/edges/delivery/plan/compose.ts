import { singlesOf, type IncidentEvent } from '../../../core/incidents/index.js';
import type { UnixMillis } from '../../../core/time.js';
import { priorities, type LoggedEvent, type Message, type Owed, type ToldRecord } from '../ports.js';
import type { Subscription } from '../subscriptions/subscription.js';
import { isExpired } from './backlog.js';
import { planOf, toldAfter } from './plan.js';

type Part = keyof typeof priorities;

/** What a channel gets for a row that it is owed. */
export interface Composed {
  /** null: there is nothing to say. */
  readonly message: Message | null;
  /** What is remembered once the message is posted; in a record that it begins it stands as `thisMessage`. */
  readonly told: readonly ToldRecord[];
}

/** What an incident's events come to for one channel. */
interface Outcome {
  readonly before: ToldRecord | null;
  after: ToldRecord | null;
  /** What its events would each be to the channel; none: the channel hears nothing of the incident. */
  readonly parts: Part[];
  last: IncidentEvent;
}

/** Stands for the id of the message that is yet to be posted. */
const thisMessage = 'this message';

/**
 * The message for a row that a channel is owed, by what it was told before. A single event is an alert, of one country
 * or of several; several events, or one that is no longer news, are a backlog.
 */
export function compose(
  owed: Owed,
  events: readonly LoggedEvent[],
  subscription: Subscription | null,
  told: readonly ToldRecord[],
  now: UnixMillis,
): Composed {
  if (events.length === 0 || subscription?.standing.kind !== 'active') return { message: null, told: [] };
  const isBacklog = owed.positions.length > 1 || isExpired(events[0].event, now);
  const outcomes = outcomesOf(events, subscription, told, now).filter(
    // A backlog tells how incidents stand; an instability is none.
    ({ last }) => !isBacklog || last.incident !== null,
  );
  const heard = outcomes.filter(({ parts }) => parts.length > 0);
  const isSingle = !isBacklog && events[0].event.countries.length === 0;
  return {
    message:
      heard.length === 0
        ? null
        : isBacklog
          ? backlogOf(heard, subscription, now)
          : alertOf(events[0].event, heard, subscription),
    told: outcomes.flatMap(({ before, after }) => {
      if (after === null || after === before) return [];
      // A message that tells of several incidents is not any one incident's to edit.
      return after.firstMessageId === thisMessage && !isSingle ? [{ ...after, position: null }] : [after];
    }),
  };
}

/** The records of `composed` once its message was posted. */
export function toldAs({ told }: Composed, messageId: string, at: UnixMillis): ToldRecord[] {
  return told.map((record) =>
    record.firstMessageId === thisMessage ? { ...record, firstMessageId: messageId, at } : record,
  );
}

/** One for each incident, in the order of their first events; an event without an incident stands alone. */
function outcomesOf(
  events: readonly LoggedEvent[],
  subscription: Subscription,
  told: readonly ToldRecord[],
  now: UnixMillis,
): Outcome[] {
  const outcomes = new Map<string, Outcome>();
  for (const { position, event } of events)
    for (const single of singlesOf(event)) {
      const key = single.incident ?? single.id;
      let outcome = outcomes.get(key);
      if (outcome === undefined) {
        const before = told.find(({ incident }) => incident === single.incident) ?? null;
        outcomes.set(key, (outcome = { before, after: before, parts: [], last: single }));
      }
      const plan = planOf(single, subscription, outcome.after, now);
      const logged = { position, event: single };
      outcome.after = toldAfter(plan, logged, subscription.channelId, outcome.after, thisMessage, now) ?? outcome.after;
      if (plan.kind === 'post') outcome.parts.push(plan.part);
      outcome.last = single;
    }
  return [...outcomes.values()];
}

function alertOf(event: IncidentEvent, heard: readonly Outcome[], subscription: Subscription): Message {
  const part = mostUrgent(heard);
  const replies = new Set(heard.map(({ before }) => before?.firstMessageId ?? null));
  return {
    kind: 'alert',
    event: event.countries.length === 0 ? event : withFirst(event, new Set(heard.map(({ last }) => last.id))),
    part,
    roleId: roleFor(part, subscription),
    replyTo: replies.size === 1 ? [...replies][0] : null,
    silent: part === 'recovery' && subscription.quietRecovery,
    revision: 0,
    end: null,
  };
}

/** A combined event with the countries of these single events first. */
function withFirst(event: IncidentEvent, ids: ReadonlySet<string>): IncidentEvent {
  const first = event.countries.filter(({ id }) => ids.has(id));
  return { ...event, countries: [...first, ...event.countries.filter(({ id }) => !ids.has(id))] };
}

function backlogOf(heard: readonly Outcome[], subscription: Subscription, now: UnixMillis): Message {
  return {
    kind: 'backlog',
    events: heard.map(({ last }) => last),
    roleId: roleFor(mostUrgent(heard), subscription),
    replyTo: heard.length === 1 ? (heard[0].before?.firstMessageId ?? null) : null,
    at: now,
  };
}

function mostUrgent(heard: readonly Outcome[]): Part {
  return heard
    .flatMap(({ parts }) => parts)
    .reduce((most, part) => (priorities[part] < priorities[most] ? part : most), 'recovery');
}

/** A start or an escalation pings the role. */
function roleFor(part: Part, { roleId }: Subscription): string | null {
  return part === 'start' || part === 'escalation' ? roleId : null;
}
