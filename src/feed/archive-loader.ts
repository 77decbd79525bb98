import { createMrtDecoder, ElemBatch } from '../bgp/index.js';
import type { PeerIndex, UnixMillis } from '../bgp/index.js';
import type { Clock } from '../clock.js';
import { ArchiveFailure } from './archive.js';
import type { Archive } from './archive.js';
import { CorruptStream, decompressed } from './decompress.js';
import type { FeedLog } from './feed-log.js';

/** Of a file that comes, and is not what it should be, or is refused. */
const attempts = 5;
const retryFirstMs = 2_000;
const retryMostMs = 60_000;
/** A server that is away or overloaded may be back in a minute: waits between attempts add up to this before a file is given up. */
const patienceMs = 10 * 60_000;

/** Zeros compress a thousandfold and never end: so much without a single elem, inflated, is no MRT file. */
const mostIdleBytes = 100e6;

export interface ArchiveLoaderOptions {
  readonly archive: Archive;
  readonly peers: PeerIndex;
  readonly clock: Clock;
  /** 0..1, for the jitter. */
  readonly random: () => number;
  readonly log: FeedLog;
  readonly signal: AbortSignal;
}

export interface FileToLoad {
  readonly path: string;
  readonly collector: string;
  /** A file without a RIB record is not what was asked for. */
  readonly wanted: 'rib' | 'updates';
  /** The batch is reused. A file tried again is given out again from its beginning. `ribTime`: of this attempt's file. */
  onBatch(batch: ElemBatch, ribTime: UnixMillis | null): void;
  /** Compressed bytes, of this attempt. */
  onBytes(done: number, total: number | null): void;
}

export type LoadOutcome =
  | { readonly kind: 'loaded' }
  /** Not published, or not yet. */
  | { readonly kind: 'absent' }
  /** Tried so often as is sensible. */
  | { readonly kind: 'failed'; readonly reason: string };

/** Reads a file of the archive through its decoder, trying again what may get better. Rejects only when the signal is aborted. */
export async function loadArchiveFile(file: FileToLoad, options: ArchiveLoaderOptions): Promise<LoadOutcome> {
  const { clock, log, random, signal } = options;
  let faulty = 0;
  let waitedMs = 0;
  for (let attempt = 1; ; attempt++) {
    const outcome = await loadOnce(file, options);
    signal.throwIfAborted();
    if (outcome.kind !== 'failed') return outcome;
    if (!outcome.passing) faulty++;
    if (faulty === attempts || waitedMs >= patienceMs) return { kind: 'failed', reason: `${file.path}: ${outcome.reason} (${attempt} attempts)` };
    const retryInMs = Math.round(Math.min(retryMostMs, retryFirstMs * 2 ** (attempt - 1)) * (0.5 + random() / 2));
    waitedMs += retryInMs;
    log.warn({ file: file.path, reason: outcome.reason, retryInMs }, 'archive: file not read, trying again');
    await clock.sleep(retryInMs, signal);
    signal.throwIfAborted();
  }
}

/** passing: it is the server, or the way to it, and not the file. */
type Attempt = Exclude<LoadOutcome, { kind: 'failed' }> | { readonly kind: 'failed'; readonly reason: string; readonly passing: boolean };

const faultyFile = (reason: string): Attempt => ({ kind: 'failed', reason, passing: false });

async function loadOnce(file: FileToLoad, { archive, peers, signal }: ArchiveLoaderOptions): Promise<Attempt> {
  try {
    const opened = await archive.open(file.path, signal);
    if (opened === 'absent') return { kind: 'absent' };
    const { bytesTotal } = opened;
    async function* counted(): AsyncGenerator<Uint8Array> {
      let bytesDone = 0;
      for await (const chunk of (opened as Exclude<typeof opened, 'absent'>).chunks) {
        bytesDone += chunk.length;
        file.onBytes(bytesDone, bytesTotal);
        yield chunk;
      }
    }
    const decoder = createMrtDecoder(peers, file.collector);
    const batch = new ElemBatch();
    let idleBytes = 0;
    for await (const bytes of decompressed(counted())) {
      decoder.push(bytes, batch);
      idleBytes = batch.length > 0 ? 0 : idleBytes + bytes.length;
      if (idleBytes > mostIdleBytes) return faultyFile(`${mostIdleBytes / 1e6} MB of it hold no route`);
      if (batch.length > 0) file.onBatch(batch, decoder.counters.ribTime);
      batch.clear();
    }
    decoder.end();
    const { records, ribTime, problems } = decoder.counters;
    if (file.wanted === 'rib' && ribTime === null) return faultyFile('holds no RIB');
    if (problems['truncated-file'] > 0) return faultyFile(records === 0 ? 'is not MRT' : 'ends in the middle of a record');
    return { kind: 'loaded' };
  } catch (error) {
    if (error instanceof CorruptStream) return faultyFile(error.message);
    if (error instanceof ArchiveFailure) return { kind: 'failed', reason: error.message, passing: !error.lasting };
    throw error;
  }
}
