import { binMs, type HistoryRow, type Resolution } from '../countries/index.js';
import type { IncidentEvent } from './event.js';
import type { CountryRecord, FeedHealth } from './record.js';
import type { StoredState } from './state.js';
import { dayMs, hourMs, minuteMs, type UnixMillis } from '../time.js';

/** Who may write: proved anew at every commit by its epoch, which grows with each new holder (a fencing token). */
export interface Lease {
  readonly holder: string;
  readonly epoch: number;
}

/** Length of one history row, by resolution, and how long rows are kept. */
export const historyRules = {
  minute: { stepMs: minuteMs, keepMs: 48 * hourMs },
  bin: { stepMs: binMs, keepMs: 35 * dayMs },
} as const;

/** Everything one commit writes, all or nothing. */
export interface Commit {
  readonly lease: Lease;
  /** The version this commit makes: one more than the version it was reckoned from. */
  readonly version: number;
  readonly at: UnixMillis;
  /** Only the states that changed. */
  readonly states: readonly StoredState[];
  readonly rows: readonly HistoryRow[];
  /** In the order they happened; appended to the event log. */
  readonly events: readonly IncidentEvent[];
  /** Each replaces its country's. */
  readonly records: readonly CountryRecord[];
  /** null: unchanged. */
  readonly health: FeedHealth | null;
}

/**
 * committed: it is durable. duplicate: this very version was already committed by this lease. fenced: the lease or the
 * version is another's.
 */
export type CommitOutcome = 'committed' | 'duplicate' | 'fenced';

export interface IncidentStore {
  /** The lease, if nobody else holds a live one; else null. */
  acquire(holder: string, ttlMs: number): Promise<Lease | null>;
  /** False: lost. */
  renew(lease: Lease, ttlMs: number): Promise<boolean>;
  release(lease: Lease): Promise<void>;
  /** The version last committed (0: none yet) and every stored state. */
  load(): Promise<{ version: number; states: StoredState[] }>;
  commit(batch: Commit): Promise<CommitOutcome>;
}

export interface HistoryReader {
  /** Rows with from <= at < to, oldest first; rows never written are absent. */
  history(country: string, resolution: Resolution, from: UnixMillis, to: UnixMillis): Promise<HistoryRow[]>;
}

/** What those who are asked questions read; nothing here needs the lease. */
export interface StateReader {
  /** States of all countries. */
  states(): Promise<StoredState[]>;
  /** null: never measured. */
  record(country: string): Promise<CountryRecord | null>;
  records(): Promise<CountryRecord[]>;
  /** null: no ingest has ever written. */
  health(): Promise<FeedHealth | null>;
  /**
   * The last event of every incident that is not over, or whose last event is at or after `from`; newest first.
   * `country` null: all. Events without an incident (unstable, notice) are none of them.
   */
  incidents(from: UnixMillis, country: string | null): Promise<IncidentEvent[]>;
}
