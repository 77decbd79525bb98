/**
 * The store of an ingest, in memory. It outlives the process that writes to it, and refuses writes of a process that
 * was replaced.
 */
import type { HistoryRow, Resolution } from '../../../src/core/countries/index.js';
import type {
  Commit,
  CommitOutcome,
  CountryRecord,
  FeedHealth,
  IncidentEvent,
  Lease,
  StoredState,
} from '../../../src/core/incidents/index.js';
import type { Store } from '../../../src/edges/store/index.js';

export class MemoryStore {
  readonly events: IncidentEvent[] = [];
  #version = 0;
  #epoch = 0;
  #health: FeedHealth | null = null;
  readonly #states = new Map<string, StoredState>();
  readonly #records = new Map<string, CountryRecord>();
  readonly #bins = new Map<string, HistoryRow[]>();

  constructor(readonly onEvents: (events: readonly IncidentEvent[]) => void) {}

  /** Makes a new leader; the one before is fenced. */
  lease(): Lease {
    return { holder: 'test', epoch: ++this.#epoch };
  }

  load = (): Promise<{ version: number; states: StoredState[] }> =>
    Promise.resolve({ version: this.#version, states: [...this.#states.values()] });
  records = (): Promise<CountryRecord[]> => Promise.resolve([...this.#records.values()]);
  health = (): Promise<FeedHealth | null> => Promise.resolve(this.#health);
  history = (country: string, resolution: Resolution, from: number, to: number): Promise<HistoryRow[]> =>
    Promise.resolve(
      resolution === 'bin' ? (this.#bins.get(country) ?? []).filter(({ at }) => at >= from && at < to) : [],
    );

  commit = (commit: Commit): Promise<CommitOutcome> => {
    if (commit.lease.epoch !== this.#epoch || commit.version !== this.#version + 1) return Promise.resolve('fenced');
    this.#version = commit.version;
    for (const state of commit.states) this.#states.set(state.country, structuredClone(state));
    for (const record of commit.records) this.#records.set(record.country, record);
    for (const sample of commit.rows) {
      if (sample.resolution !== 'bin') continue;
      const bins = this.#bins.get(sample.country);
      if (bins === undefined) this.#bins.set(sample.country, [sample]);
      else bins.push(sample);
    }
    this.#health = commit.health ?? this.#health;
    this.events.push(...commit.events);
    if (commit.events.length > 0) this.onEvents(commit.events);
    return Promise.resolve('committed');
  };

  /** The part of a store that createWatch uses. */
  asStore(): Store {
    return this as unknown as Store;
  }
}
