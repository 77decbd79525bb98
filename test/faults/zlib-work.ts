/**
 * How much zlib's threads have in hand. Virtual time may go on only when nothing real is under way, else a schedule would not be the
 * same twice; and inflating is the one thing that happens outside the event loop.
 */
import { createGunzip, type Gunzip } from 'node:zlib';

interface Transforming extends Gunzip {
  _transform: (this: Transforming, chunk: Uint8Array, encoding: string, done: (error?: Error | null) => void) => void;
}

let pending = 0;

/** Counts from now on, in every stream that inflates. */
function watchInflaters(): void {
  const probe = createGunzip() as Transforming;
  const prototype = Object.getPrototypeOf(probe) as Transforming;
  probe.destroy();
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

watchInflaters();

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Resolves when all promises have run and nothing is being inflated. */
export async function settled(): Promise<void> {
  do await turn();
  while (pending > 0);
}
