import type { Clock } from '../../clock.js';
import { ArchiveFailure } from './archive.js';

/** To connect and answer, and between two pieces of a body. */
const answerWithinMs = 30_000;
const stallAfterMs = 30_000;
/**
 * A body that trickles is as good as none: so much of it must come in a minute of waiting for it, 35 kbit/s. A line of
 * 1 Mbit/s gives each of four downloads seven times that.
 */
const paceMs = 60_000;
const paceBytes = 256 * 1024;

export interface Reply {
  readonly status: number;
  header(name: string): string | null;
  /** Throws ArchiveFailure. Read only as fast as it is consumed. */
  readonly chunks: AsyncIterable<Uint8Array>;
  /** No more of the body is wanted. */
  drop(): void;
}

function wordsOf(error: unknown): string {
  const failure = error as Error & { readonly cause?: Error };
  return failure.cause === undefined
    ? failure.message
    : failure.cause.message || String((failure.cause as NodeJS.ErrnoException).code);
}

/** One HTTP request, whose answer and body must not keep us waiting. Rejects with ArchiveFailure. */
export async function request(
  method: 'GET' | 'HEAD',
  url: URL,
  headers: Readonly<Record<string, string>>,
  clock: Clock,
  signal: AbortSignal,
): Promise<Reply> {
  const own = new AbortController();
  const forward = (): void => own.abort();
  signal.throwIfAborted();
  signal.addEventListener('abort', forward, { once: true });
  const drop = (): void => {
    signal.removeEventListener('abort', forward);
    own.abort();
  };

  async function within<T>(ms: number, what: string, promise: Promise<T>): Promise<T> {
    const timer = { late: false };
    const cancel = clock.after(ms, () => {
      timer.late = true;
      own.abort();
    });
    try {
      return await promise;
    } catch (error) {
      throw new ArchiveFailure(timer.late ? `${what} for ${ms / 1000} s` : wordsOf(error));
    } finally {
      cancel();
    }
  }

  async function* chunks(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
    const reader = body.getReader();
    // Since the pace was last checked. Only time in which we asked for more counts against the server.
    let waitedMs = 0;
    let bytes = 0;
    try {
      for (;;) {
        const askedAt = clock.now();
        const { done, value } = await within(stallAfterMs, 'nothing came', reader.read());
        if (done) return;
        bytes += value.length;
        waitedMs += Math.max(0, clock.now() - askedAt);
        yield value;
        if (waitedMs < paceMs) continue;
        if (bytes < paceBytes)
          throw new ArchiveFailure(`no more than ${bytes} bytes came in ${Math.round(waitedMs / 1000)} s`);
        waitedMs = 0;
        bytes = 0;
      }
    } finally {
      drop();
    }
  }

  try {
    // Files are stored compressed; an encoding on top would only be taken off again.
    const asked = fetch(url, {
      method,
      signal: own.signal,
      headers: { 'accept-encoding': 'identity', 'user-agent': 'lightsout', ...headers },
    });
    const response = await within(answerWithinMs, 'no answer', asked);
    const body = response.body as ReadableStream<Uint8Array> | null;
    return {
      status: response.status,
      header: (name) => response.headers.get(name),
      chunks: chunks(body ?? new ReadableStream({ start: (c) => c.close() })),
      drop,
    };
  } catch (error) {
    drop();
    throw error;
  }
}
