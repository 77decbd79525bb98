import { PeerIndex, type ElemBatch, type Family, type UnixMillis } from '../../core/bgp/index.js';
import type { Clock } from '../../edges/clock.js';
import type { GroupDefinition } from '../../core/countries/index.js';
import {
  createIntake,
  type Archive,
  type DecodeWorkers,
  type CollectorStage,
  type FeedConsumer,
  type FeedState,
  type Intake,
  type IntakeReady,
  type IntakeSink,
  type LoadProgress,
  type RisLiveFeed,
} from '../../edges/feed/index.js';
import type { Commit, IncidentEvent, Lease } from '../../core/incidents/index.js';
import type { Logger, Metrics } from '../../edges/observability/index.js';
import { Pipeline, type TickResult } from '../../core/pipeline.js';
import type { Rules } from '../../core/rules.js';
import type { Store } from '../../edges/store/index.js';
import type { PeerView, Usability } from '../../core/table/index.js';
import { CommitQueue } from './commit-queue.js';
import type { Impairments } from './impairments.js';
import { GuardMetrics } from './guard-metrics.js';
import { DecodedMetrics, describeIngest } from './ingest-metrics.js';
import { isSameRegistry, type Registry } from '../registry/registry-refresh.js';
import { restoreRemembered } from './restore.js';
import { createSelfReport, leftOut, type SelfReport } from './self-report.js';
import { createSnapshotWriter, loadSnapshot } from './snapshot/table-snapshot.js';

/** How far event time may run ahead of our own clock, so that one wrong clock moves nothing. */
const aheadMs = 2_000;
const slowTickMs = 1_000;
/** How long a stop may spend on making the last ticks durable. */
const flushMs = 4_000;
/** And, beside that, on keeping the table as it is then; else the last snapshot stands. */
const lastSnapshotMs = 2_500;

export interface IngestOptions {
  readonly store: Store;
  readonly rules: Rules;
  /** By which all that is stored was measured. */
  readonly registry: Registry;
  /** The newest; it takes the place of the other as soon as the table is there. */
  readonly newestRegistry: () => Registry | null;
  /** A sentence while it is old and cannot be had anew. */
  readonly registryTrouble: () => string | null;
  readonly groups: readonly GroupDefinition[];
  readonly collectors: readonly string[];
  readonly archive: Archive;
  /** null: files are read in this thread. */
  readonly workers: DecodeWorkers | null;
  /** Where the table is kept for the next start. */
  readonly snapshotPath: string;
  /** Makes the stream of these collectors that tells `consumer`, its peers named by `peers`. */
  readonly openFeed: (consumer: FeedConsumer, peers: PeerIndex) => RisLiveFeed;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** What stands from one life of a table to the next. */
  readonly impairments: Impairments;
  readonly onProgress: (progress: LoadProgress) => void;
  /** Events were made durable. */
  readonly onEvents: (events: readonly IncidentEvent[]) => void;
}

/** What the ingest is doing now; what readiness is made of. */
export type IngestPhase =
  | { readonly kind: 'restoring' }
  | { readonly kind: 'bootstrapping'; readonly feed: FeedState }
  | {
      readonly kind: 'watching';
      readonly lastTickAt: UnixMillis | null;
      readonly feed: FeedState;
      /** By family. A country is judged by each by itself. */
      readonly usability: Readonly<Record<Family, Usability>>;
      /** Collectors that are left out for now. */
      readonly leftOut: readonly CollectorStage[];
    };

/** Why a watch ended. gap: the stream was away for so long that a new table is sooner than this one mended. */
export type WatchEnd = 'gap' | 'lead-lost' | 'stopped';

export interface Watch {
  /** Fills a table and watches until the stream was away for too long, the lead is lost, or the signal. */
  run(signal: AbortSignal): Promise<WatchEnd>;
  /** The lease is another's. */
  leadLost(): void;
  phase(): IngestPhase;
  /** Every peer that is known. */
  peers(): readonly PeerView[];
  /** Why nothing can be made durable; null while all is well. */
  storeTrouble(): string | null;
}

/** One life of a table: from what was remembered, through the load, along the stream. */
export function createWatch(options: IngestOptions, lease: Lease): Watch {
  const { store, rules, clock, logger, metrics } = options;
  const peers = new PeerIndex();
  const pipeline = new Pipeline({
    peers,
    map: options.registry.map,
    groups: options.groups,
    rules,
    configuredCollectors: options.collectors.length,
    only: null,
    time: 'rows',
  });
  const view = pipeline.view();
  const ended = new AbortController();
  let end: WatchEnd = 'stopped';
  let phase: IngestPhase['kind'] = 'restoring';
  const decoded = new DecodedMetrics(metrics);
  const guarded = new GuardMetrics(metrics);
  let feedState: FeedState = { kind: 'connecting', attempt: 1, trouble: null };
  let feed: RisLiveFeed | null = null;
  let queue: CommitQueue | null = null;
  let intake: Intake | null = null;
  let report: SelfReport | null = null;
  const snapshots = createSnapshotWriter({ path: options.snapshotPath, clock, logger, metrics });
  let registry = options.registry;
  /** The registry that takes over at the next tick; null if there is no newer one. */
  let nextRegistry: Registry | null = null;
  let firstTickAt: UnixMillis | null = null;
  let lastTickAt: UnixMillis | null = null;

  const finish = (why: WatchEnd): void => {
    // The lead may still be lost while the last ticks are made durable.
    if (why === 'lead-lost' || !ended.signal.aborted) end = why;
    ended.abort();
  };

  const stages = (): readonly CollectorStage[] => intake?.collectors() ?? [];

  /** Applies rows of files or of the stream, and takes the tick that event time has reached with them. */
  function onRows(batch: ElemBatch): void {
    metrics.elems.inc(batch.length);
    followRegistry();
    pipeline.handle({ kind: 'rows', batch });
    const startedAt = clock.now();
    for (const result of pipeline.advance(startedAt + aheadMs)) {
      onTick(result);
      const tookMs = clock.now() - startedAt;
      if (tookMs > slowTickMs) logger.warn({ tookMs }, 'a tick took long');
    }
  }

  function followRegistry(): void {
    const newest = options.newestRegistry();
    if (newest === null || newest === nextRegistry || isSameRegistry(newest, registry)) return;
    nextRegistry = newest;
    pipeline.handle({ kind: 'registry', map: newest.map });
  }

  function onTick(result: TickResult): void {
    const { at, moved } = result;
    firstTickAt ??= at;
    lastTickAt = at;
    if (moved !== null && nextRegistry !== null) {
      logger.info(
        { from: registry.file, to: nextRegistry.file, countriesMoved: moved.length },
        'another registry is in use',
      );
      registry = nextRegistry;
    }
    const hasNews = report?.tellUsability() === true || result.rows.length > 0 || moved !== null;
    queue?.add(at, { ...result, states: [...(moved ?? []), ...result.states] }, hasNews ? report?.health() : null);
    describeIngest(metrics, view, at, clock.now());
    if (feed !== null) decoded.follow(feed.decoded);
    if (snapshots.due()) void keepTable(ended.signal);
    for (const event of result.events)
      logger.info({ event: event.id, kind: event.kind, level: event.level, reason: event.reason }, 'decided');
  }

  /** Where each collector is taken up again, of the table that was kept; null: there is none to go on from. */
  async function takeOver(): Promise<ReadonlyMap<string, UnixMillis> | null> {
    const loaded = await loadSnapshot(options.snapshotPath, {
      pipeline,
      collectors: options.collectors,
      now: clock.now(),
    });
    switch (loaded.kind) {
      case 'restored':
        logger.info(
          { of: new Date(loaded.createdAt).toISOString(), collectors: loaded.positions.size },
          'going on with the table that was kept',
        );
        return loaded.positions;
      case 'refused':
        logger.warn({ file: options.snapshotPath }, `the table that was kept ${loaded.reason}: starting from the RIBs`);
        return null;
      case 'none':
        return null;
    }
  }

  /** While positions can be named. */
  async function keepTable(until: AbortSignal): Promise<void> {
    if (phase === 'watching' && intake !== null) await snapshots.write(pipeline, intake.positions(), until);
  }

  /** Also while there are no ticks. */
  function describeGuards(): void {
    if (intake === null) return;
    guarded.follow({
      sessions: view.sessionCounters,
      intake: intake.counters,
      archive: options.archive.counters,
      stages: stages(),
      holds: view.holds,
      holdCounts: view.holdCounts,
    });
  }

  function onState(state: FeedState): void {
    if (state.kind === 'down') metrics.reconnects.inc();
    feedState = state;
  }

  function onReady({ leftOut }: IntakeReady): void {
    pipeline.handle({ kind: 'load-done', at: clock.now() });
    phase = 'watching';
    report?.tellUsability();
    if (leftOut.length > 0) logger.warn({ leftOut }, 'judging without these collectors until they can be had');
    queue?.say(report!.health());
  }

  const sink: IntakeSink = {
    rib: (_, batch) => pipeline.handle({ kind: 'rib-rows', batch }),
    ribLoaded: () => undefined,
    updates: onRows,
    lost: (collector, from) => pipeline.handle({ kind: 'collector-lost', collector, from }),
    reset: (collector) => pipeline.handle({ kind: 'collector-reset', collector }),
    joined: (collector) => pipeline.handle({ kind: 'collector-back', collector }),
    holed: (collector, _, to) => pipeline.handle({ kind: 'gap-opened', collector, to }),
    fill: (batch) => pipeline.handle({ kind: 'gap-rows', batch }),
    filled: (collector) => pipeline.handle({ kind: 'gap-filled', collector }),
  };

  return {
    async run(signal) {
      const stop = (): void => finish('stopped');
      signal.addEventListener('abort', stop, { once: true });
      try {
        const version = await restoreRemembered(
          { store, pipeline, impairments: options.impairments, clock, logger },
          ended.signal,
        );
        if (version === null) return end;
        queue = new CommitQueue({
          store,
          lease,
          version,
          clock,
          logger,
          onFenced: () => finish('lead-lost'),
          onCommitted: (commit, tookMs) => committed(options, commit, tookMs),
        });
        report = createSelfReport({
          phase: () => (phase === 'watching' ? phase : 'loading'),
          view,
          feed: () => feedState,
          firstTickAt: () => firstTickAt,
          lastTickAt: () => lastTickAt,
          stages,
          collectors: options.collectors,
          registry: () => ({ file: registry.file, ignored: registry.ignored }),
          registryTrouble: options.registryTrouble,
          queue,
          impairments: options.impairments,
          onLook: describeGuards,
          clock,
          logger,
          metrics,
        });
        phase = 'bootstrapping';
        queue.say(report.health());
        void report.run(ended.signal);
        const positions = await takeOver();
        intake = createIntake({
          collectors: options.collectors,
          peers,
          archive: options.archive,
          workers: options.workers,
          openFeed: (consumer) => {
            feed = options.openFeed(consumer, peers);
            return feed;
          },
          sink,
          positions,
          gapFreezeMs: rules.table.gapFreezeMs,
          onState,
          onReady,
          onProgress: options.onProgress,
          clock,
          random: options.random,
          log: logger,
        });
        await intake.run(ended.signal);
        finish('gap');
      } catch (error) {
        if (!ended.signal.aborted) throw error;
      } finally {
        signal.removeEventListener('abort', stop);
        ended.abort();
        feed?.stop();
        if (end === 'stopped' && report !== null) queue?.say(report.health('stopped'));
        // After a gap there is time; at a stop there is not.
        if (end !== 'lead-lost') {
          await Promise.all([
            queue?.flush(end === 'gap' ? signal : AbortSignal.timeout(flushMs)),
            end === 'stopped' ? keepTable(AbortSignal.timeout(lastSnapshotMs)) : null,
          ]);
        }
      }
      return end;
    },
    leadLost: () => finish('lead-lost'),
    phase: () => {
      if (phase === 'restoring') return { kind: phase };
      if (phase === 'bootstrapping') return { kind: phase, feed: feedState };
      return { kind: 'watching', lastTickAt, feed: feedState, usability: view.usability, leftOut: leftOut(stages()) };
    },
    peers: () => view.peers,
    storeTrouble: () => queue?.trouble ?? null,
  };
}

function committed({ metrics, onEvents }: IngestOptions, commit: Commit, tookMs: number): void {
  metrics.commitSeconds.observe(tookMs / 1000);
  for (const event of commit.events) metrics.events.inc({ kind: event.kind });
  if (commit.events.length > 0) onEvents(commit.events);
}
