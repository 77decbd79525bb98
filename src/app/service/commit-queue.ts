import type { UnixMillis } from '../../core/bgp/index.js';
import type { Clock } from '../../edges/clock.js';
import type { HistoryRow } from '../../core/countries/index.js';
import type {
  Commit,
  CountryRecord,
  FeedHealth,
  IncidentEvent,
  IncidentStore,
  Lease,
  StoredState,
} from '../../core/incidents/index.js';
import type { Logger } from '../../edges/observability/index.js';
import type { Judged } from '../../core/judgement.js';
import { StoreUnavailableError } from '../../edges/store/index.js';

const retryFirstMs = 250;
const retryMostMs = 10_000;

export interface CommitQueueOptions {
  readonly store: Pick<IncidentStore, 'commit'>;
  readonly lease: Lease;
  /** The version that the store has now. */
  readonly version: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onCommitted: (commit: Commit, tookMs: number) => void;
  /** The store takes no more from us: another is the leader. */
  readonly onFenced: () => void;
}

/**
 * Makes ticks durable, in order and one commit at a time, without holding up the stream. While the store is away what
 * is to be written gathers (of states, records and health the latest); the commit under way is repeated unchanged, for
 * nobody knows whether it took place.
 */
export class CommitQueue {
  readonly #options: CommitQueueOptions;
  readonly #states = new Map<string, StoredState>();
  #rows: HistoryRow[] = [];
  #events: IncidentEvent[] = [];
  readonly #records = new Map<string, CountryRecord>();
  #health: FeedHealth | null = null;
  #at: UnixMillis = 0;
  #version: number;
  #writing: Promise<void> | null = null;
  #trouble: string | null = null;
  #fenced = false;
  /** Aborted when no more time may be spent on attempts. */
  readonly #cut = new AbortController();

  constructor(options: CommitQueueOptions) {
    this.#options = options;
    this.#version = options.version;
  }

  /** Why the last attempt failed; null while all is well. */
  get trouble(): string | null {
    return this.#trouble;
  }

  add(at: UnixMillis, { states, rows, events, records }: Judged, health: FeedHealth | null = null): void {
    for (const state of states) this.#states.set(state.country, state);
    for (const record of records) this.#records.set(record.country, record);
    this.#rows.push(...rows);
    this.#events.push(...events);
    this.#health = health ?? this.#health;
    this.#at = at;
    // States that only count a dwell on can wait for the minute's row; an event can't.
    this.#writeWaiting();
  }

  /** Written at once, with what else is waiting. */
  say(health: FeedHealth): void {
    this.#health = health;
    this.#at = Math.max(this.#at, health.at);
    this.#write();
  }

  /** Writes what is left. Resolves when it is durable, or when `signal` cuts the attempts short. */
  async flush(signal: AbortSignal): Promise<void> {
    const cut = (): void => this.#cut.abort();
    if (signal.aborted) cut();
    signal.addEventListener('abort', cut, { once: true });
    this.#write();
    await this.#writing;
    // What came while the last commit was under way; after one given up on, nobody knows which version the store has.
    if (!this.#cut.signal.aborted) this.#write();
    await this.#writing;
    signal.removeEventListener('abort', cut);
  }

  #write(): void {
    if (this.#writing !== null || this.#fenced) return;
    if (this.#states.size + this.#rows.length + this.#events.length + this.#records.size === 0 && this.#health === null)
      return;
    const commit: Commit = {
      lease: this.#options.lease,
      version: this.#version + 1,
      at: this.#at,
      states: [...this.#states.values()],
      rows: this.#rows,
      events: this.#events,
      records: [...this.#records.values()],
      health: this.#health,
    };
    this.#states.clear();
    this.#rows = [];
    this.#events = [];
    this.#records.clear();
    this.#health = null;
    this.#writing = this.#insist(commit).finally(() => {
      this.#writing = null;
      if (!this.#cut.signal.aborted) this.#writeWaiting();
    });
  }

  #writeWaiting(): void {
    if (this.#events.length > 0 || this.#rows.length > 0 || this.#health !== null) this.#write();
  }

  async #insist(commit: Commit): Promise<void> {
    const { store, clock, logger } = this.#options;
    for (let waitMs = retryFirstMs; ; waitMs = Math.min(waitMs * 2, retryMostMs)) {
      const startedAt = clock.now();
      try {
        const outcome = await store.commit(commit);
        this.#trouble = null;
        if (outcome === 'fenced') {
          this.#fenced = true;
          this.#options.onFenced();
          return;
        }
        this.#version = commit.version;
        this.#options.onCommitted(commit, clock.now() - startedAt);
        return;
      } catch (error) {
        this.#trouble = `the store does not take what is to be remembered: ${String(error)}`;
        if (error instanceof StoreUnavailableError) logger.warn({ err: error }, 'commit failed, trying again');
        else logger.error({ err: error }, 'commit failed in a way nobody foresaw, trying again');
        if (!this.#cut.signal.aborted) await clock.sleep(waitMs, this.#cut.signal);
        if (this.#cut.signal.aborted) return;
      }
    }
  }
}
