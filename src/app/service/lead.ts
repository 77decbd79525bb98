import { randomBytes } from 'node:crypto';
import { availableParallelism, hostname } from 'node:os';
import { join } from 'node:path';
import type { IncidentEvent, Lease } from '../../core/incidents/index.js';
import type { PeerView } from '../../core/table/index.js';
import { secondMs } from '../../core/time.js';
import type { Clock } from '../../edges/clock.js';
import type { Config } from '../../edges/config/index.js';
import {
  createArchive,
  createDecodeWorkers,
  createProgress,
  createRisLiveFeed,
  decodeWorkersFor,
} from '../../edges/feed/index.js';
import type { Logger, Metrics } from '../../edges/observability/index.js';
import { StoreUnavailableError, type Store } from '../../edges/store/index.js';
import { retry } from '../../edges/waiting/index.js';
import type { Registry, RegistryRefresh } from '../registry/registry-refresh.js';
import type { Output } from '../world.js';
import { Impairments } from './watch/impairments.js';
import { awaitLease, keepLease } from './lease.js';
import { watchTroubles } from './readiness.js';
import { Watch, type WatchOptions } from './watch/watch.js';

const storeRetryMs = 5 * secondMs;

export interface LeadOptions {
  readonly config: Pick<Config, 'collectors' | 'countries' | 'dataDir' | 'risArchiveUrl' | 'risLiveUrl' | 'rules'>;
  readonly store: Store;
  readonly registries: RegistryRefresh;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** For the progress bar of the load. */
  readonly stderr: Output;
  /** Events were made durable. */
  readonly onEvents: (events: readonly IncidentEvent[]) => void;
}

export interface Lead {
  /** Until the signal: waits for the lease, then runs watch after watch while it holds. */
  run(signal: AbortSignal): Promise<void>;
  /** Every peer that is known; none while another process leads. */
  peers(): readonly PeerView[];
  /** Why this process is not ready, in words. */
  troubles(): readonly string[];
  close(): Promise<void>;
}

/** The ingest: of all processes that share a store, one at a time holds the lease and watches. */
export function createLead(options: LeadOptions): Lead {
  const { config, store, registries, clock, random, logger, metrics } = options;
  const workers = createDecodeWorkers(decodeWorkersFor(availableParallelism()), clock);
  const progress = createProgress(options.stderr, clock, logger);
  const holder = `${hostname()}-${randomBytes(6).toString('hex')}`;
  /** null while another process leads. */
  let watch: Watch | null = null;

  const parts: Omit<WatchOptions, 'registry' | 'impairments'> = {
    store,
    rules: config.rules,
    newestRegistry: () => registries.newest(),
    registryTrouble: () => registries.trouble(),
    groups: config.countries.groups,
    collectors: config.collectors,
    archive: createArchive(config.risArchiveUrl, clock, random),
    workers,
    snapshotPath: join(config.dataDir, 'table.snapshot'),
    openFeed: (consumer, peers) =>
      createRisLiveFeed({
        ...consumer,
        url: config.risLiveUrl,
        collectors: config.collectors,
        peers,
        clock,
        random,
        log: logger,
      }),
    clock,
    random,
    logger,
    metrics,
    onProgress: progress.show,
    onEvents: options.onEvents,
  };

  /** Watches with this lease until it is lost or the signal is aborted. */
  async function watchWith(lease: Lease, signal: AbortSignal): Promise<void> {
    const term = new AbortController();
    void keepLease({ store, holder, clock, logger }, lease, () => watch?.leadLost(), term.signal);
    const impairments = new Impairments();
    try {
      for (;;) {
        const registry = await storedRegistry(options, signal);
        if (registry === null) return;
        watch = new Watch({ ...parts, registry, impairments }, lease);
        if ((await watch.run(signal)) !== 'gap') return;
      }
    } finally {
      term.abort();
      watch = null;
      await store
        .release(lease)
        .catch((error: unknown) => logger.warn({ err: error }, 'the lease could not be given back'));
    }
  }

  return {
    async run(signal) {
      while (!signal.aborted) {
        const lease = await awaitLease({ store, holder, clock, logger }, signal);
        if (lease === null) return;
        await watchWith(lease, signal);
      }
    },
    peers: () => watch?.peers() ?? [],
    troubles: () => (watch === null ? ['standing by for the lead'] : watchTroubles(watch, clock.now())),
    close: async () => workers?.close(),
  };
}

/** The registry that the stored data was measured with; null after the signal. */
async function storedRegistry(
  { registries, store, clock }: LeadOptions,
  signal: AbortSignal,
): Promise<Registry | null> {
  if (signal.aborted) return null;
  return retry(async () => registries.inUse((await store.health())?.registry ?? null), {
    clock,
    signal,
    backOff: () => storeRetryMs,
    onFailure(error) {
      if (!(error instanceof StoreUnavailableError)) throw error;
    },
  });
}
