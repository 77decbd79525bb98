import { PeerIndex, type ElemBatch, type FeedGap, type UnixMillis } from '../bgp/index.js';
import type { Clock } from '../clock.js';
import type { CountryMap, GroupDefinition } from '../countries/index.js';
import { bootstrap, createArchive, createRisLiveFeed, type BootstrapProgress, type FeedState, type RisLiveFeed } from '../feed/index.js';
import { historyRules, type Commit, type IncidentEvent, type Lease } from '../incidents/index.js';
import type { Logger, Metrics } from '../observability/index.js';
import { Pipeline, type Rules } from '../pipeline.js';
import type { Store } from '../store/index.js';
import { describeUsability, EventTime } from '../table/index.js';
import { CommitQueue } from './commit-queue.js';
import { DecodedMetrics, describeBootstrap, describeIngest } from './ingest-metrics.js';
import { tickMs } from './replay-run.js';

/** How far event time may run ahead of our own clock: one wrong clock moves nothing. */
const aheadMs = 2_000;
/** How long a stop may spend on making the last ticks durable. */
const flushMs = 4_000;

export interface IngestOptions {
  readonly store: Store;
  readonly rules: Rules;
  readonly map: CountryMap;
  readonly groups: readonly GroupDefinition[];
  readonly collectors: readonly string[];
  readonly risLiveUrl: string;
  readonly risArchiveUrl: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly onProgress: (progress: BootstrapProgress) => void;
  /** Events were made durable. */
  readonly onEvents: (events: readonly IncidentEvent[]) => void;
}

/** What the ingest is doing now; what readiness is made of. */
export type IngestPhase =
  | { readonly kind: 'restoring' }
  | { readonly kind: 'bootstrapping'; readonly feed: FeedState }
  | { readonly kind: 'watching'; readonly lastTickAt: UnixMillis | null; readonly feed: FeedState; readonly usability: string; readonly usable: boolean };

/** Why a watch ended. */
export type WatchEnd = 'gap' | 'lead-lost' | 'stopped';

export interface Watch {
  /** Bootstraps a table and watches until the stream breaks for too long, the lead is lost, or the signal. */
  run(signal: AbortSignal): Promise<WatchEnd>;
  /** The lease is another's. */
  leadLost(): void;
  phase(): IngestPhase;
  /** Why nothing can be made durable; null while all is well. */
  storeTrouble(): string | null;
}

/** One life of a table: from what was remembered, through the bootstrap, along the stream. */
export function createWatch(options: IngestOptions, lease: Lease): Watch {
  const { store, rules, clock, logger, metrics } = options;
  const peers = new PeerIndex();
  const pipeline = new Pipeline({ peers, map: options.map, groups: options.groups, rules, configuredCollectors: options.collectors.length, only: null });
  const time = new EventTime(peers);
  const ended = new AbortController();
  let end: WatchEnd = 'stopped';
  let phase: IngestPhase['kind'] = 'restoring';
  const decoded = new DecodedMetrics(metrics);
  let feedState: FeedState = { kind: 'connecting', attempt: 1 };
  const phases = new Map<string, BootstrapProgress['phase']>();
  let feed: RisLiveFeed | null = null;
  let queue: CommitQueue | null = null;
  let nextTick = Infinity;
  let lastTickAt: UnixMillis | null = null;

  const finish = (why: WatchEnd): void => {
    if (ended.signal.aborted) return;
    end = why;
    ended.abort();
  };

  async function restore(signal: AbortSignal): Promise<number | null> {
    while (!signal.aborted) {
      try {
        const { version, states } = await store.load();
        const now = clock.now();
        for (const state of states) pipeline.restore(state, await store.history(state.country, 'bin', now - historyRules.bin.keepMs, now));
        return version;
      } catch (error) {
        logger.warn({ err: error }, 'what was remembered cannot be read, trying again');
        await clock.sleep(5_000, signal);
      }
    }
    return null;
  }

  const tick = (): void => {
    const startedAt = clock.now();
    const result = pipeline.tick(nextTick);
    lastTickAt = nextTick;
    queue?.add(nextTick, result);
    describeIngest(metrics, pipeline, nextTick, clock.now(), peers);
    if (feed !== null) decoded.follow(feed.decoded);
    for (const event of result.events) logger.info({ event: event.id, kind: event.kind, level: event.level, reason: event.reason }, 'decided');
    const tookMs = clock.now() - startedAt;
    if (tookMs > 1_000) logger.warn({ tookMs }, 'a tick took long');
    nextTick += tickMs;
  };

  function onUpdates(batch: ElemBatch): void {
    metrics.elems.inc(batch.length);
    const now = Math.min(time.observe(batch), clock.now() + aheadMs);
    // While time stood still there were no ticks, and none are made up: nobody saw the table then.
    if (nextTick <= now - tickMs) nextTick = Math.floor(now / tickMs) * tickMs;
    pipeline.apply(batch);
    if (nextTick <= now) tick();
  }

  function onGap(gap: FeedGap): void {
    const seconds = Math.round((gap.to - gap.from) / 1000);
    pipeline.gap(gap);
    if (gap.to - gap.from <= rules.table.gapFreezeMs) {
      logger.warn({ seconds }, 'a short gap in the stream: judged on');
      return;
    }
    logger.warn({ seconds }, 'a gap in the stream that is too long to judge on: bootstrapping again');
    finish('gap');
  }

  function onState(state: FeedState): void {
    if (state.kind === 'down') metrics.reconnects.inc();
    feedState = state;
  }

  function loaded(): void {
    // Where no update came with the tables, ours is the only time there is.
    const at = Number.isFinite(time.now) ? Math.min(time.now, clock.now() + aheadMs) : clock.now();
    pipeline.loaded(at);
    nextTick = Math.ceil(at / tickMs) * tickMs;
    phase = 'watching';
    logger.info(describeUsability(pipeline.table.usability(0)));
  }

  return {
    async run(signal) {
      const stop = (): void => finish('stopped');
      signal.addEventListener('abort', stop, { once: true });
      try {
        const version = await restore(ended.signal);
        if (version === null) return end;
        queue = new CommitQueue({
          store, lease, version, clock, logger,
          onFenced: () => finish('lead-lost'),
          onCommitted: (commit, tookMs) => committed(options, commit, tookMs),
        });
        phase = 'bootstrapping';
        await bootstrap({
          collectors: options.collectors,
          peers,
          archive: createArchive(options.risArchiveUrl, clock),
          openFeed: (consumer) => {
            feed = createRisLiveFeed({
              ...consumer, url: options.risLiveUrl, collectors: options.collectors, peers, clock, random: options.random, log: logger,
            });
            return feed;
          },
          sink: {
            rib: (_, batch) => pipeline.apply(batch),
            ribLoaded: () => undefined,
            updates: onUpdates,
            gap: onGap,
          },
          onState,
          onProgress: (progress) => {
            describeBootstrap(metrics, phases, progress);
            options.onProgress(progress);
          },
          clock, random: options.random, log: logger, signal: ended.signal,
        });
        loaded();
        await new Promise<void>((resolve) => {
          if (ended.signal.aborted) resolve();
          else ended.signal.addEventListener('abort', () => resolve(), { once: true });
        });
      } catch (error) {
        if (!ended.signal.aborted) throw error;
      } finally {
        signal.removeEventListener('abort', stop);
        feed?.stop();
        // After a gap there is time; at a stop there is not.
        if (end !== 'lead-lost') await queue?.flush(end === 'gap' ? signal : AbortSignal.timeout(flushMs));
      }
      return end;
    },
    leadLost: () => finish('lead-lost'),
    phase: () => {
      if (phase === 'restoring') return { kind: phase };
      if (phase === 'bootstrapping') return { kind: phase, feed: feedState };
      const usability = pipeline.table.usability(0);
      return { kind: 'watching', lastTickAt, feed: feedState, usability: describeUsability(usability), usable: usability.kind === 'usable' };
    },
    storeTrouble: () => queue?.trouble ?? null,
  };
}

function committed({ metrics, onEvents }: IngestOptions, commit: Commit, tookMs: number): void {
  metrics.commitSeconds.observe(tookMs / 1000);
  for (const event of commit.events) metrics.events.inc({ kind: event.kind });
  if (commit.events.length > 0) onEvents(commit.events);
}
