import type { HistoryRow } from '../../../core/countries/index.js';
import type { Clock } from '../../../edges/clock.js';
import type {
  Commit,
  CountryRecord,
  FeedHealth,
  IncidentEvent,
  IncidentStore,
  Lease,
  StoredState,
} from '../../../core/incidents/index.js';
import type { Logger } from '../../../edges/observability/index.js';
import type { Judged } from '../../../core/judgement.js';
import { secondMs, type UnixMillis } from '../../../core/time.js';
import { StoreUnavailableError } from '../../../edges/store/index.js';
import { backOff, retry } from '../../../edges/waiting/index.js';

/** One process writes at a time, so the waits need no chance. */
const commitBackOff = backOff({ firstMs: 250, mostMs: 10 * secondMs, random: () => 1 });

export interface CommitQueueOptions {
  readonly store: Pick<IncidentStore, 'commit'>;
  readonly lease: Lease;
  /** The version that the store has now. */
  readonly version: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onCommitted: (commit: Commit, tookMs: number) => void;
  /** The store takes no more from us, because another process leads. */
  readonly onFenced: () => void;
}

/**
 * Makes ticks durable, in order and one commit at a time, without holding up the stream. While the store is away, what
 * is to be written gathers (of states, records and health only the latest). The commit under way is repeated unchanged,
 * because it may have taken place.
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
  /** Aborted when there is no more time for attempts. */
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
    // States in which only a dwell has grown can wait for the minute's row; an event cannot.
    this.#writeWaiting();
  }

  /** Writes it at once, with what else is waiting. */
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
    // Then what came meanwhile; but after a commit that was given up, the store's version is unknown.
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
    this.#writing = this.#commit(commit).finally(() => {
      this.#writing = null;
      if (!this.#cut.signal.aborted) this.#writeWaiting();
    });
  }

  #writeWaiting(): void {
    if (this.#events.length > 0 || this.#rows.length > 0 || this.#health !== null) this.#write();
  }

  /** Tries until it is durable or fenced, or until the attempts are cut. */
  async #commit(commit: Commit): Promise<void> {
    const { store, clock, logger } = this.#options;
    const write = async (): Promise<void> => {
      const startedAt = clock.now();
      const outcome = await store.commit(commit);
      this.#trouble = null;
      if (outcome === 'fenced') {
        this.#fenced = true;
        this.#options.onFenced();
        return;
      }
      this.#version = commit.version;
      this.#options.onCommitted(commit, clock.now() - startedAt);
    };
    await retry(write, {
      clock,
      signal: this.#cut.signal,
      backOff: commitBackOff,
      onFailure: (error) => {
        this.#trouble = `the store does not take what is to be remembered: ${String(error)}`;
        if (error instanceof StoreUnavailableError) logger.warn({ err: error }, 'commit failed, trying again');
        else logger.error({ err: error }, 'commit failed for an unexpected reason, trying again');
      },
    });
  }
}
