import { PeerIndex, type Family } from '../../../core/bgp/index.js';
import type { GroupDefinition } from '../../../core/countries/index.js';
import type { CoreEvent } from '../../../core/events.js';
import type { Commit, IncidentEvent, Lease } from '../../../core/incidents/index.js';
import { Pipeline, type TickResult } from '../../../core/pipeline.js';
import type { Rules } from '../../../core/rules.js';
import type { PeerView, Usability } from '../../../core/table/index.js';
import { secondMs, type UnixMillis } from '../../../core/time.js';
import type { PipelineView } from '../../../core/view.js';
import type { Clock } from '../../../edges/clock.js';
import {
  createIntake,
  type Archive,
  type CollectorStage,
  type DecodeWorkers,
  type FeedConsumer,
  type FeedState,
  type Intake,
  type IntakeReady,
  type LoadProgress,
  type RisLiveFeed,
} from '../../../edges/feed/index.js';
import type { Logger, Metrics } from '../../../edges/observability/index.js';
import type { Store } from '../../../edges/store/index.js';
import { withDeadline } from '../../../edges/waiting/index.js';
import type { Registry } from '../../registry/registry-refresh.js';
import { CarriedCounters } from './carried-counters.js';
import { CommitQueue } from './commit-queue.js';
import { followGuards } from './guard-metrics.js';
import type { Impairments } from './impairments.js';
import { describeTick, followDecoder } from './ingest-metrics.js';
import { restoreRemembered } from './restore.js';
import { createSelfReport, leftOut, type SelfReport, type WatchStatus } from './self-report.js';
import { createSnapshotWriter, loadSnapshot, type SnapshotWriter } from '../snapshot/table-snapshot.js';
import { Ticks } from './ticks.js';

/** A stop may spend this long on making the last ticks durable. */
const flushMs = 4 * secondMs;
/** And meanwhile this long on keeping the table as it is then; if that is too short, the last snapshot stands. */
const lastSnapshotMs = 2.5 * secondMs;

export interface WatchOptions {
  readonly store: Store;
  readonly rules: Rules;
  /** The registry that the stored data was measured with. */
  readonly registry: Registry;
  /** The newest one; it takes over as soon as the table is loaded. */
  readonly newestRegistry: () => Registry | null;
  /** A sentence while the registry is old and cannot be renewed. */
  readonly registryTrouble: () => string | null;
  readonly groups: readonly GroupDefinition[];
  readonly collectors: readonly string[];
  readonly archive: Archive;
  /** null: files are read in this thread. */
  readonly workers: DecodeWorkers | null;
  /** Where the table is kept for the next start. */
  readonly snapshotPath: string;
  /** Makes the stream of these collectors; its peers are named by `peers`. */
  readonly openFeed: (consumer: FeedConsumer, peers: PeerIndex) => RisLiveFeed;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** They outlive a table. */
  readonly impairments: Impairments;
  readonly onProgress: (progress: LoadProgress) => void;
  /** Events were made durable. */
  readonly onEvents: (events: readonly IncidentEvent[]) => void;
}

/** What a watch is doing now, for the readiness check. */
export type WatchPhase =
  | { readonly kind: 'restoring' }
  | { readonly kind: 'bootstrapping'; readonly feed: FeedState }
  | {
      readonly kind: 'watching';
      readonly lastTickAt: UnixMillis | null;
      readonly feed: FeedState;
      readonly usability: Readonly<Record<Family, Usability>>;
      /** Collectors that are left out for now. */
      readonly leftOut: readonly CollectorStage[];
    };

/** Why a watch ended. gap: the stream was away for so long that loading a new table is faster than mending this one. */
export type WatchEnd = 'gap' | 'lead-lost' | 'stopped';

/** What there is once the stored states were read. */
interface Remembered {
  readonly queue: CommitQueue;
  readonly report: SelfReport;
}

/** What there is once the stream is opened. */
interface Opened extends Remembered {
  readonly intake: Intake;
  readonly feed: RisLiveFeed;
}

/** Where a watch stands, and the parts that it has there. */
type Phase =
  | { readonly kind: 'restoring' }
  | ({ readonly kind: 'remembered' } & Remembered)
  | ({ readonly kind: 'loading' } & Opened)
  | ({ readonly kind: 'watching' } & Opened);

/** One life of a table: reads what was stored, loads the table, and follows the stream. */
export class Watch {
  readonly #options: WatchOptions;
  readonly #lease: Lease;
  readonly #peers = new PeerIndex();
  readonly #pipeline: Pipeline;
  readonly #view: PipelineView;
  readonly #ticks: Ticks;
  readonly #snapshots: SnapshotWriter;
  readonly #carried = new CarriedCounters();
  readonly #ended = new AbortController();
  #end: WatchEnd = 'stopped';
  #phase: Phase = { kind: 'restoring' };
  #feedState: FeedState = { kind: 'connecting', attempt: 1, trouble: null };

  constructor(options: WatchOptions, lease: Lease) {
    const { registry, groups, rules, collectors, clock, logger, metrics } = options;
    this.#options = options;
    this.#lease = lease;
    this.#pipeline = new Pipeline({
      peers: this.#peers,
      map: registry.map,
      groups,
      rules,
      configuredCollectors: collectors.length,
      only: null,
      time: 'rows',
    });
    this.#view = this.#pipeline.view();
    this.#snapshots = createSnapshotWriter({ path: options.snapshotPath, clock, logger, metrics });
    const onTick = (result: TickResult): void => this.#onTick(result);
    this.#ticks = new Ticks({ ...options, pipeline: this.#pipeline, onTick });
  }

  /** Ends when the stream was away for too long, when the lead is lost, or at the signal. */
  async run(signal: AbortSignal): Promise<WatchEnd> {
    const stop = (): void => this.#finish('stopped');
    signal.addEventListener('abort', stop, { once: true });
    try {
      const remembered = await this.#remember();
      if (remembered === null) return this.#end;
      const positions = await this.#takeOver();
      await this.#load(remembered, positions).run(this.#ended.signal);
      this.#finish('gap');
    } catch (error) {
      if (!this.#ended.signal.aborted) throw error;
    } finally {
      signal.removeEventListener('abort', stop);
      this.#ended.abort();
      await this.#close(signal);
    }
    return this.#end;
  }

  /** Another process holds the lease. */
  leadLost(): void {
    this.#finish('lead-lost');
  }

  phase(): WatchPhase {
    switch (this.#phase.kind) {
      case 'restoring':
        return { kind: 'restoring' };
      case 'remembered':
      case 'loading':
        return { kind: 'bootstrapping', feed: this.#feedState };
      case 'watching':
        return {
          kind: 'watching',
          lastTickAt: this.#ticks.lastAt,
          feed: this.#feedState,
          usability: this.#view.usability,
          leftOut: leftOut(this.#phase.intake.collectors()),
        };
    }
  }

  peers(): readonly PeerView[] {
    return this.#view.peers;
  }

  /** Why nothing can be made durable; null while all is well. */
  storeTrouble(): string | null {
    return this.#phase.kind === 'restoring' ? null : this.#phase.queue.trouble;
  }

  #finish(why: WatchEnd): void {
    // The lead may still be lost while the last ticks are made durable.
    if (why === 'lead-lost' || !this.#ended.signal.aborted) this.#end = why;
    this.#ended.abort();
  }

  /** Reads what was stored; null after the signal. */
  async #remember(): Promise<Remembered | null> {
    const { clock, logger, store, impairments } = this.#options;
    const { signal } = this.#ended;
    const version = await restoreRemembered({ store, pipeline: this.#pipeline, impairments, clock, logger }, signal);
    if (version === null) return null;
    const queue = new CommitQueue({
      store,
      lease: this.#lease,
      version,
      clock,
      logger,
      onFenced: () => this.#finish('lead-lost'),
      onCommitted: (commit, tookMs) => this.#onCommitted(commit, tookMs),
    });
    const report = createSelfReport({ ...this.#options, look: () => this.#look(), queue });
    this.#phase = { kind: 'remembered', queue, report };
    queue.say(report.health());
    void report.run(signal);
    return { queue, report };
  }

  /** Takes over the table that was kept: returns where each collector is read on from; null if there is no such table. */
  async #takeOver(): Promise<ReadonlyMap<string, UnixMillis> | null> {
    const { snapshotPath, collectors, clock, logger } = this.#options;
    const loaded = await loadSnapshot(snapshotPath, { pipeline: this.#pipeline, collectors, now: clock.now() });
    switch (loaded.kind) {
      case 'restored':
        logger.info(
          { of: new Date(loaded.createdAt).toISOString(), collectors: loaded.positions.size },
          'going on with the table that was kept',
        );
        return loaded.positions;
      case 'refused':
        logger.warn({ file: snapshotPath }, `the table that was kept ${loaded.reason}: starting from the RIBs`);
        return null;
      case 'none':
        return null;
    }
  }

  /** Joins files and stream; when it runs, it opens the stream, loads the table and then follows the stream. */
  #load(remembered: Remembered, positions: ReadonlyMap<string, UnixMillis> | null): Intake {
    const { collectors, archive, workers, rules, onProgress, clock, random, logger } = this.#options;
    const intake: Intake = createIntake({
      collectors,
      peers: this.#peers,
      archive,
      workers,
      openFeed: (consumer) => {
        const feed = this.#options.openFeed(consumer, this.#peers);
        this.#phase = { kind: 'loading', ...remembered, intake, feed };
        return feed;
      },
      handle: (event) => this.#handle(event),
      positions,
      gapFreezeMs: rules.table.gapFreezeMs,
      onState: (state) => {
        if (state.kind === 'down') this.#options.metrics.reconnects.inc();
        this.#feedState = state;
      },
      onReady: (ready) => this.#watch(ready),
      onProgress,
      clock,
      random,
      log: logger,
    });
    return intake;
  }

  /** The table is loaded: from here on there are ticks. */
  #watch(ready: IntakeReady): void {
    if (this.#phase.kind !== 'loading') throw new Error(`ready while ${this.#phase.kind}`);
    this.#phase = { ...this.#phase, kind: 'watching' };
    const { queue, report } = this.#phase;
    const { clock, logger } = this.#options;
    this.#ticks.handle({ kind: 'load-done', at: clock.now() });
    report.tellUsability(this.#view.usability);
    if (ready.leftOut.length > 0)
      logger.warn({ leftOut: ready.leftOut }, 'judging without these collectors until their files can be read');
    queue.say(report.health());
  }

  #handle(event: CoreEvent): void {
    if (event.kind === 'rows') this.#options.metrics.elems.inc(event.batch.length);
    this.#ticks.handle(event);
  }

  #onTick(result: TickResult): void {
    if (this.#phase.kind !== 'watching') throw new Error(`a tick while ${this.#phase.kind}`);
    const { queue, report, feed } = this.#phase;
    const { clock, logger, metrics } = this.#options;
    const { at, moved, states, rows, events } = result;
    const usabilityChanged = report.tellUsability(this.#view.usability);
    const hasNews = usabilityChanged || rows.length > 0 || moved !== null;
    queue.add(at, { ...result, states: [...(moved ?? []), ...states] }, hasNews ? report.health() : null);
    describeTick(metrics, this.#view, at, clock.now());
    followDecoder(metrics, this.#carried, feed.decoded);
    if (this.#snapshots.due()) void this.#keepTable(this.#ended.signal);
    for (const event of events)
      logger.info({ event: event.id, kind: event.kind, level: event.level, reason: event.reason }, 'decided');
  }

  #onCommitted(commit: Commit, tookMs: number): void {
    const { metrics, onEvents } = this.#options;
    metrics.commitSeconds.observe(tookMs / secondMs);
    for (const event of commit.events) metrics.events.inc({ kind: event.kind });
    if (commit.events.length > 0) onEvents(commit.events);
  }

  #look(): WatchStatus {
    const { metrics, archive, collectors, registryTrouble } = this.#options;
    const phase = this.#phase;
    const stages = 'intake' in phase ? phase.intake.collectors() : [];
    if ('intake' in phase)
      followGuards(metrics, this.#carried, {
        view: this.#view,
        intake: phase.intake.counters,
        archive: archive.counters,
        stages,
      });
    const { file, ignored } = this.#ticks.registry;
    return {
      phase: phase.kind === 'watching' ? 'watching' : 'loading',
      feed: this.#feedState,
      firstTickAt: this.#ticks.firstAt,
      lastTickAt: this.#ticks.lastAt,
      usability: this.#view.usability,
      outOfVote: this.#view.outOfVote,
      holds: this.#view.holds,
      collectors,
      stages,
      registry: { file, ignored },
      registryTrouble: registryTrouble(),
    };
  }

  /** A snapshot names each collector's position, so it can be written only while watching. */
  async #keepTable(until: AbortSignal): Promise<void> {
    if (this.#phase.kind !== 'watching') return;
    await this.#snapshots.write(this.#pipeline, this.#phase.intake.positions(), until);
  }

  /** Makes durable what is left. After a gap that may take its time, at a stop it may not. */
  async #close(signal: AbortSignal): Promise<void> {
    if (this.#phase.kind === 'restoring') return;
    const { queue, report } = this.#phase;
    if (this.#end === 'stopped') queue.say(report.health('stopped'));
    if (this.#end === 'lead-lost') return;
    if (this.#end === 'gap') {
      await queue.flush(signal);
      return;
    }
    const { clock } = this.#options;
    await Promise.all([
      withDeadline(clock, flushMs, (until) => queue.flush(until)),
      withDeadline(clock, lastSnapshotMs, (until) => this.#keepTable(until)),
    ]);
  }
}
