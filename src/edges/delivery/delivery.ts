import { setMaxListeners } from 'node:events';
import type { Clock } from '../clock.js';
import type { IncidentEvent } from '../../core/incidents/index.js';
import type { Logger } from '../observability/index.js';
import { Bell } from '../waiting/index.js';
import { retryBackOff } from './delays.js';
import { createEditSubscription, type EditSubscription } from './edit-subscription.js';
import { BestEffortQueue, sendBestEffort } from './lanes/best-effort-queue.js';
import { createEventCache } from './lanes/event-cache.js';
import { beginExpansion, expand } from './plan/expand.js';
import { FreshMessages } from './lanes/fresh.js';
import { createGate } from './lanes/gate.js';
import { StoreRetry } from './store-retry.js';
import { isLane, Lanes, postpone, reopen, type Lane } from './lanes/lanes.js';
import type { EventLog, Expansion, Outbox, Send, Subscriptions } from './ports.js';
import { createServe, type DeliveryReport } from './lanes/serve.js';

/** How often new messages are looked at for an edit. */
const freshenMs = 60_000;
/** Edits and crossposts at once: an alert that comes among them waits for no more than these. */
const mostBestEffort = 4;
/** Trouble that lasts less than this is no reason to call the service unwell. */
const troubleAfterMs = 30_000;

export interface DeliveryOptions {
  readonly store: EventLog & Outbox & Subscriptions;
  readonly send: Send;
  /** Where notices of the event log go; null: nowhere. */
  readonly operatorChannelId: string | null;
  /** An event with the country's numbers of now; null where they are the same. */
  readonly refresh: (event: IncidentEvent) => Promise<IncidentEvent | null>;
  /** The same that commands use, so that changes do not cross. */
  readonly editSubscription?: EditSubscription;
  /** How often the event log is read though nobody called wake(); Infinity: never. */
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
  readonly report: Omit<DeliveryReport, 'started' | 'ended'>;
}

export interface Delivery {
  /**
   * Tells every channel what it is owed, once and in order, until the signal; resolves when what was under way has
   * ended. Never rejects.
   */
  run(signal: AbortSignal): Promise<void>;
  /** New events were committed. */
  wake(): void;
  /** Something about these channels changed: those closed to us are asked again now. */
  reopen(channelIds: Iterable<string>): void;
  /** Why nobody is told just now, in a sentence; null while all is well. */
  trouble(): string | null;
  /** Why a channel is not told just now; null while all is well. */
  troubleOf(channelId: string): string | null;
  /** How many channels are closed to us. */
  closed(): number;
  /** Wall clock; since when the oldest message waits, those for closed channels left out. */
  waitingSince(): number | null;
}

/**
 * Reads the event log, writes what each channel is owed, and tells it: a queue for each channel, one message under way
 * in each.
 */
export function createDelivery(options: DeliveryOptions): Delivery {
  const { store, send, clock, random, logger, operatorChannelId } = options;
  const lanes = new Lanes();
  const backOff = retryBackOff(random);
  const gate = createGate(backOff);
  const bestEffort = new BestEffortQueue();
  const fresh = new FreshMessages();
  let bestEffortUnderWay = 0;
  /**
   * The channels that want to hear something, as last read: asked for only to see whether all of them are closed to us.
   */
  let subscribed: readonly string[] = [];
  const storeRetry = new StoreRetry({ clock, random, logger });
  const serve = createServe({
    outbox: store,
    eventAt: createEventCache(store),
    send,
    gate,
    bestEffort,
    storeRetry,
    editSubscription: options.editSubscription ?? createEditSubscription(store),
    operatorChannelId,
    clock,
    backOff,
    logger,
    report: {
      ...options.report,
      started: (told, event) => fresh.add(told, event),
      ended: (channelId, incident) => fresh.forget(channelId, incident),
    },
  });

  /** Rung when there is something to serve, or to read. */
  const toServe = new Bell(clock);
  const toRead = new Bell(clock);

  const serveLane = async (lane: Lane, signal: AbortSignal): Promise<void> => {
    lanes.begin(lane);
    try {
      await serve(lane, signal);
      storeRetry.trouble = null;
    } catch (error) {
      storeRetry.trouble = `cannot read what is owed: ${String(error)}`;
      logger.warn({ err: error, channelId: lane.channelId }, 'delivery cannot read what is owed, trying again');
      postpone(lane, clock.now(), null, backOff);
    } finally {
      lanes.end(lane);
      toServe.ring();
    }
  };

  const doBestEffort = async (signal: AbortSignal): Promise<void> => {
    const request = bestEffort.take();
    if (request === null) return;
    bestEffortUnderWay++;
    try {
      await sendBestEffort(request, send, signal);
    } catch (error) {
      logger.error({ err: error }, 'an edit failed in a way nobody foresaw');
    }
    bestEffortUnderWay--;
    toServe.ring();
  };

  /** Starts all that may start now; when to look again. */
  const dispatch = (underWay: Set<Promise<void>>, signal: AbortSignal): number => {
    const track = (work: Promise<void>): void => {
      underWay.add(work);
      void work.then(() => underWay.delete(work));
    };
    for (;;) {
      const now = clock.now();
      const opensAt = gate.opensAt(now, lanes.underWay);
      if (opensAt > now) return opensAt;
      const next = lanes.next(now);
      // An request is no way to find out whether Discord is back.
      if (!isLane(next) && (bestEffort.size === 0 || bestEffortUnderWay >= mostBestEffort || gate.trouble !== null))
        return next.at;
      if (isLane(next) && lanes.underWay >= options.mostAtOnce) return Infinity;
      track(isLane(next) ? serveLane(next, signal) : doBestEffort(signal));
    }
  };

  const readSubscribed = async (): Promise<void> => {
    subscribed = (await store.subscriptions())
      .filter(({ standing }) => standing.kind === 'active')
      .map(({ channelId }) => channelId);
  };

  const tell = async (signal: AbortSignal): Promise<void> => {
    const heads = await storeRetry.run('read what is owed', signal, () => store.heads());
    // The process before may have posted what it could not acknowledge any more.
    for (const head of heads ?? [])
      lanes.add(head).doubt = { position: head.position, since: head.owedAt, lastAt: clock.now() };
    await storeRetry.run('read who wants to hear', signal, readSubscribed);
    const underWay = new Set<Promise<void>>();
    let freshenAt = clock.now() + freshenMs;
    while (!signal.aborted) {
      if (clock.now() >= freshenAt) {
        freshenAt = clock.now() + freshenMs;
        await fresh
          .update(clock.now(), options.refresh, bestEffort)
          .catch((error: unknown) => logger.warn({ err: error }, 'messages cannot be brought up to date'));
        if (lanes.closed.length > 0)
          await readSubscribed().catch((error: unknown) =>
            logger.warn({ err: error }, 'who wants to hear cannot be read'),
          );
      }
      const until = Math.min(dispatch(underWay, signal), freshenAt);
      await toServe.wait(until - clock.now(), signal);
    }
    await Promise.all(underWay);
  };

  const follow = async (signal: AbortSignal): Promise<void> => {
    let reached: Expansion | null = await storeRetry.run('read how far it has told', signal, () =>
      beginExpansion(store),
    );
    const stopped = (): boolean => signal.aborted;
    while (reached !== null && !stopped()) {
      const from: Expansion = reached;
      // Asked for anew each time: a write that failed without an answer may have been done.
      reached = await storeRetry.run('read the event log', signal, async () =>
        expand(
          (await store.expansion()) ?? from,
          {
            store,
            operatorChannelId,
            clock,
            onOwed: (rows) => {
              for (const row of rows) lanes.add(row);
              toServe.ring();
            },
          },
          signal,
        ),
      );
      if (reached?.position === from.position && !stopped()) await toRead.wait(options.pollMs, signal);
    }
  };

  return {
    async run(signal) {
      // Every channel that waits listens to it.
      setMaxListeners(0, signal);
      await Promise.all([tell(signal), follow(signal)]);
    },
    wake: () => toRead.ring(),
    reopen(channelIds) {
      for (const channelId of channelIds) {
        const lane = lanes.get(channelId);
        if (lane !== undefined && lane.closed !== null) reopen(lane);
      }
      toServe.ring();
    },
    trouble() {
      if (storeRetry.trouble !== null) return storeRetry.trouble;
      if (gate.trouble !== null && clock.now() - gate.trouble.since >= troubleAfterMs)
        return `Discord: ${gate.trouble.reason}`;
      // One channel of many is its owners' concern; where it is all there is, nobody is told.
      const reasonOf = (channelId: string): string | null => lanes.get(channelId)?.closed?.reason ?? null;
      const isDeaf = subscribed.length > 0 && subscribed.every((channelId) => reasonOf(channelId) !== null);
      return isDeaf ? `Discord: ${reasonOf(subscribed[0]) ?? ''}` : null;
    },
    troubleOf: (channelId) => lanes.get(channelId)?.closed?.reason ?? null,
    closed: () => lanes.closed.length,
    waitingSince: () => lanes.waitingSince,
  };
}
