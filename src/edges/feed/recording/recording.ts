import { open } from 'node:fs/promises';
import { createMrtDecoder, createRisLiveDecoder, ElemBatch } from '../../../core/bgp/index.js';
import type { PeerIndex, UnixMillis } from '../../../core/bgp/index.js';
import { CorruptStream, decompressed } from '../archive/decompress.js';
import { RisLiveLines } from '../live/ris-live-lines.js';

const readBytes = 64 * 1024;

/** A recording that cannot be read at all: missing, a folder, no permission. */
export class UnreadableRecording extends Error {
  override readonly name = 'UnreadableRecording';
  readonly path: string;

  constructor(path: string, reason: string) {
    super(`${path}: ${reason}`);
    this.path = path;
  }
}

export interface RecordingCounters {
  /** MRT records, or RIS Live messages. */
  messages: number;
  elems: number;
  /** Records or lines skipped, by reason; `damaged-stream` for a compressed stream that ends early or is damaged. */
  problems: Readonly<Record<string, number>>;
  /** Why the file could not be read to its end; null: it could so far. */
  damage: string | null;
  /** The nominal time of the RIB in the file; null if it holds none (or none so far). */
  ribTime: UnixMillis | null;
}

export interface Recording {
  readonly path: string;
  /** Up to date with the batches taken so far. */
  readonly counters: Readonly<RecordingCounters>;
  /**
   * Batches in the order of the file, decoded only as they are asked for. The batch is reused: take what is needed
   * before the next.
   */
  batches(): AsyncGenerator<ElemBatch, void, undefined>;
}

/** Decodes one of the two formats. */
interface Decoding {
  push(chunk: Uint8Array, into: ElemBatch): void;
  end(into: ElemBatch): void;
  counted(): Pick<RecordingCounters, 'messages' | 'problems' | 'ribTime'>;
}

function decodingMrt(peers: PeerIndex, collector: string): Decoding {
  const decoder = createMrtDecoder(peers, collector);
  return {
    push: (chunk, into) => decoder.push(chunk, into),
    end: () => decoder.end(),
    counted: () => ({
      messages: decoder.counters.records,
      problems: { ...decoder.counters.problems },
      ribTime: decoder.counters.ribTime,
    }),
  };
}

function decodingLines(peers: PeerIndex): Decoding {
  const lines = new RisLiveLines(createRisLiveDecoder(peers));
  return {
    push: (chunk, into) => lines.push(chunk, into),
    end: (into) => lines.end(into),
    counted: () => ({ messages: lines.messages, problems: lines.problems, ribTime: null }),
  };
}

/** RIS Live lines start with `{"`. As the time of an MRT record these two bytes are the year 2035. */
function holdsLines(head: Uint8Array): boolean {
  const text = Buffer.from(head.buffer, head.byteOffset, Math.min(head.length, 64)).toString('latin1').trimStart();
  return /^\{\s*"/.test(text);
}

async function* chunksOf(path: string): AsyncGenerator<Uint8Array> {
  const failed = (error: unknown): never => {
    throw new CorruptStream(`read: ${(error as Error).message}`);
  };
  const file = await open(path, 'r').catch(failed);
  try {
    for (;;) {
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(readBytes), 0, readBytes, null).catch(failed);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

/**
 * Opens a local MRT file or a file of RIS Live messages, one a line; plain, gzip or bzip2. The content decides which it
 * is, not the name. `collector` (rrcNN) names the peers of an MRT file; a line names its own. Rejects with
 * UnreadableRecording. A file that is damaged or cut short is decoded as far as possible, and the counters say so: the
 * iterator does not throw.
 */
export async function openRecording(path: string, collector: string, peers: PeerIndex): Promise<Recording> {
  await checkReadable(path);
  const counters: RecordingCounters = { messages: 0, elems: 0, problems: {}, damage: null, ribTime: null };

  async function* batches(): AsyncGenerator<ElemBatch, void, undefined> {
    const batch = new ElemBatch();
    let decoding: Decoding | null = null;
    const count = (): void => {
      counters.elems += batch.length;
      Object.assign(counters, decoding?.counted());
      if (counters.damage !== null) counters.problems = { ...counters.problems, 'damaged-stream': 1 };
    };
    try {
      for await (const chunk of decompressed(chunksOf(path))) {
        decoding ??= holdsLines(chunk) ? decodingLines(peers) : decodingMrt(peers, collector);
        decoding.push(chunk, batch);
        count();
        if (batch.length > 0) yield batch;
        batch.clear();
      }
    } catch (error) {
      if (!(error instanceof CorruptStream)) throw error;
      counters.damage = error.message;
    }
    decoding?.end(batch);
    count();
    if (batch.length > 0) yield batch;
  }
  return { path, counters, batches };
}

/** Nothing stays open: a recording may never be read. */
async function checkReadable(path: string): Promise<void> {
  let isFolder: boolean;
  try {
    const file = await open(path, 'r');
    isFolder = (await file.stat().finally(() => file.close())).isDirectory();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    throw new UnreadableRecording(path, code === 'ENOENT' ? 'no such file' : `cannot be read (${String(code)})`);
  }
  if (isFolder) throw new UnreadableRecording(path, 'is a folder');
}
