import WebSocket from 'ws';
import { createRisLiveDecoder, ElemBatch } from '../../../core/bgp/index.js';
import type { RisLiveCounters, RisLiveDecoder, RisLiveOutcome, UnixMillis } from '../../../core/bgp/index.js';
import { LastHeard } from './last-heard.js';
import type { Clock } from '../../clock.js';
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
/** The server acknowledges a subscription at once. If it has not by then, data counts as the acknowledgement. */
const acknowledgedWithinMs = 10_000;
const backOffFirstMs = 1_000;
const backOffMostMs = 60_000;
/** After a connection that lasted this long the back-off starts from its first wait. */
const steadyAfterMs = 60_000;
/** A 4096-byte UPDATE full of prefixes is some 30 kB of JSON; beyond this ws closes the connection. */
const maxFrameBytes = 4 * 1024 * 1024;
/** Rows are handed over at the end of each turn of the event loop, and within a turn once there are this many. */
const fullBatchRows = 8_192;
/** Rows that are held back until every subscription is acknowledged: 26 MB. */
const maxHeldRows = 1_000_000;
/** A timestamp that runs further ahead of our own clock is not believed. */
const aheadMs = 2_000;
/** By how much the lags of two messages may differ before a collector is called lagging. */
const lagsDifferMs = 30_000;
const problemsToldEveryMs = 60_000;

/**
 * The RIS Live socket: subscribed, decoded, watched, and opened again whenever it is lost. Nothing happens before
 * `start`.
 */
export function createRisLiveFeed(options: RisLiveOptions): RisLiveFeed {
  return new RisLive(options);
}

type Timer = 'connect' | 'acknowledge' | 'ping' | 'watch';

/** Until every subscription is acknowledged rows are held, because those of a collector may still be missing. */
type Flow =
  { readonly kind: 'held' } | { readonly kind: 'flowing'; readonly since: UnixMillis; readonly startedAt: UnixMillis };

class RisLive implements RisLiveFeed {
  readonly counters: FeedCounters = { risErrors: 0, reconnects: 0, lastMessageAt: null };
  readonly #options: RisLiveOptions;
  readonly #clock: Clock;
  readonly #decoder: RisLiveDecoder;
  readonly #lastHeard: LastHeard;
  readonly #url: URL;
  readonly #timers = new Map<Timer, () => void>();
  readonly #stop = (): void => this.stop();
  #signal: AbortSignal | undefined;
  #stopped = true;
  #batch = new ElemBatch(fullBatchRows);
  #turnScheduled = false;
  #problemsTold = { at: -Infinity, count: 0 };
  /** Attempts in a row without a connection that lasted. */
  #failures = 0;
  /** Event time at which the last connection was lost, and the wall clock of its last data. */
  #lost: { readonly at: UnixMillis; readonly heardAt: UnixMillis } | null = null;
  /** Why the connection before this one was lost, or never made. */
  #trouble: string | null = null;

  // Of the present connection:
  #socket: WebSocket | null = null;
  #flow: Flow = { kind: 'held' };
  #subscriptions: Subscriptions;
  /** By the server, or because it took too long. */
  #acknowledged = false;
  #impaired = false;
  #quietSince = 0;
  #lastRisError: string | null = null;

  constructor(options: RisLiveOptions) {
    this.#options = options;
    this.#clock = options.clock;
    this.#decoder = createRisLiveDecoder(options.peers);
    this.#lastHeard = new LastHeard(options.peers);
    this.#subscriptions = new Subscriptions(options.collectors);
    this.#url = new URL(options.url);
    if (!this.#url.searchParams.has('client')) this.#url.searchParams.set('client', 'lightsout');
  }

  get decoded(): Readonly<RisLiveCounters> {
    return this.#decoder.counters;
  }

  start(until?: AbortSignal): void {
    if (!this.#stopped || until?.aborted) return;
    this.#stopped = false;
    this.#signal = until;
    until?.addEventListener('abort', this.#stop, { once: true });
    this.#connect();
  }

  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#signal?.removeEventListener('abort', this.#stop);
    this.#cancelTimers();
    this.#socket?.terminate();
  }

  #connect(): void {
    this.#cancelTimers();
    this.#flow = { kind: 'held' };
    this.#subscriptions = new Subscriptions(this.#options.collectors);
    this.#acknowledged = this.#impaired = false;
    this.#lastRisError = null;
    this.#quietSince = this.#clock.now();
    this.#options.onState({ kind: 'connecting', attempt: this.#failures + 1, trouble: this.#trouble });
    const socket = new WebSocket(this.#url, {
      perMessageDeflate: false,
      skipUTF8Validation: true,
      maxPayload: maxFrameBytes,
    });
    this.#socket = socket;
    let failure: string | null = null;
    socket.on('open', () => this.#onOpen(socket));
    socket.on('message', (frame: Buffer) => this.#onFrame(frame));
    socket.on('error', (error) => {
      failure = error.message === '' ? String((error as NodeJS.ErrnoException).code) : error.message;
    });
    socket.on('close', (code, text) => {
      const closed = `closed by the server (${[String(code), text.toString('utf8')].join(' ').trim()})`;
      if (!this.#stopped) this.#onLost(this.#lastRisError ?? failure ?? closed);
    });
    this.#watch(this.#quietSince);
  }

  #onOpen(socket: WebSocket): void {
    for (const request of this.#subscriptions.requests) socket.send(request);
    this.#later('acknowledge', acknowledgedWithinMs, () => {
      if (this.#acknowledged) return;
      this.#options.log.warn({ collectors: this.#subscriptions.awaited }, 'RIS Live: subscriptions not acknowledged');
      this.#acknowledged = true;
      if (this.#batch.length > 0 && this.#flow.kind === 'held') this.#release();
    });
    const ping = (): void => {
      socket.send('{"type":"ping"}');
      this.#later('ping', pingEveryMs, ping);
    };
    this.#later('ping', pingEveryMs, ping);
  }

  #onFrame(frame: Buffer): void {
    const outcome = this.#decoder.decode(frame, this.#batch);
    if (outcome.kind !== 'message') {
      this.#onControl(outcome, frame);
      // No data came, but held rows may go now. If no row is held, an answer to a ping is no sign of life.
      if (!this.#acknowledged || this.#flow.kind === 'flowing' || this.#batch.length === 0) return;
    }
    if (!this.#turnScheduled) {
      this.#turnScheduled = true;
      setImmediate(() => this.#endTurn());
    } else if (this.#batch.length >= fullBatchRows && this.#flow.kind === 'flowing' && !this.#impaired) {
      this.#handOver();
    }
  }

  #onControl(outcome: Exclude<RisLiveOutcome, { kind: 'message' }>, frame: Buffer): void {
    switch (outcome.kind) {
      case 'problem':
        this.#tellProblem(outcome.reason);
        break;
      case 'ris_error':
        this.counters.risErrors++;
        this.#lastRisError = outcome.message;
        this.#options.log.warn({ message: outcome.message }, 'RIS Live: ris_error');
        break;
      case 'subscribed':
        this.#subscriptions.confirm(frame);
        if (this.#subscriptions.allConfirmed) this.#acknowledged = true;
        break;
      case 'pong':
      case 'rrc-list':
        break;
    }
  }

  #tellProblem(reason: string): void {
    this.#problemsTold.count++;
    const now = this.#clock.now();
    if (now - this.#problemsTold.at < problemsToldEveryMs) return;
    this.#options.log.warn({ reason, frames: this.#problemsTold.count }, 'RIS Live: frames skipped');
    this.#problemsTold = { at: now, count: 0 };
  }

  /** Once per turn of the event loop in which data came. */
  #endTurn(): void {
    this.#turnScheduled = false;
    if (this.#stopped) return;
    this.counters.lastMessageAt = this.#quietSince = this.#clock.now();
    if (this.#flow.kind === 'held') {
      const { length } = this.#batch;
      if (length > 0 && (this.#acknowledged || length >= maxHeldRows)) this.#release();
      return;
    }
    if (this.#impaired) {
      this.#impaired = false;
      this.#options.onState({ kind: 'live', since: this.#flow.since });
    }
    this.#handOver();
  }

  /** The stream is complete from here on: tells since when, and hands over the held rows. */
  #release(): void {
    const { log, onGap, onState } = this.#options;
    const batch = this.#batch;
    let newest = -Infinity;
    for (let row = 0; row < batch.length; row++) newest = Math.max(newest, batch.at[row]);
    const now = this.#clock.now();
    const lost = this.#lost;
    // The first rows may be of a collector whose clock is wrong: a gap is not shorter than the time that passed.
    const least = lost === null ? -Infinity : Math.max(lost.at, lost.at + now - lost.heardAt - lagsDifferMs);
    const since = Math.max(least, Math.min(newest, now + aheadMs));
    this.#flow = { kind: 'flowing', since, startedAt: now };
    if (lost !== null) onGap({ kind: 'gap', collector: null, from: lost.at, to: since });
    log.info({ since: new Date(since).toISOString() }, 'RIS Live: receiving');
    onState({ kind: 'live', since });
    this.#handOver();
  }

  #handOver(): void {
    const batch = this.#batch;
    if (batch.length === 0) return;
    this.#lastHeard.note(batch, this.#clock.now());
    this.#options.onBatch(batch);
    batch.clear();
    if (batch.capacity > 8 * fullBatchRows) this.#batch = new ElemBatch(fullBatchRows);
  }

  #watch(dueAt: UnixMillis): void {
    const now = this.#clock.now();
    // A timer this late means that our own event loop stood still: the data may be waiting in the socket. Look again.
    if (now - dueAt > 2 * watchEveryMs) this.#quietSince = Math.max(this.#quietSince, now - watchEveryMs);
    const quietSince = this.#quietSince;
    if (now - quietSince >= deadAfterMs) {
      this.#lastRisError ??= `no data for ${deadAfterMs / 1000} s`;
      this.#socket?.terminate();
      return;
    }
    if (now - quietSince >= impairedAfterMs && !this.#impaired && this.#flow.kind === 'flowing') {
      this.#impaired = true;
      this.#options.onState({ kind: 'impaired', quietSince });
    }
    this.#later('watch', watchEveryMs, () => this.#watch(now + watchEveryMs));
  }

  #onLost(reason: string): void {
    const { log, onState, random } = this.#options;
    this.#cancelTimers();
    this.#socket = null;
    const flow = this.#flow;
    if (flow.kind === 'flowing') {
      this.#handOver();
      if (this.#clock.now() - flow.startedAt >= steadyAfterMs) this.#failures = 0;
      const at = this.#lastHeard.eventTime();
      this.#lost = at === null ? null : { at, heardAt: this.counters.lastMessageAt ?? this.#clock.now() };
    }
    // Held rows lie within the gap: other rows between them may be missing.
    this.#batch.clear();
    this.#flow = { kind: 'held' };
    // Any wait up to the longest, so that the clients of a server that restarts do not come back together.
    const retryInMs = Math.round(
      random() * Math.min(backOffMostMs, backOffFirstMs * 2 ** Math.min(this.#failures, 10)),
    );
    this.#failures++;
    this.#trouble = reason;
    this.counters.reconnects++;
    log.warn(
      { reason, retryInMs },
      flow.kind === 'flowing' ? 'RIS Live: connection lost' : 'RIS Live: cannot be reached',
    );
    onState({ kind: 'down', reason, retryInMs });
    this.#later('connect', retryInMs, () => this.#connect());
  }

  #later(timer: Timer, ms: number, fn: () => void): void {
    this.#timers.set(timer, this.#clock.after(ms, fn));
  }

  #cancelTimers(): void {
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
  }
}
