import type { UnixMillis } from '../../../core/bgp/index.js';
import type { Hole } from './hole.js';
import type { LostBecause } from './intake-sink.js';

export const wordsFor: Readonly<Record<LostBecause, string>> = {
  gap: 'the connection to RIS Live was lost for too long',
  silent: 'it was silent while others talked',
  lagging: 'its messages come too late',
  files: 'its update files could not be had',
};

/** Where a collector stands on its way, with what belongs to that alone. */
export type Stage =
  | { readonly kind: 'rib' }
  /** Its files, while what is heard of it is kept. */
  | { readonly kind: 'updates' }
  /** When there is another hole, a new one takes its place. */
  | { readonly kind: 'through'; readonly hole: Hole | null }
  /** Waits to be heard again, in time. */
  | { readonly kind: 'lost' }
  /** againAt null: whoever starts us says when. */
  | { readonly kind: 'given-up'; readonly reason: string; readonly againAt: UnixMillis | null };
