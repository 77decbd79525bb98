import type { Clock } from '../../clock.js';
import type { IncidentEvent } from '../../../core/incidents/index.js';
import type { Logger } from '../../observability/index.js';
import { planAtOnce } from '../plan/at-once.js';
import { combined, isExpired, planBacklog } from '../plan/backlog.js';
import type { EditSubscription } from '../edit-subscription.js';
import type { BestEffortQueue } from './best-effort-queue.js';
import type { Gate } from './gate.js';
import type { BackOff } from '../../waiting/index.js';
import type { StoreRetry } from '../store-retry.js';
import { close, postpone, served, type Lane } from './lanes.js';
import { planOf, toldAfter } from '../plan/plan.js';
import type { FindResult, LoggedEvent, Message, Outbox, Owed, Send, SendResult, ToldRecord } from '../ports.js';

/**
 * Discord remembers a nonce for some minutes; for so long it is relied on, afterwards the channel's own messages are
 * looked at.
 */
const nonceTrustMs = 120_000;
/** A request that was given up may still be on its way into the channel for so long. */
const settleMs = 60_000;
/** What one message can sum up. */
const backlogLimit = 500;
/** A wait shorter than this is pacing, and no trouble. */
const pacingMs = 10_000;

export interface ServeOptions {
  readonly outbox: Outbox;
  readonly eventAt: (position: number) => Promise<LoggedEvent | null>;
  readonly send: Send;
  readonly gate: Gate;
  readonly bestEffort: BestEffortQueue;
  readonly storeRetry: StoreRetry;
  readonly editSubscription: EditSubscription;
  readonly operatorChannelId: string | null;
  readonly clock: Clock;
  readonly backOff: BackOff;
  readonly logger: Logger;
  readonly report: DeliveryReport;
}

/** What delivery has to say of itself while it works: for metrics and the operator. */
export interface DeliveryReport {
  /** After every attempt. ageMs: from the tick that decided until now. */
  attempt(result: SendResult['kind'], ageMs: number): void;
  /** A message was posted though nobody could tell whether it stood there already. */
  doubtful(channelId: string): void;
  /** A message was given up: a fault of ours. */
  lost(channelId: string, reason: string): void;
  /** A start was posted: as long as it is new it is kept up to date. */
  started(told: ToldRecord, event: IncidentEvent): void;
  /** Its end was told: it gets its last edit. */
  ended(channelId: string, incident: string): void;
}

/** What is to be posted, and what is remembered then. */
interface Post {
  readonly message: Message;
  readonly told: (messageId: string) => readonly ToldRecord[];
}

type Composed =
  { readonly kind: 'post'; readonly post: Post } | { readonly kind: 'nothing'; readonly told: readonly ToldRecord[] };

/** Brings a channel one message further. */
export function createServe(options: ServeOptions): (lane: Lane, signal: AbortSignal) => Promise<void> {
  const { outbox, eventAt, send, gate, bestEffort, storeRetry, clock, backOff, logger, report } = options;

  const eventsOf = async ({ positions }: Owed): Promise<LoggedEvent[]> =>
    (await Promise.all(positions.map(eventAt))).filter((logged) => logged !== null);

  /** `owed` is done with; `next` is what the channel is owed then, as far as was read. */
  const acknowledge = async (
    lane: Lane,
    owed: Owed,
    told: readonly ToldRecord[],
    next: Owed | undefined,
    signal: AbortSignal,
  ): Promise<void> => {
    const done = await storeRetry.run('save what it has told', signal, async () => {
      await outbox.acknowledge(owed, told);
      return true;
    });
    // Stopped before it was saved: to the next process it is in doubt.
    if (done === null) return;
    served(lane, next ?? lane);
    lane.drained = next === undefined;
  };

  const compose = (
    head: Owed,
    events: readonly LoggedEvent[],
    state: Awaited<ReturnType<Outbox['channel']>>,
  ): Composed => {
    const now = clock.now();
    const { subscription } = state;
    const { channelId } = head;
    const [first] = events as (LoggedEvent | undefined)[];
    if (first?.event.kind === 'notice' && channelId === options.operatorChannelId) {
      const { id, notice, reason } = first.event;
      return { kind: 'post', post: { message: { kind: 'notice', id, text: notice ?? reason }, told: () => [] } };
    }
    if (first === undefined || subscription?.standing.kind !== 'active') return { kind: 'nothing', told: [] };
    if (head.positions.length > 1 || isExpired(first.event, now)) {
      const { events: lines, roleId, replyTo, told } = planBacklog(events, subscription, state.told, now);
      if (lines.length === 0) return { kind: 'nothing', told: told(null) };
      return { kind: 'post', post: { message: { kind: 'backlog', events: lines, roleId, replyTo, at: now }, told } };
    }
    if (first.event.countries.length > 0) {
      const plan = planAtOnce(first, subscription, state.told, now);
      if (plan === null) return { kind: 'nothing', told: [] };
      return {
        kind: 'post',
        post: {
          message: { kind: 'alert', event: plan.event, ...plan.post, silent: false, revision: 0, end: null },
          told: plan.told,
        },
      };
    }
    const before = state.told.find(({ incident }) => incident === first.event.incident) ?? null;
    const plan = planOf(first.event, subscription, before, now);
    const told = (messageId: string | null): ToldRecord[] =>
      [toldAfter(plan, first, channelId, before, messageId, clock.now()) ?? []].flat();
    if (plan.kind !== 'post') return { kind: 'nothing', told: told(null) };
    const { part, roleId, replyTo, silent } = plan;
    return {
      kind: 'post',
      post: {
        message: { kind: 'alert', event: first.event, part, roleId, replyTo, silent, revision: 0, end: null },
        told,
      },
    };
  };

  /** What is nice to have, once a message was taken or passed over. */
  const follow = async (
    channelId: string,
    message: Message | null,
    messageId: string | null,
    told: readonly ToldRecord[],
    events: readonly LoggedEvent[],
  ): Promise<void> => {
    if (message?.kind === 'alert' && messageId !== null) {
      if (message.part === 'start' || message.part === 'recovery')
        bestEffort.add({ kind: 'crosspost', channelId, messageId });
      // Of several countries nothing is brought up to date: it said what was so at once.
      if (message.part === 'start' && message.event.country !== null)
        for (const one of told) report.started(one, message.event);
    }
    for (const { incident, over, position, firstMessageId } of told) {
      const end = events.findLast(({ event }) => event.incident === incident)?.event;
      if (over) report.ended(channelId, incident);
      if (!over || position === null || end === undefined) continue;
      const first = await eventAt(position);
      if (first === null) continue;
      const edited: Message = {
        kind: 'alert',
        event: first.event,
        part: 'start',
        roleId: null,
        replyTo: null,
        silent: true,
        revision: 0,
        end,
      };
      bestEffort.add({ kind: 'edit', channelId, messageId: firstMessageId, message: edited });
    }
  };

  /** Whether the message in doubt stands in the channel already. */
  const look = async (lane: Lane, message: Message, since: number, signal: AbortSignal): Promise<FindResult> => {
    const startedAt = clock.now();
    const result = await send.find(lane.channelId, message, since, signal);
    if (result.kind !== 'retry') gate.pass(startedAt);
    else {
      if (result.scope === 'everywhere') gate.fail(startedAt, clock.now(), result.afterMs, result.reason);
      postpone(lane, clock.now(), result.afterMs, backOff);
    }
    // What nobody can tell now may be told once the channel is open to us again.
    if (result.kind === 'absent') lane.doubt = null;
    return result;
  };

  const afterAttempt = async (
    lane: Lane,
    head: Owed,
    result: Exclude<SendResult, { kind: 'sent' }>,
    startedAt: number,
    next: Owed | undefined,
    signal: AbortSignal,
  ): Promise<void> => {
    const { channelId } = lane;
    if (result.kind !== 'retry') gate.pass(startedAt);
    switch (result.kind) {
      case 'retry': {
        const { afterMs, scope, maybeTaken, reason } = result;
        if (maybeTaken)
          lane.doubt = { position: head.position, since: lane.doubt?.since ?? startedAt, lastAt: clock.now() };
        if (scope === 'everywhere') gate.fail(startedAt, clock.now(), afterMs, reason);
        postpone(lane, clock.now(), afterMs, backOff);
        const pacing = afterMs !== null && afterMs < pacingMs;
        logger[pacing ? 'debug' : 'warn']({ channelId, position: head.position }, `not told yet: ${reason}`);
        return;
      }
      case 'closed':
        close(lane, clock.now(), result.reason);
        logger.warn(
          { channelId, position: head.position },
          `channel closed to us: ${result.reason}; nothing is lost, it is tried again`,
        );
        return;
      case 'gone':
        if (channelId === options.operatorChannelId) {
          close(lane, clock.now(), result.reason);
          logger.error({ channelId }, `OPERATOR_CHANNEL_ID: ${result.reason}`);
          return;
        }
        logger.warn({ channelId }, `subscription laid aside: ${result.reason}`);
        await storeRetry.run('save that a channel is gone', signal, () =>
          options.editSubscription(channelId, (present) =>
            present === null
              ? null
              : { ...present, standing: { kind: 'gone', at: clock.now(), reason: result.reason } },
          ),
        );
        await acknowledge(lane, head, [], next, signal);
        return;
      case 'refused':
        logger.error(
          { channelId, position: head.position },
          `GIVEN UP: Discord takes neither this message nor its text alone: ${result.reason}`,
        );
        report.lost(channelId, result.reason);
        await acknowledge(lane, head, [], next, signal);
    }
  };

  const attempt = async (
    lane: Lane,
    head: Owed,
    post: Post,
    unsure: boolean,
    events: readonly LoggedEvent[],
    next: Owed | undefined,
    signal: AbortSignal,
  ): Promise<void> => {
    const startedAt = clock.now();
    let result: SendResult;
    try {
      result = await send.post(lane.channelId, post.message, signal);
    } catch (error) {
      // A bug, but one that must not lose the message nor end the process.
      logger.error({ err: error, channelId: lane.channelId }, 'sending failed in a way nobody foresaw');
      result = { kind: 'retry', afterMs: null, scope: 'channel', maybeTaken: true, reason: String(error) };
    }
    report.attempt(result.kind, clock.now() - (events.at(-1)?.event.at ?? clock.now()));
    if (result.kind === 'sent') {
      gate.pass(startedAt);
      if (unsure) report.doubtful(lane.channelId);
      await finish(lane, head, post, result.messageId, events, next, signal);
    } else await afterAttempt(lane, head, result, startedAt, next, signal);
  };

  const finish = async (
    lane: Lane,
    head: Owed,
    { message, told }: Post,
    messageId: string,
    events: readonly LoggedEvent[],
    next: Owed | undefined,
    signal: AbortSignal,
  ): Promise<void> => {
    const remembered = told(messageId);
    await acknowledge(lane, head, remembered, next, signal);
    await follow(lane.channelId, message, messageId, remembered, events);
  };

  /**
   * Makes one row of all that the channel is owed up to the next notice, which stands for itself; false: there is
   * nothing to sum up.
   */
  const combine = async (lane: Lane): Promise<boolean> => {
    const { owed } = await outbox.channel(lane.channelId, backlogLimit);
    const firsts = await Promise.all(owed.map(({ position }) => eventAt(position)));
    const notice = firsts.findIndex((logged) => logged?.event.kind === 'notice');
    const rows = notice < 0 ? owed : owed.slice(0, notice);
    if (rows.length < 2) return false;
    await outbox.combine(rows, combined(rows, clock.now()));
    // Read anew before it is told: what stands there is what counts, whoever wrote it.
    lane.grown = true;
    return true;
  };

  return async (lane, signal) => {
    lane.grown = false;
    lane.drained = false;
    const state = await outbox.channel(lane.channelId, 2);
    const [head, next] = state.owed as [Owed | undefined, Owed | undefined];
    if (head === undefined) {
      lane.drained = true;
      return;
    }
    const events = await eventsOf(head);
    const composed = compose(head, events, state);
    const isLate = head.positions.length === 1 && events.length > 0 && isExpired(events[0].event, clock.now());
    let unsure = false;
    if (
      composed.kind === 'post' &&
      lane.doubt?.position === head.position &&
      (isLate || clock.now() - lane.doubt.since >= nonceTrustMs)
    ) {
      const settledAt = lane.doubt.lastAt + settleMs;
      if (isLate && settledAt > clock.now()) {
        postpone(lane, clock.now(), settledAt - clock.now(), backOff);
        return;
      }
      // What tells an old message otherwise than the attempt in doubt did has another nonce: only the channel itself
      // can say.
      const found = await look(lane, composed.post.message, lane.doubt.since, signal);
      if (found.kind === 'retry') return;
      if (found.kind === 'found') return finish(lane, head, composed.post, found.messageId, events, next, signal);
      unsure = found.kind === 'unknown';
    }
    if (isLate && next !== undefined && composed.kind === 'post' && (await combine(lane))) return;
    if (signal.aborted) return;
    if (composed.kind === 'post') return attempt(lane, head, composed.post, unsure, events, next, signal);
    await acknowledge(lane, head, composed.told, next, signal);
    await follow(lane.channelId, null, null, composed.told, events);
  };
}
