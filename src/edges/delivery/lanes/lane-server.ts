import { minuteMs, secondMs, type UnixMillis } from '../../../core/time.js';
import type { Clock } from '../../clock.js';
import type { Logger } from '../../observability/index.js';
import type { BackOff } from '../../waiting/index.js';
import type { EditSubscription } from '../edit-subscription.js';
import { backlogRow, isExpired } from '../plan/backlog.js';
import { compose, toldAs, type Composed } from '../plan/compose.js';
import type {
  ChannelState,
  FindResult,
  LoggedEvent,
  Message,
  Outbox,
  Owed,
  Send,
  SendResult,
  ToldRecord,
} from '../ports.js';
import type { StoreRetry } from '../store-retry.js';
import type { FollowUps } from './follow-ups.js';
import type { Gate } from './gate.js';
import { close, postpone, served, type Lane } from './lanes.js';

/**
 * Discord remembers a nonce for some minutes. For this long a message in doubt is posted again under its nonce;
 * afterwards the channel's own messages are searched.
 */
const nonceTrustMs = 2 * minuteMs;
/** A request that was given up may still arrive in the channel for this long. */
const settleMs = minuteMs;
/** The most rows that one message sums up. */
const backlogLimit = 500;
/** A shorter wait is Discord's ordinary pacing. */
const pacingMs = 10 * secondMs;

export interface LaneServerOptions {
  readonly outbox: Outbox;
  readonly eventAt: (position: number) => Promise<LoggedEvent | null>;
  readonly send: Send;
  readonly gate: Gate;
  readonly followUps: FollowUps;
  readonly storeRetry: StoreRetry;
  readonly editSubscription: EditSubscription;
  readonly operatorChannelId: string | null;
  readonly clock: Clock;
  readonly backOff: BackOff;
  readonly logger: Logger;
  readonly report: DeliveryReport;
}

/** What delivery says of its work, for metrics and the operator. */
export interface DeliveryReport {
  /** After every attempt. ageMs: from the tick that decided the event until now. */
  attempt(result: SendResult['kind'], ageMs: number): void;
  /** A message was posted that may have been in the channel already. */
  doubtful(channelId: string): void;
  /** A message was given up because of a fault in this program. */
  lost(channelId: string, reason: string): void;
}

/** What is done for a channel in one go: to tell, or to pass over, what it is owed first. */
interface Attempt {
  readonly lane: Lane;
  readonly head: Owed;
  /** What the channel is owed after `head`. */
  readonly next: Owed | undefined;
  /** The events of `head` that are still in the log. */
  readonly events: readonly LoggedEvent[];
  readonly composed: Composed;
  readonly signal: AbortSignal;
}

/** Brings a channel one row further. */
export class LaneServer {
  readonly #options: LaneServerOptions;

  constructor(options: LaneServerOptions) {
    this.#options = options;
  }

  async serve(lane: Lane, signal: AbortSignal): Promise<void> {
    const { outbox, eventAt } = this.#options;
    lane.grown = false;
    lane.drained = false;
    const state = await outbox.channel(lane.channelId, 2);
    const head = state.owed.at(0);
    if (head === undefined) {
      lane.drained = true;
      return;
    }
    const events = (await Promise.all(head.positions.map(eventAt))).filter((logged) => logged !== null);
    const composed = this.#compose(head, events, state);
    const attempt = { lane, head, next: state.owed.at(1), events, composed, signal };
    if (composed.message !== null) await this.#tell(attempt, composed.message);
    else if (!signal.aborted) await this.#passOver(attempt);
  }

  #compose(head: Owed, events: readonly LoggedEvent[], { subscription, told }: ChannelState): Composed {
    const first = events.at(0)?.event;
    if (first?.kind !== 'notice' || head.channelId !== this.#options.operatorChannelId)
      return compose(head, events, subscription, told, this.#options.clock.now());
    return { message: { kind: 'notice', id: first.id, text: first.notice ?? first.reason }, told: [] };
  }

  async #tell(attempt: Attempt, message: Message): Promise<void> {
    const { clock } = this.#options;
    const { lane, head, events, next, signal } = attempt;
    const isLate = head.positions.length === 1 && isExpired(events[0].event, clock.now());
    let isDoubtful = false;
    const doubt = lane.doubt?.position === head.position ? lane.doubt : null;
    if (doubt !== null && (isLate || clock.now() - doubt.since >= nonceTrustMs)) {
      // An old message is told in another form than the attempt in doubt told it, under another nonce: only the
      // channel itself shows whether that attempt arrived, once it cannot be on its way any more.
      const waitMs = isLate ? doubt.lastAt + settleMs - clock.now() : 0;
      if (waitMs > 0) {
        postpone(lane, clock.now(), waitMs, this.#options.backOff);
        return;
      }
      const found = await this.#find(attempt, message, doubt.since);
      if (found.kind === 'retry') return;
      if (found.kind === 'found') return this.#posted(attempt, message, found.messageId);
      isDoubtful = found.kind === 'unknown';
    }
    if (isLate && next !== undefined && (await this.#sumUp(lane))) return;
    if (!signal.aborted) await this.#post(attempt, message, isDoubtful);
  }

  /** Searches the channel for the message in doubt. */
  async #find({ lane, signal }: Attempt, message: Message, since: UnixMillis): Promise<FindResult> {
    const { send, gate, clock } = this.#options;
    const startedAt = clock.now();
    const result = await send.find(lane.channelId, message, since, signal);
    if (result.kind === 'retry') this.#retryLater(lane, result, startedAt);
    else gate.pass(startedAt);
    // The doubt remains after `unknown`: the channel may be readable later.
    if (result.kind === 'absent') lane.doubt = null;
    return result;
  }

  /**
   * Makes one row of all that the channel is owed up to the next notice, which stands for itself; false: there is
   * only one.
   */
  async #sumUp(lane: Lane): Promise<boolean> {
    const { outbox, eventAt, clock } = this.#options;
    const { owed } = await outbox.channel(lane.channelId, backlogLimit);
    const firsts = await Promise.all(owed.map(({ position }) => eventAt(position)));
    const notice = firsts.findIndex((logged) => logged?.event.kind === 'notice');
    const rows = notice < 0 ? owed : owed.slice(0, notice);
    if (rows.length < 2) return false;
    await outbox.combine(rows, backlogRow(rows, clock.now()));
    // The row is read again before it is told: the store decides, because another process may have written.
    lane.grown = true;
    return true;
  }

  async #post(attempt: Attempt, message: Message, isDoubtful: boolean): Promise<void> {
    const { send, gate, clock, logger, report } = this.#options;
    const { lane, events, signal } = attempt;
    const { channelId } = lane;
    const startedAt = clock.now();
    let result: SendResult;
    try {
      result = await send.post(channelId, message, signal);
    } catch (error) {
      // A bug, but one that must not lose the message nor end the process.
      logger.error({ err: error, channelId }, 'sending failed because of a fault in this program, trying again');
      result = { kind: 'retry', afterMs: null, scope: 'channel', maybeTaken: true, reason: String(error) };
    }
    report.attempt(result.kind, clock.now() - (events.at(-1)?.event.at ?? clock.now()));
    if (result.kind !== 'retry') gate.pass(startedAt);
    if (result.kind !== 'sent') return this.#notPosted(attempt, result, startedAt);
    if (isDoubtful) report.doubtful(channelId);
    await this.#posted(attempt, message, result.messageId);
  }

  async #posted(attempt: Attempt, message: Message, messageId: string): Promise<void> {
    const { clock, followUps } = this.#options;
    const { lane, events, composed } = attempt;
    const told = toldAs(composed, messageId, clock.now());
    await this.#acknowledge(attempt, told);
    followUps.posted(lane.channelId, message, messageId, told);
    await followUps.acknowledged(lane.channelId, events, told);
  }

  async #passOver(attempt: Attempt): Promise<void> {
    const { lane, events, composed } = attempt;
    await this.#acknowledge(attempt, composed.told);
    await this.#options.followUps.acknowledged(lane.channelId, events, composed.told);
  }

  async #acknowledge({ lane, head, next, signal }: Attempt, told: readonly ToldRecord[]): Promise<void> {
    const { outbox, storeRetry } = this.#options;
    const done = await storeRetry.run('save what it has told', signal, async () => {
      await outbox.acknowledge(head, told);
      return true;
    });
    // Stopped before it was saved: the next process finds the row in doubt.
    if (done === null) return;
    served(lane, next ?? lane);
    lane.drained = next === undefined;
  }

  async #notPosted(
    attempt: Attempt,
    result: Exclude<SendResult, { kind: 'sent' }>,
    startedAt: UnixMillis,
  ): Promise<void> {
    const { clock, logger, report } = this.#options;
    const { lane, head } = attempt;
    const { channelId } = lane;
    const { reason } = result;
    const where = { channelId, position: head.position };
    switch (result.kind) {
      case 'retry': {
        if (result.maybeTaken)
          lane.doubt = { position: head.position, since: lane.doubt?.since ?? startedAt, lastAt: clock.now() };
        this.#retryLater(lane, result, startedAt);
        const isPacing = result.afterMs !== null && result.afterMs < pacingMs;
        logger[isPacing ? 'debug' : 'warn'](where, `not told yet: ${reason}`);
        return;
      }
      case 'closed':
        close(lane, clock.now(), reason);
        logger.warn(where, `the channel is closed to the bot: ${reason}; its messages are kept and tried again`);
        return;
      case 'gone':
        return this.#channelGone(attempt, reason);
      case 'refused':
        logger.error(where, `GIVEN UP: Discord takes neither this message nor its text alone: ${reason}`);
        report.lost(channelId, reason);
        await this.#acknowledge(attempt, []);
    }
  }

  #retryLater(lane: Lane, { afterMs, scope, reason }: Extract<SendResult, { kind: 'retry' }>, startedAt: number): void {
    const { gate, clock, backOff } = this.#options;
    if (scope === 'everywhere') gate.fail(startedAt, clock.now(), afterMs, reason);
    postpone(lane, clock.now(), afterMs, backOff);
  }

  async #channelGone(attempt: Attempt, reason: string): Promise<void> {
    const { clock, logger, operatorChannelId, storeRetry, editSubscription } = this.#options;
    const { lane, signal } = attempt;
    const { channelId } = lane;
    if (channelId === operatorChannelId) {
      close(lane, clock.now(), reason);
      logger.error({ channelId }, `OPERATOR_CHANNEL_ID: ${reason}`);
      return;
    }
    logger.warn({ channelId }, `the channel is gone, its subscription is put aside: ${reason}`);
    await storeRetry.run('save that a channel is gone', signal, () =>
      editSubscription(
        channelId,
        (present) => present && { ...present, standing: { kind: 'gone', at: clock.now(), reason } },
      ),
    );
    await this.#acknowledge(attempt, []);
  }
}
