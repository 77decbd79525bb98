import type { UnixMillis } from '../bgp/index.js';

/** What of a baseline can't be had from the stored bins. Plain JSON; kept with the country's state. */
export interface BaselineState {
  /** The provisional baseline: highest value seen; null before the first usable tick. */
  readonly floor: { readonly units: number; readonly prefixes: number } | null;
  /** Distinct origin ASNs when the country was last whole. */
  readonly origins: number;
  /** Times whose bins don't count (an incident, and the hour after it), oldest first; `to` null while it lasts. */
  readonly frozen: readonly { readonly from: UnixMillis; readonly to: UnixMillis | null }[];
}
