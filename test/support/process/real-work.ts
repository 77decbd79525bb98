/**
 * Knows whether real work is under way. Virtual time may move only if none is; otherwise a schedule would not play the
 * same way twice. Files and slices of long work show among the event loop's resources. zlib's threads do not, so their
 * work is counted.
 */
import { subscribe } from 'node:diagnostics_channel';
import { createBrotliCompress, createBrotliDecompress, createGunzip, type Gunzip } from 'node:zlib';

interface Transforming extends Gunzip {
  _transform: (this: Transforming, chunk: Uint8Array, encoding: string, done: (error?: Error | null) => void) => void;
}

let pending = 0;

/** Counts the work of every stream of the same class, from now on. */
function watch(probe: object): void {
  const prototype = Object.getPrototypeOf(probe) as Transforming;
  (probe as Transforming).destroy();
  const transform = prototype._transform;
  prototype._transform = function (this: Transforming, chunk, encoding, done) {
    pending++;
    let settled = false;
    const settle = (): void => {
      if (!settled) pending--;
      settled = true;
    };
    this.once('close', settle);
    transform.call(this, chunk, encoding, (error) => {
      this.off('close', settle);
      settle();
      done(error);
    });
  };
}

for (const probe of [createGunzip(), createBrotliCompress(), createBrotliDecompress()]) watch(probe);

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const isBusy = (): boolean =>
  pending > 0 ||
  process
    .getActiveResourcesInfo()
    .some((name) => name === 'Immediate' || name.startsWith('FSReq') || name === 'FileHandleCloseReq');

/** Resolves when all promises have run, no file is being read or written, and zlib is idle. */
export async function settled(): Promise<void> {
  do await turn();
  while (isBusy());
}

const requests = new Set<unknown>();
subscribe('undici:request:create', (message) => requests.add((message as { readonly request: unknown }).request));
for (const end of ['undici:request:trailers', 'undici:request:error'])
  subscribe(end, (message) => requests.delete((message as { readonly request: unknown }).request));

/** How many requests of `fetch` and of Discord's client have no whole answer yet. */
export function requestsUnderWay(): number {
  return requests.size;
}
