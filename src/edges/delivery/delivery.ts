import { setMaxListeners } from 'node:events';
import type { IncidentEvent } from '../../core/incidents/index.js';
import { minuteMs, secondMs, type UnixMillis } from '../../core/time.js';
import type { Clock } from '../clock.js';
import type { Logger } from '../observability/index.js';
import { Bell, type BackOff } from '../waiting/index.js';
import { retryBackOff } from './delays.js';
import { createEditSubscription, type EditSubscription } from './edit-subscription.js';
import { BestEffortQueue, sendBestEffort } from './lanes/best-effort-queue.js';
import { createEventCache } from './lanes/event-cache.js';
import { FollowUps } from './lanes/follow-ups.js';
import { FreshMessages } from './lanes/fresh-messages.js';
import { createGate, type Gate } from './lanes/gate.js';
import { LaneServer, type DeliveryReport } from './lanes/lane-server.js';
import { isLane, Lanes, postpone, reopen, type Lane } from './lanes/lanes.js';
import { beginExpansion, expand } from './plan/expand.js';
import type { EventLog, Expansion, Outbox, Owed, Send, Subscriptions } from './ports.js';
import { StoreRetry } from './store-retry.js';

/** How often new messages are compared with the present numbers. */
const refreshEveryMs = minuteMs;
/** Edits and crossposts at once: an alert that comes among them waits for no more than these. */
const mostBestEffort = 4;
/** Shorter trouble does not make the program unwell. */
const troubleAfterMs = 30 * secondMs;

export interface DeliveryOptions {
  readonly store: EventLog & Outbox & Subscriptions;
  readonly send: Send;
  /** Where notices of the event log go; null: nowhere. */
  readonly operatorChannelId: string | null;
  /** An event with the country's numbers of now; null if they are the same. */
  readonly refresh: (event: IncidentEvent) => Promise<IncidentEvent | null>;
  /** The one that commands use, so that changes do not cross. */
  readonly editSubscription?: EditSubscription;
  /** How often the event log is read without wake(); Infinity: never. */
  readonly pollMs: number;
  /**
   * Channels served at once: as many as `send` takes requests a second. More would wait there in the order in which
   * they came, and an urgent message behind the others.
   */
  readonly mostAtOnce: number;
  readonly clock: Clock;
  /** 0..1, for jitter. */
  readonly random: () => number;
  readonly logger: Logger;
  readonly report: DeliveryReport;
}

/**
 * Reads the event log, writes what each channel is owed, and tells it: a queue for each channel, in each one message at
 * a time.
 */
export class Delivery {
  readonly #options: DeliveryOptions;
  readonly #backOff: BackOff;
  readonly #storeRetry: StoreRetry;
  readonly #gate: Gate;
  readonly #lanes = new Lanes();
  readonly #bestEffort = new BestEffortQueue();
  readonly #fresh = new FreshMessages();
  readonly #server: LaneServer;
  /** Rung when there may be something to send. */
  readonly #toSend: Bell;
  /** Rung when there may be something to read. */
  readonly #toRead: Bell;
  readonly #underWay = new Set<Promise<void>>();
  #bestEffortUnderWay = 0;
  /** Channels with an active subscription, as last read. Only to see whether all of them are closed to the bot. */
  #subscribed: readonly string[] = [];

  constructor(options: DeliveryOptions) {
    const { store, clock, random, logger } = options;
    this.#options = options;
    this.#backOff = retryBackOff(random);
    this.#storeRetry = new StoreRetry({ clock, random, logger });
    this.#gate = createGate(this.#backOff);
    this.#toSend = new Bell(clock);
    this.#toRead = new Bell(clock);
    const eventAt = createEventCache(store);
    this.#server = new LaneServer({
      ...options,
      outbox: store,
      eventAt,
      gate: this.#gate,
      followUps: new FollowUps({ eventAt, bestEffort: this.#bestEffort, fresh: this.#fresh }),
      storeRetry: this.#storeRetry,
      editSubscription: options.editSubscription ?? createEditSubscription(store),
      backOff: this.#backOff,
    });
  }

  /**
   * Tells every channel what it is owed, in order, until the signal; resolves when the requests under way have ended.
   * Never rejects.
   */
  async run(signal: AbortSignal): Promise<void> {
    // Each channel that waits adds a listener.
    setMaxListeners(0, signal);
    await Promise.all([this.#tell(signal), this.#readLog(signal)]);
  }

  /** New events were committed. */
  wake(): void {
    this.#toRead.ring();
  }

  /** Something about these channels changed: those that are closed to the bot are tried again now. */
  reopen(channelIds: Iterable<string>): void {
    for (const channelId of channelIds) {
      const lane = this.#lanes.get(channelId);
      if (lane !== undefined && lane.closed !== null) reopen(lane);
    }
    this.#toSend.ring();
  }

  /** Why no channel is told just now, in a sentence; null while all is well. */
  trouble(): string | null {
    if (this.#storeRetry.trouble !== null) return this.#storeRetry.trouble;
    const { trouble } = this.#gate;
    if (trouble !== null && this.#options.clock.now() - trouble.since >= troubleAfterMs)
      return `Discord: ${trouble.reason}`;
    // One closed channel of many is its owners' concern; if all are closed, alerts reach no one.
    const subscribed = this.#subscribed;
    const isDeaf = subscribed.length > 0 && subscribed.every((channelId) => this.troubleOf(channelId) !== null);
    return isDeaf ? `Discord: ${this.troubleOf(subscribed[0]) ?? ''}` : null;
  }

  /** Why a channel is closed to the bot; null while it is open. */
  troubleOf(channelId: string): string | null {
    return this.#lanes.get(channelId)?.closed?.reason ?? null;
  }

  /** How many channels are closed to the bot. */
  closed(): number {
    return this.#lanes.closed.length;
  }

  /** Wall clock; since when the oldest message waits that is not for a closed channel. */
  waitingSince(): UnixMillis | null {
    return this.#lanes.waitingSince;
  }

  async #tell(signal: AbortSignal): Promise<void> {
    const { store, clock } = this.#options;
    const heads = await this.#storeRetry.run('read what is owed', signal, () => store.heads());
    // The process before this one may have posted what it could not acknowledge.
    for (const head of heads ?? [])
      this.#lanes.add(head).doubt = { position: head.position, since: head.owedAt, lastAt: clock.now() };
    await this.#storeRetry.run('read who is subscribed', signal, () => this.#readSubscribed());
    let refreshAt = clock.now() + refreshEveryMs;
    while (!signal.aborted) {
      if (clock.now() >= refreshAt) {
        refreshAt = clock.now() + refreshEveryMs;
        await this.#refresh();
      }
      const until = Math.min(this.#dispatch(signal), refreshAt);
      await this.#toSend.wait(until - clock.now(), signal);
    }
    await Promise.all(this.#underWay);
  }

  /** Starts everything that may start now; when to look again. */
  #dispatch(signal: AbortSignal): UnixMillis {
    const lanes = this.#lanes;
    for (;;) {
      const now = this.#options.clock.now();
      const opensAt = this.#gate.opensAt(now, lanes.underWay);
      if (opensAt > now) return opensAt;
      const next = lanes.next(now);
      if (isLane(next)) {
        if (lanes.underWay >= this.#options.mostAtOnce) return Infinity;
        this.#track(this.#serve(next, signal));
      } else {
        // An edit or a crosspost is no way to find out whether Discord is back.
        if (this.#bestEffortUnderWay >= mostBestEffort || this.#gate.trouble !== null) return next.at;
        const request = this.#bestEffort.take();
        if (request === null) return next.at;
        this.#track(this.#sendBestEffort(request, signal));
      }
    }
  }

  #track(work: Promise<void>): void {
    this.#underWay.add(work);
    void work.then(() => this.#underWay.delete(work));
  }

  async #serve(lane: Lane, signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.#options;
    this.#lanes.begin(lane);
    try {
      await this.#server.serve(lane, signal);
      this.#storeRetry.trouble = null;
    } catch (error) {
      this.#storeRetry.trouble = `cannot read what is owed: ${String(error)}`;
      logger.warn({ err: error, channelId: lane.channelId }, 'delivery cannot read what is owed, trying again');
      postpone(lane, clock.now(), null, this.#backOff);
    } finally {
      this.#lanes.end(lane);
      this.#toSend.ring();
    }
  }

  async #sendBestEffort(request: Parameters<typeof sendBestEffort>[0], signal: AbortSignal): Promise<void> {
    const { send, logger } = this.#options;
    this.#bestEffortUnderWay++;
    try {
      await sendBestEffort(request, send, signal);
    } catch (error) {
      logger.error({ err: error }, 'an edit or a crosspost failed because of a fault in this program');
    }
    this.#bestEffortUnderWay--;
    this.#toSend.ring();
  }

  async #refresh(): Promise<void> {
    const { clock, refresh, logger } = this.#options;
    await this.#fresh
      .update(clock.now(), refresh, this.#bestEffort)
      .catch((error: unknown) => logger.warn({ err: error }, 'messages cannot be brought up to date'));
    if (this.#lanes.closed.length > 0)
      await this.#readSubscribed().catch((error: unknown) =>
        logger.warn({ err: error }, 'subscriptions cannot be read'),
      );
  }

  async #readSubscribed(): Promise<void> {
    this.#subscribed = (await this.#options.store.subscriptions())
      .filter(({ standing }) => standing.kind === 'active')
      .map(({ channelId }) => channelId);
  }

  /** Turns new events into what channels are owed. */
  async #readLog(signal: AbortSignal): Promise<void> {
    const { store, pollMs } = this.#options;
    const storeRetry = this.#storeRetry;
    const expandOptions = { ...this.#options, onOwed: (rows: readonly Owed[]) => this.#owed(rows) };
    let reached: Expansion | null = await storeRetry.run('read how far it has told', signal, () =>
      beginExpansion(store),
    );
    const stopped = (): boolean => signal.aborted;
    while (reached !== null && !stopped()) {
      const from: Expansion = reached;
      // The store is asked each time where the expansion stands: a write that failed without an answer may be done.
      reached = await storeRetry.run('read the event log', signal, async () =>
        expand((await store.expansion()) ?? from, expandOptions, signal),
      );
      if (reached?.position === from.position && !stopped()) await this.#toRead.wait(pollMs, signal);
    }
  }

  #owed(rows: readonly Owed[]): void {
    for (const row of rows) this.#lanes.add(row);
    this.#toSend.ring();
  }
}
