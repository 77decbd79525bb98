import { PeerIndex, type ElemBatch, type Family, type UnixMillis } from '../bgp/index.js';
import type { Clock } from '../clock.js';
import type { CountryMap, GroupDefinition } from '../countries/index.js';
import {
  createIntake, type Archive, type FeedConsumer, type FeedState, type Intake, type IntakeReady, type LoadProgress, type RisLiveFeed,
} from '../feed/index.js';
import { tickMs } from '../detector/index.js';
import { historyRules, type Commit, type FamilyHealth, type FeedHealth, type IncidentEvent, type Lease } from '../incidents/index.js';
import type { Logger, Metrics } from '../observability/index.js';
import { Pipeline, type Rules } from '../pipeline.js';
import { StoreRefusedError, type Store } from '../store/index.js';
import { describeUsability, EventTime, type Usability } from '../table/index.js';
import { CommitQueue } from './commit-queue.js';
import { impairedBy } from './impaired-by.js';
import type { Impairments } from './impairments.js';
import { DecodedMetrics, describeBootstrap, describeIngest } from './ingest-metrics.js';

export const familyNames: Readonly<Record<Family, string>> = { ipv4: 'IPv4', ipv6: 'IPv6' };

/** How far event time may run ahead of our own clock: one wrong clock moves nothing. */
const aheadMs = 2_000;
/** How long a stop may spend on making the last ticks durable. */
const flushMs = 4_000;
/** What we say of our own sight is never much older, also while event time stands still: that is when somebody asks. */
const healthEveryMs = 60_000;
/** How often it is asked what hinders our sight. */
const lookEveryMs = 10_000;
const weekMs = 7 * 86_400_000;

export interface IngestOptions {
  readonly store: Store;
  readonly rules: Rules;
  readonly map: CountryMap;
  readonly groups: readonly GroupDefinition[];
  readonly collectors: readonly string[];
  readonly archive: Archive;
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
      /** Collectors that are left out, for now. */
      readonly givenUp: readonly string[];
    };

/** Why a watch ended. gap: the stream was away for so long that a new table is sooner than this one mended. */
export type WatchEnd = 'gap' | 'lead-lost' | 'stopped';

export interface Watch {
  /** Fills a table and watches until the stream was away for too long, the lead is lost, or the signal. */
  run(signal: AbortSignal): Promise<WatchEnd>;
  /** The lease is another's. */
  leadLost(): void;
  phase(): IngestPhase;
  /** Why nothing can be made durable; null while all is well. */
  storeTrouble(): string | null;
}

/** One life of a table: from what was remembered, through the load, along the stream. */
export function createWatch(options: IngestOptions, lease: Lease): Watch {
  const { store, rules, clock, logger, metrics } = options;
  const peers = new PeerIndex();
  const pipeline = new Pipeline({ peers, map: options.map, groups: options.groups, rules, configuredCollectors: options.collectors.length, only: null });
  const time = new EventTime(peers, options.collectors.length);
  const ended = new AbortController();
  let end: WatchEnd = 'stopped';
  let phase: IngestPhase['kind'] = 'restoring';
  const decoded = new DecodedMetrics(metrics);
  let feedState: FeedState = { kind: 'connecting', attempt: 1 };
  const phases = new Map<string, LoadProgress['phase']>();
  let feed: RisLiveFeed | null = null;
  let queue: CommitQueue | null = null;
  let nextTick = Infinity;
  let lastTickAt: UnixMillis | null = null;
  let firstTickAt: UnixMillis | null = null;
  let intake: Intake | null = null;
  let healthAt = 0;
  const seen = new Set<Family>();
  const told: Partial<Record<Family, string>> = {};

  const finish = (why: WatchEnd): void => {
    // The lead may still be lost while the last ticks are made durable.
    if (why === 'lead-lost' || !ended.signal.aborted) end = why;
    ended.abort();
  };

  /** What was remembered, tried until it can be read; null after the signal. */
  async function remembered<T>(read: () => Promise<T>, signal: AbortSignal): Promise<T | null> {
    while (!signal.aborted) {
      try {
        return await read();
      } catch (error) {
        // What only the operator can mend does not mend itself.
        if (error instanceof StoreRefusedError) throw error;
        logger.warn({ err: error }, 'what was remembered cannot be read, trying again');
        await clock.sleep(5_000, signal);
      }
    }
    return null;
  }

  /** The version of what was restored. Bins are read a week at a time: ten thousand at once of every country would leave much room to waste. */
  async function restore(signal: AbortSignal): Promise<number | null> {
    const loaded = await remembered(() => store.load(), signal);
    if (loaded === null) return null;
    const now = clock.now();
    for (const state of loaded.states) {
      for (let from = now - historyRules.bin.keepMs; from < now; from += weekMs) {
        const bins = await remembered(() => store.history(state.country, 'bin', from, Math.min(from + weekMs, now)), signal);
        if (bins === null) return null;
        pipeline.restore(state, bins);
      }
    }
    const records = await remembered(() => store.records(), signal);
    if (records === null) return null;
    for (const record of records) pipeline.restoreRecord(record);
    const last = await remembered(() => store.health(), signal);
    options.impairments.restore(last?.impairments ?? []);
    return loaded.version;
  }

  const usability = (): Readonly<Record<Family, Usability>> => ({ ipv4: pipeline.table.usability(0), ipv6: pipeline.table.usability(1) });

  const givenUp = (): readonly string[] => (intake?.collectors() ?? []).filter(({ stage }) => stage === 'given-up').map(({ collector }) => collector);

  const health = (as: FeedHealth['phase']): FeedHealth => {
    healthAt = clock.now();
    const families = phase === 'watching' ? usability() : null;
    return {
      at: healthAt, phase: as, eventTime: lastTickAt, watchingSince: firstTickAt,
      families: families === null ? null : { ipv4: healthOf(families.ipv4), ipv6: healthOf(families.ipv6) },
      collectors: options.collectors, givenUp: givenUp(), impairments: options.impairments.standing,
    };
  };

  async function sayHealthOften(): Promise<void> {
    for (;;) {
      await clock.sleep(healthEveryMs, ended.signal);
      if (ended.signal.aborted) return;
      if (clock.now() - healthAt >= healthEveryMs) queue?.say(health(phase === 'watching' ? 'watching' : 'loading'));
    }
  }

  /** The operator is told of what has hindered our sight for minutes, and of its end, also while there are no ticks. */
  async function watchSight(): Promise<void> {
    for (;;) {
      await clock.sleep(lookEveryMs, ended.signal);
      if (ended.signal.aborted) return;
      for (const [family, now] of Object.entries(usability()) as [Family, Usability][]) if (now.kind === 'usable') seen.add(family);
      const found = impairedBy({
        now: clock.now(), phase: phase === 'watching' ? phase : 'loading', feed: feedState, lastTickAt, usability: usability(), seen,
        lostCollectors: givenUp().map((collector) => ({ collector, why: 'its tables could not be loaded' })),
      });
      const notices = options.impairments.look(clock.now(), found);
      for (const { id, notice } of notices) logger.warn({ event: id }, `to the operator: ${String(notice)}`);
      if (notices.length > 0) queue?.add(clock.now(), { states: [], samples: [], records: [], events: notices }, health(phase === 'watching' ? 'watching' : 'loading'));
    }
  }

  /** Blindness, and its end, are said once each time, of both families; whether there was anything to say. */
  const tellUsability = (): boolean => {
    let changed = false;
    for (const [family, now] of Object.entries(usability()) as [Family, Usability][]) {
      const kind = now.kind === 'usable' ? now.kind : now.reason;
      if (told[family] === kind) continue;
      told[family] = kind;
      changed = true;
      const text = `${familyNames[family]}: ${describeUsability(now)}`;
      if (now.kind === 'usable') logger.info(text);
      else logger.warn(text);
    }
    return changed;
  };

  const tick = (): void => {
    const startedAt = clock.now();
    const result = pipeline.tick(nextTick);
    lastTickAt = nextTick;
    firstTickAt ??= nextTick;
    const hasNews = tellUsability() || result.samples.length > 0;
    queue?.add(nextTick, result, hasNews ? health('watching') : null);
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

  function onState(state: FeedState): void {
    if (state.kind === 'down') metrics.reconnects.inc();
    feedState = state;
  }

  function onReady({ leftOut }: IntakeReady): void {
    // Where no update came with the tables, ours is the only time there is.
    const at = Number.isFinite(time.now) ? Math.min(time.now, clock.now() + aheadMs) : clock.now();
    pipeline.loaded(at);
    nextTick = Math.ceil(at / tickMs) * tickMs;
    phase = 'watching';
    tellUsability();
    if (leftOut.length > 0) logger.warn({ leftOut }, 'judging without these collectors until they can be had');
    queue?.say(health('watching'));
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
        queue.say(health('loading'));
        void sayHealthOften();
        void watchSight();
        intake = createIntake({
          collectors: options.collectors,
          peers,
          archive: options.archive,
          openFeed: (consumer) => {
            feed = options.openFeed(consumer, peers);
            return feed;
          },
          sink: {
            rib: (_, batch) => pipeline.apply(batch),
            ribLoaded: () => undefined,
            updates: onUpdates,
            lost: (collector, from, why) => logger.warn({ collector, from, why }, 'collector lost'),
            reset: () => undefined,
            joined: () => undefined,
            holed: () => undefined,
            fill: (batch) => pipeline.apply(batch),
            filled: () => undefined,
          },
          positions: null,
          gapFreezeMs: rules.table.gapFreezeMs,
          onState,
          onReady,
          onProgress: (progress) => {
            describeBootstrap(metrics, phases, progress);
            options.onProgress(progress);
          },
          clock, random: options.random, log: logger,
        });
        await intake.run(ended.signal);
        finish('gap');
      } catch (error) {
        if (!ended.signal.aborted) throw error;
      } finally {
        signal.removeEventListener('abort', stop);
        ended.abort();
        feed?.stop();
        if (end === 'stopped') queue?.say(health('stopped'));
        // After a gap there is time; at a stop there is not.
        if (end !== 'lead-lost') await queue?.flush(end === 'gap' ? signal : AbortSignal.timeout(flushMs));
      }
      return end;
    },
    leadLost: () => finish('lead-lost'),
    phase: () => {
      if (phase === 'restoring') return { kind: phase };
      if (phase === 'bootstrapping') return { kind: phase, feed: feedState };
      return { kind: 'watching', lastTickAt, feed: feedState, usability: usability(), givenUp: givenUp() };
    },
    storeTrouble: () => queue?.trouble ?? null,
  };
}

function healthOf(usability: Usability): FamilyHealth {
  const { kind, voters, collectors } = usability;
  return { usable: kind === 'usable', voters, collectors, text: describeUsability(usability) };
}

function committed({ metrics, onEvents }: IngestOptions, commit: Commit, tookMs: number): void {
  metrics.commitSeconds.observe(tookMs / 1000);
  for (const event of commit.events) metrics.events.inc({ kind: event.kind });
  if (commit.events.length > 0) onEvents(commit.events);
}
