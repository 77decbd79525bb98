import { createMrtDecoder, ElemBatch } from '../../../core/bgp/index.js';
import type { PeerIndex, UnixMillis } from '../../../core/bgp/index.js';
import { ArchiveFailure } from './archive.js';
import type { Archive, FileVersion, RequestOutcome } from './archive.js';
import { CorruptStream, decompressed } from './decompress.js';

/** Zeros compress a thousandfold and never end: so much without a single elem, inflated, is no MRT file. */
const mostIdleBytes = 100e6;

export interface FileToDecode {
  readonly path: string;
  readonly collector: string;
  /** A file without a RIB record is not what was asked for. */
  readonly wanted: 'rib' | 'updates';
  /** Only if it is not this one any more; null: whichever it is. */
  readonly unless: FileVersion | null;
}

export interface DecodeSink {
  /** The batch is reused once this resolves. `ribTime`: of this attempt's file. */
  onBatch(batch: ElemBatch, ribTime: UnixMillis | null): Promise<void> | void;
  /** Compressed bytes, of this attempt. */
  onBytes(done: number, total: number | null): void;
}

/** passing: it is the server, or the way to it, and not the file. */
export type Attempt =
  | { readonly kind: 'loaded'; readonly version: FileVersion | null }
  /** Not published, or not yet. */
  | { readonly kind: 'absent' }
  /** Still the version that was named; nothing was given out. */
  | { readonly kind: 'unchanged' }
  | {
      readonly kind: 'failed';
      readonly reason: string;
      readonly passing: boolean;
      readonly retryAfterMs: number | null;
    };

/** Downloads, inflates and decodes a file, once. Rejects only for what is a fault of this program. */
export async function decodeFile(
  file: FileToDecode,
  archive: Archive,
  peers: PeerIndex,
  sink: DecodeSink,
  signal: AbortSignal,
): Promise<Attempt> {
  const faulty = (reason: string, outcome: RequestOutcome = 'corrupt'): Attempt => {
    archive.counters.requests[outcome]++;
    return { kind: 'failed', reason, passing: false, retryAfterMs: null };
  };
  try {
    const { path, unless } = file;
    const opened = await (unless === null
      ? archive.open(path, signal)
      : archive.openAgain(path, { version: unless, bytes: 'whole' }, signal));
    if (opened === 'absent' || opened === 'unchanged') return { kind: opened };
    const { bytesTotal, version, chunks } = opened;
    const counts = { bytesDone: 0 };
    async function* counted(): AsyncGenerator<Uint8Array> {
      for await (const chunk of chunks) {
        counts.bytesDone += chunk.length;
        sink.onBytes(counts.bytesDone, bytesTotal);
        yield chunk;
      }
    }
    const decoder = createMrtDecoder(peers, file.collector);
    const batch = new ElemBatch();
    let idleBytes = 0;
    for await (const bytes of decompressed(counted())) {
      decoder.push(bytes, batch);
      idleBytes = batch.length > 0 ? 0 : idleBytes + bytes.length;
      if (idleBytes > mostIdleBytes) return faulty(`${mostIdleBytes / 1e6} MB of it hold no route`);
      if (batch.length > 0) await sink.onBatch(batch, decoder.counters.ribTime);
      batch.clear();
    }
    decoder.end();
    // A file that is being put there, perhaps: one in which nothing was said has the frame of its gzip.
    if (counts.bytesDone === 0) return faulty('is empty', 'truncated');
    const { records, ribTime, problems } = decoder.counters;
    if (file.wanted === 'rib' && ribTime === null) return faulty('holds no RIB');
    if (problems['truncated-file'] > 0)
      return records === 0 ? faulty('is not MRT') : faulty('ends in the middle of a record', 'truncated');
    return { kind: 'loaded', version };
  } catch (error) {
    if (error instanceof CorruptStream) return faulty(error.message, error.endsEarly ? 'truncated' : 'corrupt');
    if (error instanceof ArchiveFailure)
      return { kind: 'failed', reason: error.message, passing: !error.lasting, retryAfterMs: error.retryAfterMs };
    throw error;
  }
}
