import type { Clock } from '../clock.js';
import { ArchiveFailure } from './archive.js';

/** To connect and answer, and between two pieces of a body. */
const answerWithinMs = 30_000;
const stallAfterMs = 30_000;

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
  return failure.cause === undefined ? failure.message : failure.cause.message || String((failure.cause as NodeJS.ErrnoException).code);
}

/** One HTTP request, whose answer and body must not keep us waiting. Rejects with ArchiveFailure. */
export async function request(
  method: 'GET' | 'HEAD', url: URL, headers: Readonly<Record<string, string>>, clock: Clock, signal: AbortSignal,
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
    try {
      for (;;) {
        const { done, value } = await within(stallAfterMs, 'nothing came', reader.read());
        if (done) return;
        yield value;
      }
    } finally {
      drop();
    }
  }

  try {
    // Files are stored compressed; an encoding on top would only be taken off again.
    const asked = fetch(url, { method, signal: own.signal, headers: { 'accept-encoding': 'identity', 'user-agent': 'lightsout', ...headers } });
    const response = await within(answerWithinMs, 'no answer', asked);
    const body = response.body as ReadableStream<Uint8Array> | null;
    return { status: response.status, header: (name) => response.headers.get(name), chunks: chunks(body ?? new ReadableStream({ start: (c) => c.close() })), drop };
  } catch (error) {
    drop();
    throw error;
  }
}
