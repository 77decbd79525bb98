import { setMaxListeners } from 'node:events';
import type { ElemBatch, FeedGap, PeerIndex, UnixMillis } from '../../../core/bgp/index.js';
import type { CoreEvent } from '../../../core/events.js';
import type { Clock } from '../../clock.js';
import { backOff } from '../../waiting/index.js';
import type { Archive } from '../archive/archive.js';
import { loadArchiveFile } from '../archive/archive-loader.js';
import type { DecodeWorkers } from '../archive/decode-workers.js';
import { isTooOld } from '../archive/file-times.js';
import type { FeedLog } from '../feed-log.js';
import type { FeedConsumer, FeedState, RisLiveFeed } from '../live/feed-consumer.js';
import { CollectorLiveness } from './collector-liveness.js';
import { againFirstMs, CollectorSync, type SyncContext } from './collector-sync.js';
import type { CollectorStage, IntakeCounters, LoadProgress } from './intake-report.js';
import { SpliceBuffer } from './splice-buffer.js';

/** 416 MB: a quarter of an hour of all collectors at 18,000 rows a second. */
const maxBufferedRows = 16_000_000;
const startAgainFirstMs = 10_000;
const startAgainMostMs = 5 * 60_000;
const fullToldEveryMs = 60_000;
/** Node warns beyond 10 listeners of a signal. One collector waits, or reads a file: its turn, its download, a request. */
const listenersEach = 4;

export interface IntakeOptions {
  readonly collectors: readonly string[];
  readonly peers: PeerIndex;
  readonly archive: Archive;
  /** Where files are decoded; null: in this thread. */
  readonly workers: DecodeWorkers | null;
  /** Makes the feed (of the same peers and collectors) that tells this consumer. `run` starts it. */
  openFeed(consumer: FeedConsumer): RisLiveFeed;
  /**
   * Gets all that comes in, in order within a collector: RIB entries, rows of files and of the stream, and what happened
   * to collectors.
   */
  readonly handle: (event: CoreEvent) => void;
  /**
   * Up to which event time a kept table has each collector's rows. A collector that is not named is reset and begins
   * with its RIB. Null: the table is empty.
   */
  readonly positions: ReadonlyMap<string, UnixMillis> | null;
  /** After a longer gap in the stream every collector is lost until its files have filled the gap. */
  readonly gapFreezeMs: number;
  readonly onState: (state: FeedState) => void;
  /** Only until `onReady`. */
  readonly onProgress: (progress: LoadProgress) => void;
  /** Called once: every collector is through or left out, and at least one is through. */
  readonly onReady: (ready: IntakeReady) => void;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: FeedLog;
  readonly maxRows?: number;
}

export interface IntakeReady {
  readonly loaded: readonly string[];
  /** Collectors without files, or not heard. They join as soon as they have both. */
  readonly leftOut: readonly { readonly collector: string; readonly reason: string }[];
}

export interface Intake {
  /**
   * Runs until the signal (then it rejects), or until the stream was away for longer than RIBs are apart: then a new
   * table is ready sooner than this one. Ends the feed too.
   */
  run(signal: AbortSignal): Promise<'too-old'>;
  collectors(): readonly CollectorStage[];
  /** By collector, the event time up to which its rows were given to `handle`: `positions` for the next start. */
  positions(): ReadonlyMap<string, UnixMillis>;
  readonly counters: IntakeCounters;
}

/**
 * Fills a table and keeps it complete, by the same steps at the start and after each gap. The socket is opened first,
 * and its rows are kept. Then each collector's RIB is read (or its position in a kept table is taken), and its update
 * files from there on, until one ends after the first kept row. The kept rows follow, from 1 s before that end, and
 * after them the stream. Rows that the stream misses, of one collector or of all, are read from files again: see
 * collector-sync.ts.
 */
export function createIntake(options: IntakeOptions): Intake {
  const run = new IntakeRun(options);
  return {
    counters: run.counters,
    collectors: () => run.syncs.map((sync) => sync.stage()),
    positions: () =>
      new Map(
        run.syncs.flatMap((sync) => {
          const position = sync.position();
          return position === null ? [] : [[sync.collector, position]];
        }),
      ),
    run: (signal) => run.run(signal),
  };
}

class IntakeRun {
  readonly counters: IntakeCounters = {
    gaps: { hole: 0, long: 0, silent: 0, lagging: 0 },
    updateFiles: 0,
    fillFiles: 0,
    fillRows: 0,
  };
  readonly syncs: readonly CollectorSync[];
  readonly #options: IntakeOptions;
  readonly #over = new AbortController();
  readonly #byCollector: ReadonlyMap<string, CollectorSync>;
  readonly #liveness: CollectorLiveness;
  readonly #buffer: SpliceBuffer;
  readonly #pass: (batch: ElemBatch) => void;
  readonly #startAgainMs: (failures: number) => number;
  #isReady = false;
  /** The connection was not lost since it was last told live. */
  #isUnbroken = false;
  #isTooLate = false;
  /** How often no collector could be loaded. */
  #failedStarts = 0;
  #fullToldAt = -Infinity;

  constructor(options: IntakeOptions) {
    const { collectors, peers, handle, positions } = options;
    const { signal } = this.#over;
    setMaxListeners(collectors.length * listenersEach + 1, signal);
    this.#options = options;
    this.#pass = (batch) => handle({ kind: 'rows', batch });
    this.#startAgainMs = backOff({ firstMs: startAgainFirstMs, mostMs: startAgainMostMs, random: () => 1 });
    const liveness = (this.#liveness = new CollectorLiveness(peers, collectors));
    this.#buffer = new SpliceBuffer(peers, collectors, options.maxRows ?? maxBufferedRows, (collector) =>
      liveness.notAfter(collector),
    );
    const context: SyncContext = {
      handle,
      buffer: this.#buffer,
      liveness,
      counters: this.counters,
      clock: options.clock,
      log: options.log,
      signal,
      read: (file) => loadArchiveFile(file, { ...options, signal }),
      onProgress: (progress) => {
        if (!this.#isReady) options.onProgress({ ...progress, collectors: collectors.length });
      },
      isReady: () => this.#isReady,
      onStageChange: () => this.#checkReady(),
    };
    const isFresh = positions === null;
    this.syncs = collectors.map(
      (collector) => new CollectorSync(collector, context, positions?.get(collector) ?? null, isFresh),
    );
    this.#byCollector = new Map(this.syncs.map((sync) => [sync.collector, sync]));
  }

  async run(until: AbortSignal): Promise<'too-old'> {
    until.throwIfAborted();
    const { signal } = this.#over;
    const stop = (): void => this.#over.abort();
    until.addEventListener('abort', stop, { once: true });
    const consumer: FeedConsumer = {
      onBatch: (batch) => this.#onBatch(batch),
      onGap: (gap) => this.#onGap(gap),
      onState: (state) => this.#onState(state),
    };
    this.#options.openFeed(consumer).start(signal);
    try {
      await Promise.all(this.syncs.map((sync) => sync.follow()));
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      until.removeEventListener('abort', stop);
      this.#over.abort();
    }
    if (!this.#isTooLate) until.throwIfAborted();
    return 'too-old';
  }

  /** Ends the start if it is over. While no collector is through, those given up are tried again and again. */
  #checkReady(): void {
    const { log, onReady } = this.#options;
    if (this.#isReady || !this.syncs.every((sync) => sync.isSettled)) return;
    if (!this.syncs.some((sync) => sync.isThrough)) {
      this.#startAgain();
      return;
    }
    this.#isReady = true;
    const leftOut = this.syncs
      .filter((sync) => !sync.isThrough)
      .map((sync) => ({ collector: sync.collector, reason: sync.stage().why }));
    if (leftOut.length > 0)
      log.warn(
        { collectors: leftOut.map(({ collector }) => collector) },
        'intake: going on without these collectors until they can be had',
      );
    for (const sync of this.syncs) sync.retryIn(againFirstMs);
    onReady({ loaded: this.syncs.filter((sync) => sync.isThrough).map(({ collector }) => collector), leftOut });
  }

  #startAgain(): void {
    const waiting = this.syncs.filter((sync) => sync.awaitsRetry);
    if (waiting.length === 0) return;
    const retryInMs = this.#startAgainMs(++this.#failedStarts);
    this.#options.log.warn(
      { reason: waiting[0].givenUp, retryInMs },
      'intake: no collector could be loaded, starting again',
    );
    for (const sync of waiting) sync.retryIn(retryInMs);
  }

  #onState(state: FeedState): void {
    if (state.kind === 'down') this.#isUnbroken = false;
    if (state.kind === 'live' && !this.#isUnbroken) {
      this.#isUnbroken = true;
      this.#liveness.reconnected();
    }
    this.#options.onState(state);
  }

  /** Comes before onState says that the connection that ends the gap is live. */
  #onGap({ from, to }: FeedGap): void {
    const isShort = to - from <= this.#options.gapFreezeMs;
    this.counters.gaps[isShort ? 'hole' : 'long']++;
    this.#options.log.warn(
      { seconds: Math.round((to - from) / 1000) },
      `intake: a ${isShort ? 'short' : 'long'} gap in the stream, to be filled from the archive`,
    );
    if (isTooOld(from, to)) {
      this.#isTooLate = true;
      this.#over.abort();
      return;
    }
    for (const sync of this.syncs) sync.onGap(isShort, to);
  }

  #onBatch(batch: ElemBatch): void {
    if (this.#over.signal.aborted) return;
    const liveness = this.#liveness;
    const changes = liveness.note(batch, this.#options.clock.now());
    for (const { collector, now } of changes) if (now === 'heard') this.#byCollector.get(collector)!.onHeard();
    for (const collector of liveness.begun) this.#byCollector.get(collector)!.onFirstRow();
    if (this.#buffer.passesAll(liveness.spoke)) this.#pass(batch);
    else this.#keep(batch);
    // After the rows have passed, because a collector's position is that of its last row that passed.
    for (const { collector, now } of changes) {
      if (now === 'heard') continue;
      this.counters.gaps[now]++;
      this.#byCollector.get(collector)!.onUnheard(now);
    }
  }

  /** Keeps the rows of collectors whose files have not come, and passes the others. */
  #keep(batch: ElemBatch): void {
    const shortened = this.#buffer.add(batch, this.#pass);
    const now = this.#options.clock.now();
    if (shortened.size === 0 || now - this.#fullToldAt < fullToldEveryMs) return;
    this.#fullToldAt = now;
    this.#options.log.warn(
      { rows: this.#buffer.rows, collectors: [...shortened] },
      'intake: buffer full, its oldest rows will come from the archive instead',
    );
  }
}
