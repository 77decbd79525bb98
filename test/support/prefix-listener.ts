import type { PrefixListener } from '../../src/core/table/index.js';

/** A listener that keeps nothing; `own`: what it does all the same. */
export function prefixListener(own: Partial<PrefixListener> = {}): PrefixListener {
  return {
    follow: () => undefined,
    added: () => undefined,
    flipped: () => undefined,
    voted: () => undefined,
    kept: (_family, from, to) => new Uint32Array(to - from),
    restoreKept: () => undefined,
    ...own,
  };
}
