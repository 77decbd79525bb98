import { createGunzip } from 'node:zlib';
import unbzip2 from 'unbzip2-stream';

/** Bytes handed on at a time by the inflater; large, so that the thread pool is asked seldom. */
const inflatedChunkBytes = 256 * 1024;

/** The compressed stream ends early or is damaged. What was inflated before that has been handed on. */
export class CorruptStream extends Error {
  override readonly name = 'CorruptStream';
  /** What there is, is sound; the rest is missing. */
  readonly endsEarly: boolean;

  constructor(message: string, endsEarly = false) {
    super(message);
    this.endsEarly = endsEarly;
  }
}

interface Inflater {
  /** Resolves when this chunk's output has been emitted. */
  write(chunk: Uint8Array): Promise<void>;
  end(): Promise<void>;
  /** What has come out since the last call. */
  take(): Uint8Array[];
  destroy(): void;
  readonly failure: CorruptStream | null;
}

function gunzip(): Inflater {
  const stream = createGunzip({ chunkSize: inflatedChunkBytes });
  let out: Uint8Array[] = [];
  let failure: CorruptStream | null = null;
  let settle = (): void => undefined;
  // Data is taken by event and not by reading: a stream that fails throws away what was not read from it.
  stream.on('data', (chunk: Uint8Array) => out.push(chunk));
  stream.on('error', (error: NodeJS.ErrnoException) => {
    failure = new CorruptStream(`gzip: ${error.message}`, error.code === 'Z_BUF_ERROR');
    settle();
  });
  const settled = (start: (done: () => void) => void): Promise<void> =>
    new Promise((resolve) => {
      if (failure !== null) {
        resolve();
        return;
      }
      settle = resolve;
      start(resolve);
    });
  return {
    write: (chunk) => settled((done) => stream.write(chunk, () => done())),
    end: () => settled((done) => stream.once('end', done).end()),
    take() {
      const taken = out;
      out = [];
      return taken;
    },
    destroy: () => stream.destroy(),
    get failure() {
      return failure;
    },
  };
}

function bunzip2(): Inflater {
  const stream = unbzip2();
  let out: Uint8Array[] = [];
  let failure: CorruptStream | null = null;
  stream.on('data', (chunk: Uint8Array) => out.push(chunk));
  // Its own words come from reading past the end of an array.
  stream.on('error', () => (failure ??= new CorruptStream('bzip2: ends early or is damaged')));
  return {
    write(chunk) {
      stream.write(chunk);
      return Promise.resolve();
    },
    end() {
      stream.end();
      return Promise.resolve();
    },
    take() {
      const taken = out;
      out = [];
      return taken;
    },
    destroy: () => undefined,
    get failure() {
      return failure;
    },
  };
}

/** gzip (RFC 1952) and bzip2 by their magic bytes, whatever the name says; null: neither. */
function inflaterFor(head: Uint8Array): Inflater | null {
  if (head[0] === 0x1f && head[1] === 0x8b) return gunzip();
  if (head[0] === 0x42 && head[1] === 0x5a && head[2] === 0x68) return bunzip2();
  return null;
}

async function* withWholeHead(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let head: Uint8Array | null = new Uint8Array(0);
  for await (const chunk of source) {
    if (head === null) {
      yield chunk;
      continue;
    }
    head = head.length === 0 ? chunk : Buffer.concat([head, chunk]);
    if (head.length < 3) continue;
    yield head;
    head = null;
  }
  if (head !== null && head.length > 0) yield head;
}

/**
 * The bytes of a plain, gzip or bzip2 stream. One chunk is inflated (in the thread pool) while the one before is being
 * used; no more is held. Throws CorruptStream after the last sound byte, and whatever the source throws.
 */
export async function* decompressed(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let inflater: Inflater | null | undefined;
  let pending: Promise<void> | null = null;
  try {
    for await (const chunk of withWholeHead(source)) {
      if (inflater === undefined) inflater = inflaterFor(chunk);
      if (inflater === null) {
        yield chunk;
        continue;
      }
      if (pending !== null) await pending;
      const ready = inflater.take();
      if (inflater.failure === null) pending = inflater.write(chunk);
      yield* ready;
      if (inflater.failure !== null) break;
    }
    if (inflater === undefined || inflater === null) return;
    if (pending !== null) await pending;
    if (inflater.failure === null) await inflater.end();
    yield* inflater.take();
    if (inflater.failure !== null) throw inflater.failure;
  } finally {
    inflater?.destroy();
  }
}
