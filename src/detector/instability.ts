import type { UnixMillis } from '../bgp/index.js';

/** The flips of one 5-minute bin; a bin in which a decline begins is cut there. */
export interface FlipBin {
  /** Tick of its first flip. */
  readonly first: UnixMillis;
  /** Tick of its last flip. */
  readonly last: UnixMillis;
  readonly flips: number;
  /** Codes of the prefixes that flipped; empty once the bin has left the window. */
  readonly prefixes: readonly number[];
}

/** A stretch of instability. */
export interface UnstableRun {
  /** The first flip in the window of its first unstable bin. */
  readonly start: UnixMillis;
  /** End of its last unstable bin. */
  readonly lastUnstable: UnixMillis;
}

export interface InstabilityState {
  /** Bins with flips, oldest first, two windows (12 h) back. */
  readonly bins: readonly FlipBin[];
  readonly run: UnstableRun | null;
  /** The flag: the last bin was unstable. */
  readonly unstable: boolean;
}

export const initialInstability: InstabilityState = Object.freeze({ bins: Object.freeze([]), run: null, unstable: false });
