import WebSocket from 'ws';
import { createRisLiveDecoder, ElemBatch } from '../../../core/bgp/index.js';
import type { RisLiveOutcome, UnixMillis } from '../../../core/bgp/index.js';
import { LastHeard } from './last-heard.js';
import type { FeedCounters, RisLiveFeed, RisLiveOptions } from './feed-consumer.js';
import { Subscriptions } from './subscriptions.js';

/**
 * Every collector says something every second: 10 s of silence from all of them is our own trouble, 30 s a dead
 * connection.
 */
const pingEveryMs = 10_000;
const impairedAfterMs = 10_000;
const deadAfterMs = 30_000;
const watchEveryMs = 1_000;
/** The server acknowledges at once; one that has not after this long is taken at its data. */
const acknowledgedWithinMs = 10_000;
const backOffFirstMs = 1_000;
const backOffMostMs = 60_000;
/** A connection that lasted this long starts the back-off anew. */
const steadyAfterMs = 60_000;
/** A 4096-byte UPDATE full of prefixes is some 30 kB of JSON; beyond this ws closes the connection. */
const maxFrameBytes = 4 * 1024 * 1024;
/** Handed over at the end of each turn of the event loop, and within one when so many rows have come together. */
const fullBatchRows = 8_192;
/** What is held back until every subscription is acknowledged: 26 MB. */
const maxHeldRows = 1_000_000;
/** How far a timestamp may run ahead of our own clock and be believed. */
const aheadMs = 2_000;
/** From one message to another, of collectors that are not called lagging. */
const lagsDifferMs = 30_000;

/**
 * The RIS Live socket: subscribed, decoded, watched, and opened again whenever it is lost. Nothing happens before
 * `start`.
 */
export function createRisLiveFeed(options: RisLiveOptions): RisLiveFeed {
  const { clock, log } = options;
  const decoder = createRisLiveDecoder(options.peers);
  const lastHeard = new LastHeard(options.peers);
  const counters: FeedCounters = { risErrors: 0, reconnects: 0, lastMessageAt: null };
  const url = new URL(options.url);
  if (!url.searchParams.has('client')) url.searchParams.set('client', 'lightsout');

  let batch = new ElemBatch(fullBatchRows);
  let socket: WebSocket | null = null;
  let stopped = true;
  let failures = 0;
  /** Event time at which the last connection was lost, and the wall clock of what was heard last. */
  let lost: { readonly at: UnixMillis; readonly heardAt: UnixMillis } | null = null;
  /**
   * flowing: rows are handed over. Until every subscription is acknowledged they are held: one collector's may still be
   * missing.
   */
  let flow:
    | { readonly kind: 'held' }
    | { readonly kind: 'flowing'; readonly since: UnixMillis; readonly startedAt: UnixMillis } = { kind: 'held' };
  let subscriptions = new Subscriptions(options.collectors);
  /** By the server, or by us for it. */
  let acknowledged = false;
  let impaired = false;
  let quietSince = 0;
  let turnScheduled = false;
  let lastRisError: string | null = null;
  /** Why the connection before this one was lost, or never made. */
  let trouble: string | null = null;
  let problemsTold = { at: -Infinity, count: 0 };
  const timers = new Map<'connect' | 'acknowledge' | 'ping' | 'watch', () => void>();
  let signal: AbortSignal | undefined;

  const later = (name: 'connect' | 'acknowledge' | 'ping' | 'watch', ms: number, fn: () => void): void => {
    timers.set(name, clock.after(ms, fn));
  };
  const cancelTimers = (): void => {
    for (const cancel of timers.values()) cancel();
    timers.clear();
  };

  function handOver(): void {
    if (batch.length === 0) return;
    lastHeard.note(batch, clock.now());
    options.onBatch(batch);
    batch.clear();
    if (batch.capacity > 8 * fullBatchRows) batch = new ElemBatch(fullBatchRows);
  }

  /** From here on the stream is whole: says since when, and lets the rows go. */
  function release(): void {
    let newest = -Infinity;
    for (let row = 0; row < batch.length; row++) newest = Math.max(newest, batch.at[row]);
    const now = clock.now();
    // The first word may be of a collector whose clock is wrong: a gap is not shorter than the time it took.
    const least = lost === null ? -Infinity : Math.max(lost.at, lost.at + now - lost.heardAt - lagsDifferMs);
    const since = Math.max(least, Math.min(newest, now + aheadMs));
    flow = { kind: 'flowing', since, startedAt: now };
    if (lost !== null) options.onGap({ kind: 'gap', collector: null, from: lost.at, to: since });
    log.info({ since: new Date(since).toISOString() }, 'RIS Live: receiving');
    options.onState({ kind: 'live', since });
    handOver();
  }

  /** Once per turn of the event loop in which data came. */
  function endOfTurn(): void {
    turnScheduled = false;
    if (stopped) return;
    counters.lastMessageAt = quietSince = clock.now();
    if (flow.kind === 'held') {
      if (batch.length > 0 && (acknowledged || batch.length >= maxHeldRows)) release();
      return;
    }
    if (impaired) {
      impaired = false;
      options.onState({ kind: 'live', since: flow.since });
    }
    handOver();
  }

  function tellProblem(reason: string): void {
    problemsTold.count++;
    const now = clock.now();
    if (now - problemsTold.at < 60_000) return;
    log.warn({ reason, frames: problemsTold.count }, 'RIS Live: frames skipped');
    problemsTold = { at: now, count: 0 };
  }

  function onControl(outcome: Exclude<RisLiveOutcome, { kind: 'message' }>, frame: Buffer): void {
    switch (outcome.kind) {
      case 'problem':
        tellProblem(outcome.reason);
        break;
      case 'ris_error':
        counters.risErrors++;
        lastRisError = outcome.message;
        log.warn({ message: outcome.message }, 'RIS Live: ris_error');
        break;
      case 'subscribed':
        subscriptions.confirm(frame);
        if (subscriptions.allConfirmed) acknowledged = true;
        break;
      case 'pong':
      case 'rrc-list':
        break;
    }
  }

  function onFrame(frame: Buffer): void {
    const outcome = decoder.decode(frame, batch);
    if (outcome.kind !== 'message') {
      onControl(outcome, frame);
      // No data, but what was held may go now; where nothing is, an answer to our pings is no sign of life.
      if (!acknowledged || flow.kind === 'flowing' || batch.length === 0) return;
    }
    if (!turnScheduled) {
      turnScheduled = true;
      setImmediate(endOfTurn);
    } else if (batch.length >= fullBatchRows && flow.kind === 'flowing' && !impaired) {
      handOver();
    }
  }

  function onOpen(opened: WebSocket): void {
    for (const request of subscriptions.requests) opened.send(request);
    later('acknowledge', acknowledgedWithinMs, () => {
      if (acknowledged) return;
      log.warn({ collectors: subscriptions.awaited }, 'RIS Live: subscriptions not acknowledged');
      acknowledged = true;
      if (batch.length > 0 && flow.kind === 'held') release();
    });
    const ping = (): void => {
      opened.send('{"type":"ping"}');
      later('ping', pingEveryMs, ping);
    };
    later('ping', pingEveryMs, ping);
  }

  function watch(dueAt: UnixMillis): void {
    const now = clock.now();
    // A timer this late means that our own event loop stood still: the data may be waiting in the socket. Look again.
    if (now - dueAt > 2 * watchEveryMs) quietSince = Math.max(quietSince, now - watchEveryMs);
    const quietMs = now - quietSince;
    if (quietMs >= deadAfterMs) {
      lastRisError ??= `no data for ${deadAfterMs / 1000} s`;
      socket?.terminate();
      return;
    }
    if (quietMs >= impairedAfterMs && !impaired && flow.kind === 'flowing') {
      impaired = true;
      options.onState({ kind: 'impaired', quietSince });
    }
    later('watch', watchEveryMs, () => watch(now + watchEveryMs));
  }

  function connect(): void {
    cancelTimers();
    flow = { kind: 'held' };
    subscriptions = new Subscriptions(options.collectors);
    acknowledged = impaired = false;
    lastRisError = null;
    quietSince = clock.now();
    options.onState({ kind: 'connecting', attempt: failures + 1, trouble });
    const made = new WebSocket(url, { perMessageDeflate: false, skipUTF8Validation: true, maxPayload: maxFrameBytes });
    socket = made;
    let failure: string | null = null;
    made.on('open', () => onOpen(made));
    made.on('message', onFrame);
    made.on('error', (error) => {
      failure = error.message === '' ? String((error as NodeJS.ErrnoException).code) : error.message;
    });
    made.on('close', (code, text) => {
      if (!stopped)
        onLost(
          lastRisError ?? failure ?? `closed by the server (${[String(code), text.toString('utf8')].join(' ').trim()})`,
        );
    });
    watch(quietSince);
  }

  function onLost(reason: string): void {
    cancelTimers();
    socket = null;
    const wasLive = flow.kind === 'flowing';
    if (flow.kind === 'flowing') {
      handOver();
      if (clock.now() - flow.startedAt >= steadyAfterMs) failures = 0;
      const at = lastHeard.eventTime();
      lost = at === null ? null : { at, heardAt: counters.lastMessageAt ?? clock.now() };
    }
    // Held rows lie within the gap: nobody knows what came between them.
    batch.clear();
    flow = { kind: 'held' };
    const retryInMs = Math.round(
      options.random() * Math.min(backOffMostMs, backOffFirstMs * 2 ** Math.min(failures, 10)),
    );
    failures++;
    trouble = reason;
    counters.reconnects++;
    log.warn({ reason, retryInMs }, wasLive ? 'RIS Live: connection lost' : 'RIS Live: cannot be reached');
    options.onState({ kind: 'down', reason, retryInMs });
    later('connect', retryInMs, connect);
  }

  const stop = (): void => {
    if (stopped) return;
    stopped = true;
    signal?.removeEventListener('abort', stop);
    cancelTimers();
    socket?.terminate();
  };

  return {
    counters,
    decoded: decoder.counters,
    start(until) {
      if (!stopped || until?.aborted) return;
      stopped = false;
      signal = until;
      signal?.addEventListener('abort', stop, { once: true });
      connect();
    },
    stop,
  };
}
