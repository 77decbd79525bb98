import type { IncidentEvent } from '../incidents/index.js';
import { concerns, planOf, reaches, worse } from './plan.js';
import type { LoggedEvent, Owed, Told } from './ports.js';
import type { Subscription } from './subscription.js';

type UnixMillis = IncidentEvent['at'];

const hourMs = 3_600_000;
/** How old news may be and still be told by itself. A follow-up is overtaken by the next; an alert or an end is news for six hours. */
const timeToLiveMs: Readonly<Record<IncidentEvent['kind'], number>> = {
  opened: 6 * hourMs, escalated: 6 * hourMs, 'down-again': 6 * hourMs, restored: 6 * hourMs, 'new-normal': 6 * hourMs,
  'follow-up': 2 * hourMs, 'partially-restored': 2 * hourMs, unstable: 2 * hourMs, notice: 24 * hourMs,
};

/** Told by itself, it would read as if it had just happened. */
export function isExpired(event: IncidentEvent, now: UnixMillis): boolean {
  return now - event.at > timeToLiveMs[event.kind];
}

/** Everything a channel is owed as one: what it missed is told in one message, not in a flood. */
export function combined(rows: readonly Owed[], now: UnixMillis): Owed {
  const [first] = rows;
  return {
    channelId: first.channelId, position: first.position, positions: rows.flatMap(({ positions }) => positions),
    priority: rows.reduce((most, { priority }) => (priority < most ? priority : most), first.priority), owedAt: now,
  };
}

/** What one message says of a backlog, and what is remembered once it is posted. */
export interface BacklogPlan {
  /** The last event of each incident that is worth a line, oldest first; none: nothing is to be said. */
  readonly events: readonly IncidentEvent[];
  readonly roleId: string | null;
  readonly replyTo: string | null;
  /** `messageId` null where nothing was posted. */
  readonly told: (messageId: string | null) => readonly Told[];
}

/** Each incident goes by its last event; what began and ended unheard is told as past. */
export function planBacklog(events: readonly LoggedEvent[], subscription: Subscription, told: readonly Told[], now: UnixMillis): BacklogPlan {
  const lines: IncidentEvent[] = [];
  const known: Told[] = [];
  const after: ((messageId: string | null) => Told | null)[] = [];
  let isNews = false;
  for (const [incident, ofIncident] of byIncident(events)) {
    const { event: last } = ofIncident[ofIncident.length - 1];
    const before = told.find((one) => one.incident === incident) ?? null;
    const open = before !== null && !before.over ? before : null;
    if (!concerns(last, subscription, now)) continue;
    const isOver = last.kind === 'restored' || last.kind === 'new-normal';
    const severity = ofIncident.map(({ event }) => event.level).reduce(worse);
    const isLine = open === null
      ? ofIncident.some(({ event }) => reaches(event, subscription))
      : planOf(last, subscription, open, now).kind === 'post';
    if (isLine) lines.push(last);
    if (isLine && open !== null) known.push(open);
    if (open !== null) after.push(() => ({ ...open, severity: worse(open.severity, severity), over: isOver }));
    else if (isLine && !isOver) {
      isNews = true;
      after.push((messageId) => messageId === null ? null : {
        channelId: subscription.channelId, incident, firstMessageId: messageId, position: null, severity, at: now, over: false,
      });
    }
  }
  return {
    events: lines,
    roleId: isNews ? subscription.roleId : null,
    replyTo: lines.length === 1 && known.length === 1 ? known[0].firstMessageId : null,
    told: (messageId) => after.flatMap((make) => make(messageId) ?? []),
  };
}

function byIncident(events: readonly LoggedEvent[]): Map<string, LoggedEvent[]> {
  const groups = new Map<string, LoggedEvent[]>();
  for (const logged of events) {
    const { incident } = logged.event;
    if (incident === null) continue;
    const group = groups.get(incident);
    if (group === undefined) groups.set(incident, [logged]);
    else group.push(logged);
  }
  return groups;
}
