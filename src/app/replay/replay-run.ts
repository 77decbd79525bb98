import type { Family, PeerIndex } from '../../core/bgp/index.js';
import type { CountryMap, GroupDefinition } from '../../core/countries/index.js';
import type { IncidentEvent } from '../../core/incidents/index.js';
import { Pipeline } from '../../core/pipeline.js';
import type { Rules } from '../../core/rules.js';
import { describeUsability, type TableTransfer } from '../../core/table/index.js';
import { dayMs, hourMs, tickMs, type UnixMillis } from '../../core/time.js';
import type { PipelineView } from '../../core/view.js';
import { longestSilenceMs, merge, StaleFilter, type MergedRun, type Source } from './merge.js';
import { Withheld } from './withheld.js';
import { ribEveryMs } from '../../edges/feed/index.js';

/** A RIB, loaded before any update; `time()` is known once its batches were read. */
export interface RibSource extends Source {
  readonly collector: string;
  readonly time: () => UnixMillis | null;
}

export interface ReplayOptions {
  readonly peers: PeerIndex;
  readonly map: CountryMap;
  readonly groups: readonly GroupDefinition[];
  readonly rules: Rules;
  /** Judge only these; null: all. */
  readonly countries: ReadonlySet<string> | null;
  readonly ribs: readonly RibSource[];
  readonly updates: readonly Source[];
  /** Events are told from here on; earlier updates only fill the table and the baselines. Absent: all are told. */
  readonly from?: UnixMillis | null;
  /** Times for which no collector has a file, in order. Nothing is judged after the first. */
  readonly blind?: readonly { readonly from: UnixMillis; readonly to: UnixMillis }[];
  /** Collectors whose updates are incomplete, in order: their peers are unknown from `from` on. */
  readonly lost?: readonly { readonly collector: string; readonly from: UnixMillis }[];
  /** The replay ends at this time; null: at the last message. */
  readonly until: UnixMillis | null;
  readonly onEvent: (event: IncidentEvent) => void;
  /** After every tick. */
  readonly onTick?: (at: UnixMillis, view: PipelineView) => void;
  /** One line for the person who reads the transcript. */
  readonly warn: (text: string) => void;
}

export interface ReplayResult {
  readonly fullFeedPeers: Readonly<Record<Family, number>>;
  readonly voters: Readonly<Record<Family, number>>;
  readonly usable: Readonly<Record<Family, boolean>>;
  /** Updates older than their collector's RIB. */
  readonly stale: number;
  /** Updates that came after a newer one had been applied. */
  readonly late: number;
  /** The latest tables that were sent again although no message reported a new session, in order. */
  readonly transfers: readonly TableTransfer[];
}

const clockTime = (at: UnixMillis): string => `${new Date(at).toISOString().slice(0, 16)}Z`;

/**
 * Replays recordings through the same core as live, in event time: RIBs first, then the updates in their merged order.
 */
export async function runReplay(options: ReplayOptions): Promise<ReplayResult> {
  const { peers, until } = options;
  const filter = new StaleFilter(peers);
  const pipeline = new Pipeline({
    peers,
    map: options.map,
    groups: options.groups,
    rules: options.rules,
    only: options.countries,
    configuredCollectors: new Set(options.ribs.map(({ collector }) => collector)).size,
    time: 'caller',
  });
  await loadRibs(options, pipeline, filter);
  const replay = new Replay(options, pipeline, filter.newestRib());
  for await (const run of merge(options.updates, peers, tickMs)) {
    if (until !== null && run.at > until) break;
    replay.reach(run);
    filter.pass(run, (from, to) => pipeline.handle({ kind: 'rows', batch: run.batch, from, to }));
  }
  replay.end();
  const { counts, usability, transfers } = pipeline.view();
  const byFamily = <T>(of: (family: Family) => T): Record<Family, T> => ({ ipv4: of('ipv4'), ipv6: of('ipv6') });
  return {
    fullFeedPeers: byFamily((family) => counts[family].fullFeedPeers),
    voters: byFamily((family) => counts[family].voters),
    usable: byFamily((family) => usability[family].kind === 'usable'),
    stale: filter.dropped,
    late: replay.late,
    transfers,
  };
}

async function loadRibs({ ribs, warn }: ReplayOptions, pipeline: Pipeline, filter: StaleFilter): Promise<void> {
  for (const rib of ribs) {
    for await (const batch of rib.batches()) pipeline.handle({ kind: 'rib-rows', batch });
    const time = rib.time();
    if (time === null) warn(`no RIB in the file given for ${rib.collector}`);
    else filter.ribLoaded(rib.collector, time);
  }
  if (filter.newestRib() === null) warn('no RIB: no peer votes, so nothing is judged');
}

/** Moves a pipeline's time along the merged updates, and tells the events of its ticks. */
class Replay {
  /** Updates that came after a newer one had been applied. */
  late = 0;
  readonly #options: ReplayOptions;
  readonly #pipeline: Pipeline;
  /** When the table is complete; null: there is no RIB, so nothing is ever judged. */
  readonly #ribAt: UnixMillis | null;
  readonly #withheld: Withheld;
  readonly #blind: { readonly from: UnixMillis; readonly to: UnixMillis }[];
  readonly #lost: { readonly collector: string; readonly from: UnixMillis }[];
  #hasBegun = false;
  #wasUsable = false;
  /** Newest time of an update that was applied. */
  #newest = -Infinity;
  /** Time of the last run; Infinity before the first. */
  #lastAt = Infinity;

  constructor(options: ReplayOptions, pipeline: Pipeline, ribAt: UnixMillis | null) {
    this.#options = options;
    this.#pipeline = pipeline;
    this.#ribAt = ribAt;
    this.#withheld = new Withheld(options.from ?? -Infinity, options.onEvent);
    this.#blind = [...(options.blind ?? [])];
    this.#lost = [...(options.lost ?? [])];
  }

  /** Takes all ticks up to the run, whose rows are applied next. */
  reach(run: MergedRun): void {
    const ribAt = this.#ribAt;
    // The archive has a newer RIB, and this one does not show the routes at the time of the first update.
    if (this.#newest === -Infinity && ribAt !== null && run.at - ribAt > ribEveryMs)
      this.#options.warn(
        `the newest RIB is ${Math.round((run.at - ribAt) / hourMs)} hours older than the first update`,
      );
    this.#countLate(run);
    // A collector with an older RIB has updates from before the newest RIB: these are part of the load.
    if (!this.#hasBegun && ribAt !== null && run.at >= ribAt) {
      this.#loseTo(run.at);
      this.#begin(run.at);
    }
    if (this.#hasBegun && run.at - this.#lastAt > longestSilenceMs) {
      this.#options.warn(
        `no updates for ${Math.round((run.at - this.#lastAt) / dayMs)} days: later updates are not judged; replay ` +
          'them with a newer RIB',
      );
      this.#pipeline.handle({ kind: 'stream-lost', from: this.#lastAt, to: run.at, ticksFrom: run.at });
    }
    this.#lastAt = run.at;
    this.#goTo(run.at);
  }

  /** There are no more updates. */
  end(): void {
    const { until, warn } = this.#options;
    if (!this.#hasBegun) {
      if (this.#ribAt !== null) this.#begin(this.#ribAt);
    } else if (until !== null) {
      if (until - this.#lastAt > longestSilenceMs)
        warn(`--until is more than ${longestSilenceMs / dayMs} days after the last update: the replay ends earlier`);
      this.#goTo(Math.min(until, this.#lastAt + longestSilenceMs));
    }
  }

  #countLate({ batch, from, to, at: runAt }: MergedRun): void {
    for (let row = from; row < to; row++) {
      const at = batch.at[row];
      if (at < this.#newest) this.late++;
      // A row that is far ahead of its run has a broken timestamp: it makes no other row late.
      else if (at < runAt + tickMs) this.#newest = at;
    }
  }

  #begin(at: UnixMillis): void {
    this.#hasBegun = true;
    this.#pipeline.handle({ kind: 'load-done', at });
    const { ipv4 } = this.#pipeline.view().usability;
    if (ipv4.kind === 'unusable') this.#options.warn(describeUsability(ipv4));
  }

  /** Takes the ticks up to `time`, and handles lost collectors and blind times between them, in order of time. */
  #goTo(time: UnixMillis): void {
    for (; this.#blind.length > 0 && this.#blind[0].from <= time; this.#blind.shift()) {
      const [{ from, to }] = this.#blind;
      this.#loseTo(from);
      this.#ticksTo(from);
      this.#options.warn(
        `no collector has updates from ${clockTime(from)} to ${clockTime(to)}: nothing after that is judged; ` +
          'begin another replay at a later time',
      );
      this.#pipeline.handle({ kind: 'stream-lost', from, to, ticksFrom: from });
    }
    this.#loseTo(time);
    this.#ticksTo(time);
  }

  #loseTo(time: UnixMillis): void {
    for (; this.#lost.length > 0 && this.#lost[0].from <= time; this.#lost.shift()) {
      const [{ collector, from }] = this.#lost;
      this.#ticksTo(from);
      this.#pipeline.handle({ kind: 'collector-lost', collector, from });
    }
  }

  #ticksTo(time: UnixMillis): void {
    const view = this.#pipeline.view();
    for (const { at, events } of this.#pipeline.advance(time)) {
      this.#withheld.timeIs(at);
      for (const event of events) this.#withheld.event(event);
      const { ipv4 } = view.usability;
      if (this.#wasUsable && ipv4.kind === 'unusable')
        this.#options.warn(
          `${clockTime(at)}: ${describeUsability(ipv4)}; nothing is judged until the table is usable again`,
        );
      this.#wasUsable = ipv4.kind === 'usable';
      this.#options.onTick?.(at, view);
    }
  }
}
