import type { ElemBatch, FeedGap, PeerIndex, UnixMillis } from '../bgp/index.js';
import type { Clock } from '../clock.js';
import { ribPath, updatesFileMs, updatesPath } from './archive.js';
import type { Archive } from './archive.js';
import { loadArchiveFile } from './archive-loader.js';
import type { FileToLoad, LoadOutcome } from './archive-loader.js';
import type { FeedConsumer, FeedState, RisLiveFeed } from './feed-consumer.js';
import type { FeedLog } from './feed-log.js';
import { SpliceBuffer } from './splice-buffer.js';

/** Two downloads keep a line and one core busy. */
const inParallel = 2;
/** Between two looks for a file that is not published yet. */
const pollMs = 20_000;
/** A file not there so long after its end is taken for missing: RIS publishes a few minutes late. */
const missingAfterMs = 30 * 60_000;
/** How far files and stream overlap where they meet. */
const overlapMs = 1_000;
/** How long a message may take from its collector to us and still be expected (its own guard calls 30 s silence). */
const longestLagMs = 60_000;
/** Live rows kept meanwhile: 416 MB at most, a quarter of an hour of all collectors at 18,000 rows a second. */
const maxBufferedRows = 16_000_000;
const startAgainFirstMs = 10_000;
const startAgainMostMs = 5 * 60_000;

export interface BootstrapSink {
  rib(collector: string, batch: ElemBatch): void;
  /** This collector's RIB is whole; its nominal time. */
  ribLoaded(collector: string, at: UnixMillis): void;
  /** Elems of update files, then of the stream; in order within a collector. Goes on being called when the bootstrap is over. */
  updates(batch: ElemBatch): void;
  /** Continuity was lost after the bootstrap was over; a gap during it is filled from the archive and not told. */
  gap(gap: FeedGap): void;
}

export interface BootstrapProgress {
  readonly collector: string;
  /** How many collectors there are. */
  readonly collectors: number;
  readonly phase: 'rib' | 'updates' | 'waiting' | 'loaded' | 'given-up';
  /** Compressed bytes of the file being read. */
  readonly bytesDone: number;
  readonly bytesTotal: number | null;
  /** Of this collector so far. */
  readonly elems: number;
  /** Of this collector's whole load, 0..1, RIB and updates each one half. */
  readonly share: number;
}

export interface BootstrapOptions {
  readonly collectors: readonly string[];
  readonly peers: PeerIndex;
  readonly archive: Archive;
  /** Makes the feed (of the same peers and collectors) that tells this consumer; it is started here. */
  openFeed(consumer: FeedConsumer): RisLiveFeed;
  readonly sink: BootstrapSink;
  readonly onState: (state: FeedState) => void;
  readonly onProgress: (progress: BootstrapProgress) => void;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: FeedLog;
  /** Ends the bootstrap, and the feed with it, also later. */
  readonly signal: AbortSignal;
  readonly maxRows?: number;
}

export interface BootstrapResult {
  readonly loaded: readonly string[];
  readonly givenUp: readonly { readonly collector: string; readonly reason: string }[];
}

/** One collector on its way from its RIB to the stream. */
interface Load {
  readonly collector: string;
  stage: { readonly kind: 'rib' } | { readonly kind: 'updates' } | { readonly kind: 'given-up'; readonly reason: string };
  /** The oldest RIB of which anything was taken in: updates are needed from there. */
  ribTime: UnixMillis;
  /** Start of the update file to be read next. */
  nextFile: UnixMillis;
  elems: number;
}

/**
 * Fills a fresh table and joins it to the stream without a hole: the socket is opened first and what it says is buffered; then, per
 * collector, the RIB, every update file from its nominal time until one ends after the buffer's beginning, and the buffer from 1 s
 * before that end. Resolves when every collector is loaded or given up and at least one is loaded; until one is, it tries for ever.
 * From then on the sink gets the stream. Rejects only when the signal is aborted.
 */
export async function bootstrap(options: BootstrapOptions): Promise<BootstrapResult> {
  const { collectors, sink, clock, log, signal } = options;
  const buffer = new SpliceBuffer(options.peers, collectors, options.maxRows ?? maxBufferedRows);
  const loads = collectors.map((collector): Load => ({ collector, stage: { kind: 'rib' }, ribTime: Infinity, nextFile: 0, elems: 0 }));
  const givenUp = (): BootstrapResult['givenUp'] =>
    loads.flatMap(({ collector, stage }) => (stage.kind === 'given-up' ? [{ collector, reason: stage.reason }] : []));
  const pass = (batch: ElemBatch): void => sink.updates(batch);
  /** whole: every collector is loaded, the stream goes to the sink as it comes. partly: without those given up. */
  let stream: 'buffered' | 'whole' | 'partly' = 'buffered';
  let unbroken = false;
  let fullToldAt = -Infinity;

  function onState(state: FeedState): void {
    if (state.kind === 'down') unbroken = false;
    if (state.kind === 'live' && !unbroken) {
      unbroken = true;
      // Other collectors may lag behind the one that dates `since`; what they had not sent yet is stamped before now at the latest.
      if (stream === 'buffered') buffer.restart(Math.max(state.since, Math.min(clock.now(), state.since + longestLagMs)));
    }
    options.onState(state);
  }

  function onBatch(batch: ElemBatch): void {
    if (stream === 'whole') {
      sink.updates(batch);
      return;
    }
    const shortened = buffer.add(batch, pass);
    if (shortened.size === 0 || clock.now() - fullToldAt < 60_000) return;
    fullToldAt = clock.now();
    log.warn({ rows: buffer.rows, collectors: [...shortened] }, 'bootstrap: buffer full, its oldest rows will come from the archive instead');
  }

  function onGap(gap: FeedGap): void {
    if (stream !== 'buffered') sink.gap(gap);
    else log.info({ from: iso(gap.from), to: iso(gap.to) }, 'bootstrap: gap in the stream, to be filled from the archive');
  }

  function report(load: Load, phase: BootstrapProgress['phase'], bytesDone = 0, bytesTotal: number | null = null): void {
    const { collector, elems, stage, ribTime, nextFile } = load;
    const target = Math.min(buffer.from(collector), clock.now());
    const share = { rib: bytesTotal === null ? 0 : bytesDone / bytesTotal / 2, updates: 0.5, 'given-up': 1 }[stage.kind];
    const updatesShare = stage.kind === 'updates' && target > ribTime ? Math.max(0, Math.min(1, (nextFile - ribTime) / (target - ribTime))) / 2 : 0;
    options.onProgress({ collector, collectors: collectors.length, phase, bytesDone, bytesTotal, elems, share: phase === 'loaded' ? 1 : share + updatesShare });
  }

  function giveUp(load: Load, reason: string): void {
    load.stage = { kind: 'given-up', reason };
    log.warn({ collector: load.collector, reason }, 'bootstrap: collector given up');
    report(load, 'given-up');
  }

  const read = (load: Load, path: string, wanted: FileToLoad['wanted'], onBatch: FileToLoad['onBatch']): Promise<LoadOutcome> =>
    loadArchiveFile(
      {
        path,
        collector: load.collector,
        wanted,
        onBatch: (batch, ribTime) => {
          load.elems += batch.length;
          onBatch(batch, ribTime);
        },
        onBytes: (done, total) => report(load, wanted, done, total),
      },
      options,
    );

  async function loadRib(load: Load): Promise<void> {
    const { collector } = load;
    const path = ribPath(collector);
    const outcome = await read(load, path, 'rib', (batch, ribTime) => {
      load.ribTime = Math.min(load.ribTime, ribTime ?? Infinity);
      sink.rib(collector, batch);
    });
    if (outcome.kind !== 'loaded') {
      giveUp(load, outcome.kind === 'absent' ? `${path}: not found` : outcome.reason);
      return;
    }
    load.stage = { kind: 'updates' };
    load.nextFile = Math.floor(load.ribTime / updatesFileMs) * updatesFileMs;
    sink.ribLoaded(collector, load.ribTime);
    log.info({ collector, elems: load.elems, ribTime: iso(load.ribTime) }, 'bootstrap: RIB loaded');
  }

  /** As far as can be gone now: to the stream, to a file that is not published yet, or to giving up. */
  async function advance(load: Load): Promise<void> {
    const { collector } = load;
    if (load.stage.kind === 'rib') await loadRib(load);
    if (load.stage.kind !== 'updates') return;
    while (load.nextFile - overlapMs < buffer.from(collector)) {
      const path = updatesPath(collector, load.nextFile);
      const outcome = await read(load, path, 'updates', pass);
      if (outcome.kind === 'failed') {
        giveUp(load, outcome.reason);
        return;
      }
      if (outcome.kind === 'absent') {
        if (clock.now() > load.nextFile + updatesFileMs + missingAfterMs) giveUp(load, `${path}: missing`);
        else report(load, 'waiting');
        return;
      }
      load.nextFile += updatesFileMs;
      buffer.trim(collector, load.nextFile - overlapMs);
      report(load, 'updates');
    }
    buffer.join(collector, load.nextFile - overlapMs, pass);
    report(load, 'loaded');
  }

  const feed = options.openFeed({ onBatch, onGap, onState });
  feed.start(signal);
  for (let startAgainMs = startAgainFirstMs; ; startAgainMs = Math.min(startAgainMostMs, startAgainMs * 2)) {
    // A collector that is through is pending again when the stream breaks before all are.
    const pending = (): Load[] => loads.filter((load) => load.stage.kind !== 'given-up' && !buffer.isThrough(load.collector));
    while (pending().length > 0) {
      await eachOf(pending(), inParallel, advance);
      if (pending().length > 0) await clock.sleep(pollMs, signal);
      signal.throwIfAborted();
    }
    if (givenUp().length < loads.length) break;
    log.warn({ reason: givenUp().at(0)?.reason, retryInMs: startAgainMs }, 'bootstrap: no collector could be loaded, starting again');
    await clock.sleep(startAgainMs, signal);
    signal.throwIfAborted();
    for (const load of loads) load.stage = { kind: 'rib' };
  }
  stream = givenUp().length === 0 ? 'whole' : 'partly';
  for (const { collector } of givenUp()) buffer.drop(collector);
  return { loaded: collectors.filter((collector) => buffer.isThrough(collector)), givenUp: givenUp() };
}

const iso = (at: UnixMillis): string => new Date(at).toISOString();

async function eachOf<T>(items: readonly T[], atOnce: number, act: (item: T) => Promise<void>): Promise<void> {
  const waiting = [...items];
  const worker = async (): Promise<void> => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await act(item);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}
