import type { ElemBatch } from './bgp/index.js';
import type { CountryMap } from './countries/index.js';
import type { UnixMillis } from './time.js';

/**
 * All that the core can be told, in the order in which it happened. Batches are reused: the core takes what it needs
 * before it returns.
 */
export type CoreEvent =
  /** RIB entries of one collector. They move no clock. */
  | { readonly kind: 'rib-rows'; readonly batch: ElemBatch }
  /** Updates and peer states of files or the stream, in order within a collector; `from`..`to`-1, or all rows. */
  | { readonly kind: 'rows'; readonly batch: ElemBatch; readonly from?: number; readonly to?: number }
  /**
   * Every RIB, and the updates since, were applied: voters are chosen, verdicts made, and ticks begin. `at` is the time
   * as the caller knows it; event time goes before it where rows give it.
   */
  | { readonly kind: 'load-done'; readonly at: UnixMillis }
  /** The collector's rows are missing after `from`: its peers are unknown until collector-back. Ends its short gaps. */
  | { readonly kind: 'collector-lost'; readonly collector: string; readonly from: UnixMillis }
  /** The rows that were missing were applied. */
  | { readonly kind: 'collector-back'; readonly collector: string }
  /** The collector's tables are forgotten, because a RIB of it follows. It counts as lost until collector-back. */
  | { readonly kind: 'collector-reset'; readonly collector: string }
  /** A short gap in the collector's stream, over since `to`: judged on now, filled later. */
  | { readonly kind: 'gap-opened'; readonly collector: string; readonly to: UnixMillis }
  /** Rows of files for such a gap, in order: they are older than the rows that passed since gap-opened. */
  | { readonly kind: 'gap-rows'; readonly batch: ElemBatch }
  /** All rows for the collector's gaps were given. */
  | { readonly kind: 'gap-filled'; readonly collector: string }
  /**
   * The rows of all collectors from `from` to `to` are missing and will not come. If that is longer than
   * table.gapFreezeMs, nothing is judged any more, because the table no longer shows the world. The next tick is at
   * `ticksFrom` or later.
   */
  | { readonly kind: 'stream-lost'; readonly from: UnixMillis; readonly to: UnixMillis; readonly ticksFrom: UnixMillis }
  /**
   * Another registry takes the place of the old one at the next tick before which verdicts are there. It is no event in
   * any country: baselines and bins move with what each country has.
   */
  | { readonly kind: 'registry'; readonly map: CountryMap };
