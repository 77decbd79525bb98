import { createMrtDecoder, ElemBatch } from '../bgp/index.js';
import type { PeerIndex, UnixMillis } from '../bgp/index.js';
import type { Clock } from '../clock.js';
import { ArchiveFailure } from './archive.js';
import type { Archive } from './archive.js';
import { CorruptStream, decompressed } from './decompress.js';
import type { FeedLog } from './feed-log.js';

const attempts = 5;
const retryFirstMs = 2_000;

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
  for (let attempt = 1; ; attempt++) {
    const outcome = await loadOnce(file, options);
    signal.throwIfAborted();
    if (outcome.kind !== 'failed') return outcome;
    if (attempt === attempts) return { kind: 'failed', reason: `${file.path}: ${outcome.reason} (${attempts} attempts)` };
    const retryInMs = Math.round(retryFirstMs * 2 ** (attempt - 1) * (0.5 + random() / 2));
    log.warn({ file: file.path, reason: outcome.reason, retryInMs }, 'archive: file not read, trying again');
    await clock.sleep(retryInMs, signal);
    signal.throwIfAborted();
  }
}

async function loadOnce(file: FileToLoad, { archive, peers, signal }: ArchiveLoaderOptions): Promise<LoadOutcome> {
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
    for await (const bytes of decompressed(counted())) {
      decoder.push(bytes, batch);
      if (batch.length > 0) file.onBatch(batch, decoder.counters.ribTime);
      batch.clear();
    }
    decoder.end();
    const { records, ribTime, problems } = decoder.counters;
    if (file.wanted === 'rib' && ribTime === null) return { kind: 'failed', reason: 'holds no RIB' };
    if (problems['truncated-file'] > 0) return { kind: 'failed', reason: records === 0 ? 'is not MRT' : 'ends in the middle of a record' };
    return { kind: 'loaded' };
  } catch (error) {
    if (error instanceof ArchiveFailure || error instanceof CorruptStream) return { kind: 'failed', reason: error.message };
    throw error;
  }
}
