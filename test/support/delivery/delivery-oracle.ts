import {
  planOf,
  toldAfter,
  type Message,
  type Subscription,
  type ToldRecord,
} from '../../../src/edges/delivery/index.js';
import { singlesOf, type IncidentEvent } from '../../../src/core/incidents/index.js';

interface Step {
  readonly id: string;
  readonly part: string;
  /** The incidents that the message tells this channel of; several if it combines countries. */
  readonly incidents: readonly (string | null)[];
  readonly position: number;
}

/** What a channel would hear if nothing ever went wrong. */
export function undisturbed(events: readonly IncidentEvent[], subscription: Subscription): Step[] {
  const told = new Map<string, ToldRecord>();
  return events.flatMap((event, index): Step[] => {
    // The combined event tells of it.
    if (event.partOf !== null) return [];
    const position = index + 1;
    const posts = singlesOf(event).flatMap((single) => {
      const before = single.incident === null ? null : (told.get(single.incident) ?? null);
      const plan = planOf(single, subscription, before, single.at);
      const after = toldAfter(plan, { event: single, position }, subscription.channelId, before, 'x', single.at);
      if (after !== null) told.set(after.incident, after);
      return plan.kind === 'post' ? [{ part: plan.part, incident: single.incident }] : [];
    });
    const part = ['start', 'escalation', 'update', 'recovery'].find((each) => posts.some((post) => post.part === each));
    return part === undefined
      ? []
      : [{ id: event.id, part, incidents: posts.map(({ incident }) => incident), position }];
  });
}

/** By event id, the event's place in the log. An event that a combined one tells has the place of the combined one. */
function positionsOf(events: readonly IncidentEvent[]): Map<string, number> {
  const positions = new Map(events.map(({ id }, index) => [id, index + 1]));
  for (const { id, partOf } of events) if (partOf !== null) positions.set(id, positions.get(partOf)!);
  return positions;
}

/**
 * What is wrong with the messages in a channel (in the channel's order), a sentence each. Leaves out doubles: see
 * `doubles`.
 */
export function faultsIn(
  messages: readonly Message[],
  subscription: Subscription,
  events: readonly IncidentEvent[],
): string[] {
  const expected = undisturbed(events, subscription);
  const positionOf = positionsOf(events);
  const heard = withoutDoubles(messages);
  const backlogs = heard.filter((message) => message.kind === 'backlog');
  const alerts = heard.filter((message) => message.kind === 'alert');
  const wrong: string[] = [];
  if (backlogs.length === 0) {
    const said = alerts.map(({ event, part }) => `${event.id} ${part}`).join(', ');
    const wanted = expected.map(({ id, part }) => `${id} ${part}`).join(', ');
    if (said !== wanted) wrong.push(`heard [${said}], not [${wanted}]`);
    return wrong;
  }
  const alerted = new Set(alerts.map(({ event }) => event.id));
  for (const { id, incidents, position } of expected) {
    const isSummed = (incident: string | null): boolean =>
      backlogs.some(({ events: lines }) =>
        lines.some((line) => line.incident === incident && positionOf.get(line.id)! >= position),
      );
    const summed = incidents.every(isSummed);
    if (!alerted.has(id) && !summed) wrong.push(`never heard ${id}`);
  }
  const wanted = new Set(expected.map(({ id }) => id));
  const summedUp = new Set(backlogs.flatMap(({ events: lines }) => lines.map(({ incident }) => incident)));
  for (const { event } of alerts)
    if (!wanted.has(event.id) && !summedUp.has(event.incident)) wrong.push(`heard ${event.id} unasked`);
  let last = 0;
  for (const message of heard) {
    const position =
      message.kind === 'alert'
        ? positionOf.get(message.event.id)!
        : message.kind === 'backlog'
          ? Math.max(...message.events.map(({ id }) => positionOf.get(id)!))
          : 0;
    if (position < last) wrong.push(`${footer(message)} came after what is newer`);
    last = position;
  }
  return wrong;
}

/**
 * The repetitions in a channel, one for each message that repeats an event: the same message again, or a backlog that
 * includes an event the channel had heard.
 */
export function doubles(messages: readonly Message[]): string[] {
  const seen = new Set<string>();
  return messages.flatMap((message) => {
    const ids = idsIn(message);
    const again = ids.find((id) => seen.has(id));
    for (const id of ids) seen.add(id);
    return again === undefined ? [] : [again];
  });
}

function withoutDoubles(messages: readonly Message[]): Message[] {
  const seen = new Set<string>();
  return messages.filter((message) => !seen.has(footer(message)) && seen.add(footer(message)));
}

function idsIn(message: Message): string[] {
  switch (message.kind) {
    case 'alert':
      return [message.event.id, ...message.event.countries.map(({ id }) => id)];
    case 'backlog':
      return message.events.map(({ id }) => id);
    case 'notice':
      return [message.id];
  }
}

function footer(message: Message): string {
  return `${message.kind} ${idsIn(message).join(' ')}`;
}
