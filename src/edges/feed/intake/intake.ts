import { setMaxListeners } from 'node:events';
import type { ElemBatch, FeedGap, PeerIndex, UnixMillis } from '../../../core/bgp/index.js';
import type { Clock } from '../../clock.js';
import type { Archive } from '../archive/archive.js';
import { loadArchiveFile } from '../archive/archive-loader.js';
import type { DecodeWorkers } from '../archive/decode-workers.js';
import type { FeedConsumer, FeedState, RisLiveFeed } from '../live/feed-consumer.js';
import type { FeedLog } from '../feed-log.js';
import { isTooOld } from '../archive/file-times.js';
import { Hearing } from './hearing.js';
import type { CollectorStage, IntakeCounters, IntakeSink, LoadProgress } from './intake-sink.js';
import { againFirstMs, Passage } from './passage.js';
import type { PassageContext } from './passage-context.js';
import { SpliceBuffer } from './splice-buffer.js';

/** Live rows kept meanwhile: 416 MB at most, a quarter of an hour of all collectors at 18,000 rows a second. */
const maxBufferedRows = 16_000_000;
const startAgainFirstMs = 10_000;
const startAgainMostMs = 5 * 60_000;
/**
 * On the signal, of one collector at a time: its passage, and a wait, or a turn, or a download and its request. Node
 * warns beyond 10 in all.
 */
const listenersEach = 4;

export interface IntakeOptions {
  readonly collectors: readonly string[];
  readonly peers: PeerIndex;
  readonly archive: Archive;
  /** Where files are decoded; null: in this thread. */
  readonly workers: DecodeWorkers | null;
  /** Makes the feed (of the same peers and collectors) that tells this consumer; it is started by `run`. */
  openFeed(consumer: FeedConsumer): RisLiveFeed;
  readonly sink: IntakeSink;
  /**
   * Of a table that is remembered: by collector, up to which event time its elems are in it. A collector that is not
   * named is reset and begins with its RIB. Null: the table is empty.
   */
  readonly positions: ReadonlyMap<string, UnixMillis> | null;
  /** A longer hole in the stream is not judged on: every collector is lost until its files have come. */
  readonly gapFreezeMs: number;
  readonly onState: (state: FeedState) => void;
  /** Of the start; nothing is told after `onReady`. */
  readonly onProgress: (progress: LoadProgress) => void;
  /** Told once: every collector is through or left out, and one at least is through. */
  readonly onReady: (ready: IntakeReady) => void;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: FeedLog;
  readonly maxRows?: number;
}

export interface IntakeReady {
  readonly loaded: readonly string[];
  /** Left out for now: no files of them, or no voice. They join by themselves when there are. */
  readonly leftOut: readonly { readonly collector: string; readonly reason: string }[];
}

export interface Intake {
  /**
   * Until the signal (then it rejects), or until the stream was away for longer than RIBs are apart: the table is too
   * old to be mended. Ends the feed with it.
   */
  run(signal: AbortSignal): Promise<'too-old'>;
  /** Where each collector stands. */
  collectors(): readonly CollectorStage[];
  /**
   * By collector, the event time up to which its elems were given to the sink (the batch it was given last included),
   * for `positions` of another time.
   */
  positions(): ReadonlyMap<string, UnixMillis>;
  readonly counters: IntakeCounters;
}

/**
 * Fills a table and keeps it whole, at the start and after each gap by the same steps: the socket is opened first and
 * what it says is buffered; then, per collector, the RIB (or the position of a remembered table), every update file
 * from there until one ends after the buffer's beginning, and the buffer from 1 s before that end. From then on the
 * sink gets the stream; what it misses, of one collector or of all, is fetched again (passage.ts).
 */
export function createIntake(options: IntakeOptions): Intake {
  const { collectors, sink, clock, log, positions } = options;
  const over = new AbortController();
  const { signal } = over;
  setMaxListeners(collectors.length * listenersEach + 1, signal);
  const hearing = new Hearing(options.peers, collectors);
  const buffer = new SpliceBuffer(options.peers, collectors, options.maxRows ?? maxBufferedRows, (collector) =>
    hearing.notAfter(collector),
  );
  const counters: IntakeCounters = {
    gaps: { hole: 0, long: 0, silent: 0, lagging: 0 },
    updateFiles: 0,
    fillFiles: 0,
    fillRows: 0,
  };
  let isReady = false;
  let isUnbroken = false;
  let isTooLate = false;
  let startAgainMs = startAgainFirstMs;
  let fullToldAt = -Infinity;

  const context: PassageContext = {
    sink,
    buffer,
    hearing,
    counters,
    clock,
    log,
    signal,
    read: (file) => loadArchiveFile(file, { ...options, signal }),
    report: (progress) => {
      if (!isReady) options.onProgress({ ...progress, collectors: collectors.length });
    },
    isReady: () => isReady,
    changed: settle,
  };
  const passages = new Map(
    collectors.map((collector) => [
      collector,
      new Passage(collector, context, positions?.get(collector) ?? null, positions === null),
    ]),
  );
  const all = [...passages.values()];
  const pass = (batch: ElemBatch): void => sink.updates(batch);

  /** Whether the start is over. While no collector is through, those given up are tried again, for ever. */
  function settle(): void {
    if (isReady || !all.every((passage) => passage.isSettled)) return;
    if (all.some((passage) => passage.isThrough)) {
      isReady = true;
      const leftOut = all
        .filter((passage) => !passage.isThrough)
        .map((passage) => ({ collector: passage.collector, reason: passage.stage().why }));
      if (leftOut.length > 0)
        log.warn(
          { collectors: leftOut.map(({ collector }) => collector) },
          'intake: going on without these collectors until they can be had',
        );
      for (const passage of all) passage.retryIn(againFirstMs);
      options.onReady({
        loaded: all.filter((passage) => passage.isThrough).map(({ collector }) => collector),
        leftOut,
      });
      return;
    }
    const waiting = all.filter((passage) => passage.awaitsRetry);
    if (waiting.length === 0) return;
    log.warn(
      { reason: waiting[0].givenUp, retryInMs: startAgainMs },
      'intake: no collector could be loaded, starting again',
    );
    const retryInMs = startAgainMs;
    startAgainMs = Math.min(startAgainMostMs, startAgainMs * 2);
    for (const passage of waiting) passage.retryIn(retryInMs);
  }

  function onState(state: FeedState): void {
    if (state.kind === 'down') isUnbroken = false;
    if (state.kind === 'live' && !isUnbroken) {
      isUnbroken = true;
      hearing.reconnected();
    }
    options.onState(state);
  }

  /** Told before the connection that ends it is told live. */
  function onGap({ from, to }: FeedGap): void {
    const isShort = to - from <= options.gapFreezeMs;
    counters.gaps[isShort ? 'hole' : 'long']++;
    log.warn(
      { seconds: Math.round((to - from) / 1000) },
      `intake: a ${isShort ? 'short' : 'long'} gap in the stream, to be filled from the archive`,
    );
    if (isTooOld(from, to)) {
      isTooLate = true;
      over.abort();
      return;
    }
    for (const passage of all) passage.broken(isShort, to);
  }

  function onBatch(batch: ElemBatch): void {
    if (signal.aborted) return;
    const changes = hearing.note(batch, clock.now());
    for (const { collector, now } of changes) if (now === 'heard') passages.get(collector)!.heard();
    for (const collector of hearing.begun) passages.get(collector)!.begun();
    if (buffer.passesAll(hearing.spoke)) pass(batch);
    else keep(batch);
    // Its position is that of the rows that have passed.
    for (const { collector, now } of changes) {
      if (now === 'heard') continue;
      counters.gaps[now]++;
      passages.get(collector)!.unheard(now);
    }
  }

  /** Keeps the rows of collectors whose files have not come, and passes the others. */
  function keep(batch: ElemBatch): void {
    const shortened = buffer.add(batch, pass);
    if (shortened.size === 0 || clock.now() - fullToldAt < 60_000) return;
    fullToldAt = clock.now();
    log.warn(
      { rows: buffer.rows, collectors: [...shortened] },
      'intake: buffer full, its oldest rows will come from the archive instead',
    );
  }

  return {
    counters,
    collectors: () => all.map((passage) => passage.stage()),
    positions: () =>
      new Map(
        all.flatMap((passage) => {
          const position = passage.position();
          return position === null ? [] : [[passage.collector, position]];
        }),
      ),
    async run(until) {
      until.throwIfAborted();
      const stop = (): void => over.abort();
      until.addEventListener('abort', stop, { once: true });
      options.openFeed({ onBatch, onGap, onState }).start(signal);
      try {
        await Promise.all(all.map((passage) => passage.follow()));
      } catch (error) {
        if (!signal.aborted) throw error;
      } finally {
        until.removeEventListener('abort', stop);
        over.abort();
      }
      if (!isTooLate) until.throwIfAborted();
      return 'too-old';
    },
  };
}
