import type { ElemBatch, PeerIndex, UnixMillis } from '../../../core/bgp/index.js';
import type { Clock } from '../../clock.js';
import { backOff } from '../../waiting/index.js';
import type { Archive } from './archive.js';
import { decodeFile } from './archive-decode.js';
import type { Attempt, FileToDecode } from './archive-decode.js';
import type { DecodeWorkers } from './decode-workers.js';
import type { FeedLog } from '../feed-log.js';

/** Of a file that comes, and is not what it should be, or is refused. */
const attempts = 5;
const retryFirstMs = 2_000;
const retryMostMs = 60_000;
/**
 * A server that is away or overloaded may be back in a minute: waits, and attempts that brought next to nothing, add up
 * to this before a file is given up.
 */
const patienceMs = 10 * 60_000;
const worthBytes = 256 * 1024;

export interface ArchiveLoaderOptions {
  readonly archive: Archive;
  readonly peers: PeerIndex;
  readonly clock: Clock;
  /** 0..1, for the jitter. */
  readonly random: () => number;
  readonly log: FeedLog;
  readonly signal: AbortSignal;
  /** Where files are downloaded, inflated and decoded; absent or null: in this thread. */
  readonly workers?: DecodeWorkers | null;
}

export interface FileToLoad extends FileToDecode {
  /**
   * The batch is reused. A file tried again is given out again from its beginning. `ribTime`: of this attempt's file.
   */
  onBatch(batch: ElemBatch, ribTime: UnixMillis | null): void;
  /** Compressed bytes, of this attempt. */
  onBytes(done: number, total: number | null): void;
}

export type LoadOutcome =
  | Exclude<Attempt, { readonly kind: 'failed' }>
  /** Tried so often as is sensible. */
  | { readonly kind: 'failed'; readonly reason: string };

/**
 * Reads a file of the archive through its decoder, trying again what may get better. Rejects only when the signal is
 * aborted.
 */
export async function loadArchiveFile(file: FileToLoad, options: ArchiveLoaderOptions): Promise<LoadOutcome> {
  const { clock, log, random, signal } = options;
  const waitMs = backOff({ firstMs: retryFirstMs, mostMs: retryMostMs, random });
  let faulty = 0;
  let waitedMs = 0;
  for (let attempt = 1; ; attempt++) {
    let idleSince = clock.now();
    let counted = 0;
    const onBytes = (done: number, total: number | null): void => {
      if (done - counted >= worthBytes) {
        counted = done;
        idleSince = clock.now();
      }
      file.onBytes(done, total);
    };
    const outcome = await loadOnce({ ...file, onBytes }, options);
    signal.throwIfAborted();
    if (outcome.kind !== 'failed') return outcome;
    if (!outcome.passing) faulty++;
    waitedMs += clock.now() - idleSince;
    if (faulty === attempts || waitedMs >= patienceMs)
      return { kind: 'failed', reason: `${file.path}: ${outcome.reason} (${attempt} attempts)` };
    const retryInMs = Math.max(Math.round(waitMs(attempt)), outcome.retryAfterMs ?? 0);
    waitedMs += retryInMs;
    log.warn({ file: file.path, reason: outcome.reason, retryInMs }, 'archive: file not read, trying again');
    await clock.sleep(retryInMs, signal);
    signal.throwIfAborted();
  }
}

function loadOnce(file: FileToLoad, { archive, peers, signal, workers }: ArchiveLoaderOptions): Promise<Attempt> {
  const { path, collector, wanted, unless } = file;
  const wish = { path, collector, wanted, unless };
  if (workers === undefined || workers === null) return decodeFile(wish, archive, peers, file, signal);
  return workers.decode(wish, archive, peers, file, signal);
}
