import type { UnixMillis } from '../bgp/index.js';
import type { Clock } from '../clock.js';

/** To connect and answer, and between two pieces of a body. */
const answerWithinMs = 30_000;
const stallAfterMs = 30_000;

/** Update files are cut at whole multiples of this (RIS: every 5 min). */
export const updatesFileMs = 5 * 60_000;

/** Why a file could not be read, in words for an operator: a connection, a status, a stall. */
export class ArchiveFailure extends Error {
  override readonly name = 'ArchiveFailure';
  /** Asking again soon will not help: the server understood, and will not give it. */
  readonly lasting: boolean;

  constructor(message: string, lasting = false) {
    super(message);
    this.lasting = lasting;
  }
}

/** Client errors (RFC 9110, 15.5), but for 408 and 429, which ask for patience. */
const isLasting = (status: number): boolean => status >= 400 && status < 500 && status !== 408 && status !== 429;

export interface ArchiveFile {
  /** Compressed; null where the server does not say. */
  readonly bytesTotal: number | null;
  /** As sent. Throws ArchiveFailure. Read only as fast as it is consumed. */
  readonly chunks: AsyncIterable<Uint8Array>;
}

export interface Archive {
  /** Opens a file by its path below the archive's address. `absent`: not there (404), or not yet. Rejects with ArchiveFailure. */
  open(path: string, signal: AbortSignal): Promise<ArchiveFile | 'absent'>;
}

/** The newest RIB dump of a collector: https://data.ris.ripe.net/rrc00/latest-bview.gz */
export const ribPath = (collector: string): string => `${collector}/latest-bview.gz`;

/** Whether the archive would give out the RIB now; nothing of it is read. */
export async function hasRib(archive: Archive, collector: string, signal: AbortSignal): Promise<boolean> {
  const asked = new AbortController();
  try {
    return (await archive.open(ribPath(collector), AbortSignal.any([signal, asked.signal]))) !== 'absent';
  } catch {
    return false;
  } finally {
    asked.abort();
  }
}

/** The update file that starts then: rrc00/2024.01/updates.20240101.0005.gz */
export function updatesPath(collector: string, start: UnixMillis): string {
  const [year, month, day, hour, minute] = new Date(start).toISOString().split(/\D/);
  return `${collector}/${year}.${month}/updates.${year}${month}${day}.${hour}${minute}.gz`;
}

function wordsOf(error: unknown): string {
  const failure = error as Error & { readonly cause?: Error };
  return failure.cause === undefined ? failure.message : failure.cause.message || String((failure.cause as NodeJS.ErrnoException).code);
}

/** The RIS archive over HTTP(S). `url` is its address without a path to a file: https://data.ris.ripe.net */
export function createArchive(url: string, clock: Clock): Archive {
  const root = url.endsWith('/') ? url : `${url}/`;

  return {
    async open(path, signal) {
      const own = new AbortController();
      const forward = (): void => own.abort();
      signal.throwIfAborted();
      signal.addEventListener('abort', forward, { once: true });
      const release = (): void => signal.removeEventListener('abort', forward);

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
          own.abort();
          release();
        }
      }

      try {
        // Files are stored compressed; an encoding on top would only be taken off again.
        const request = fetch(new URL(path, root), { signal: own.signal, headers: { 'accept-encoding': 'identity', 'user-agent': 'lightsout' } });
        const response = await within(answerWithinMs, 'no answer', request);
        if (response.ok && response.body !== null) {
          const length = response.headers.get('content-length');
          return { bytesTotal: length === null ? null : Number(length), chunks: chunks(response.body as ReadableStream<Uint8Array>) };
        }
        await response.body?.cancel();
        release();
        if (response.status === 404) return 'absent';
        throw new ArchiveFailure(`HTTP ${response.status}`, isLasting(response.status));
      } catch (error) {
        release();
        throw error;
      }
    },
  };
}
