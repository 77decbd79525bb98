import type { ElemBatch, FeedGap, PeerIndex, RisLiveCounters, UnixMillis } from '../../../core/bgp/index.js';
import type { Clock } from '../../clock.js';
import type { FeedLog } from '../feed-log.js';

export type FeedState =
  /** trouble: why the attempt before failed, or the connection before was lost; null for the first. */
  | { readonly kind: 'connecting'; readonly attempt: number; readonly trouble: string | null }
  /** `since`: the event time from which nothing is missing. */
  | { readonly kind: 'live'; readonly since: UnixMillis }
  /** Connected, but nothing came for 10 s; `quietSince` is of the wall clock. */
  | { readonly kind: 'impaired'; readonly quietSince: UnixMillis }
  | { readonly kind: 'down'; readonly reason: string; readonly retryInMs: number };

export interface FeedConsumer {
  /** Rows in the order of arrival. The batch is reused: take what is needed before returning. */
  readonly onBatch: (batch: ElemBatch) => void;
  /** Rows are missing. Comes before the first batch that follows. */
  readonly onGap: (gap: FeedGap) => void;
  /** `live` comes before the first batch, and after the gap. */
  readonly onState: (state: FeedState) => void;
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
  /** Connections that were lost or never made; a new attempt follows each. */
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
