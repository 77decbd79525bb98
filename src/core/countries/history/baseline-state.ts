import type { UnixMillis } from '../../bgp/index.js';

/** What of a baseline can't be had from the stored bins. Plain JSON; kept with the country's state. */
export interface BaselineState {
  /** The provisional baseline: highest value seen; null before the first usable tick. */
  readonly floor: { readonly units: number; readonly prefixes: number } | null;
  /** Distinct origin ASNs when the country was last whole. */
  readonly origins: number;
  /** Times whose bins don't count (an incident, and the hour after it), oldest first; `to` null while it lasts. */
  readonly frozen: readonly { readonly from: UnixMillis; readonly to: UnixMillis | null }[];
  /** Changes of the registry, oldest first, as far back as bins are kept. */
  readonly shifts: readonly Shift[];
}

/**
 * What a new registry gave to the country, or took: added to the bins that were measured by the one before. Stored rows
 * stay as they are.
 */
export interface Shift {
  /** Bins that began before were measured by the old registry. */
  readonly at: UnixMillis;
  readonly dS: number;
  readonly dN: number;
}
