import type { Clock } from '../../../src/edges/clock.js';

/** A clock's `sleep`, made of its `after`. Infinity ms: only the signal ends it. */
export function sleepWith(after: Clock['after']): Clock['sleep'] {
  return (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted === true) {
        resolve();
        return;
      }
      const done = (): void => {
        cancel();
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const cancel = Number.isFinite(ms) ? after(ms, done) : (): void => undefined;
      signal?.addEventListener('abort', done, { once: true });
    });
}
