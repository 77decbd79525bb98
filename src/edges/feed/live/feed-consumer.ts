import type { ElemBatch, FeedGap, PeerIndex, RisLiveCounters, UnixMillis } from '../../../core/bgp/index.js';
import type { Clock } from '../../clock.js';
import type { FeedLog } from '../feed-log.js';

export type FeedState =
  /** trouble: why the attempt before it failed, or the connection before it was lost; null: it is the first. */
  | { readonly kind: 'connecting'; readonly attempt: number; readonly trouble: string | null }
  /** `since`: the event time from which nothing is missing. */
  | { readonly kind: 'live'; readonly since: UnixMillis }
  /** Connected, and nothing came for 10 s; `quietSince` on the wall clock. */
  | { readonly kind: 'impaired'; readonly quietSince: UnixMillis }
  | { readonly kind: 'down'; readonly reason: string; readonly retryInMs: number };

export interface FeedConsumer {
  /** Rows in the order of arrival. The batch is reused: take what is needed before returning. */
  onBatch(batch: ElemBatch): void;
  /** Continuity was lost; told before the first batch that follows. */
  onGap(gap: FeedGap): void;
  /** `live` is told before the first batch (and after the gap). */
  onState(state: FeedState): void;
}

export interface RisLiveOptions extends FeedConsumer {
  /** ws:// or wss://; `client=lightsout` is added unless it names a client. */
  readonly url: string;
  /** rrcNN each: one subscription per collector. `all`: one subscription to everything. */
  readonly collectors: readonly string[] | 'all';
  readonly peers: PeerIndex;
  readonly clock: Clock;
  /** 0..1, for the jitter. */
  readonly random: () => number;
  readonly log: FeedLog;
}

export interface FeedCounters {
  risErrors: number;
  /** Connections lost or never made; each is followed by a new attempt. */
  reconnects: number;
  /** Wall clock of the last frame with data. */
  lastMessageAt: UnixMillis | null;
}

export interface RisLiveFeed {
  /** Connects, and stays connected until stopped or until the signal is aborted. */
  start(until?: AbortSignal): void;
  stop(): void;
  readonly counters: Readonly<FeedCounters>;
  /** Messages, frames that the byte scanner left to JSON.parse, and frames skipped, by reason. */
  readonly decoded: Readonly<RisLiveCounters>;
}
