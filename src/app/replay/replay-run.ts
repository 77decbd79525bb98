import type { Family, FamilyIndex, PeerIndex, UnixMillis } from '../../core/bgp/index.js';
import type { CountryMap, GroupDefinition } from '../../core/countries/index.js';
import { tickMs } from '../../core/detector/index.js';
import type { IncidentEvent } from '../../core/incidents/index.js';
import { Pipeline } from '../../core/pipeline.js';
import type { Rules } from '../../core/rules.js';
import { describeUsability, type TableTransfer } from '../../core/table/index.js';
import { longestSilenceMs, merge, StaleFilter, type Source } from './merge.js';

/** An older RIB is no picture of the time that the updates begin at. */
const ribMaxAgeMs = 8 * 3_600_000;

/** A RIB to load before anything else; `time()` is known once its batches were read. */
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
  /** Begin to tell then; what came before only makes the table and its memory. Absent: tell from the first tick on. */
  readonly from?: UnixMillis | null;
  /** Times of which nothing is known, in order: after them the table is not what the world is, and judging ends. */
  readonly blind?: readonly { readonly from: UnixMillis; readonly to: UnixMillis }[];
  /**
   * From when on something is missing of what a collector said, in order: its tables are not what its peers have, and
   * they are unknown.
   */
  readonly lost?: readonly { readonly collector: string; readonly from: UnixMillis }[];
  /** Go on to this time, and no further; null: to the last message. */
  readonly until: UnixMillis | null;
  readonly onEvent: (event: IncidentEvent) => void;
  /** After every tick. */
  readonly onTick?: (at: UnixMillis, pipeline: Pipeline) => void;
  /** What a person should know; one line. */
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
  /** Tables that were sent again without a word of their sessions' state, in order; of very many the latest. */
  readonly transfers: readonly TableTransfer[];
}

const clockTime = (at: UnixMillis): string => `${new Date(at).toISOString().slice(0, 16)}Z`;

/**
 * Keeps back what is decided before the telling begins. Then the last word of every incident that is open comes first,
 * so that what follows has its beginning; that of one that was over, when it comes back.
 */
class Withheld {
  readonly #from: UnixMillis;
  readonly #tell: (event: IncidentEvent) => void;
  readonly #last = new Map<string, IncidentEvent>();
  #begun = false;

  constructor(from: UnixMillis, tell: (event: IncidentEvent) => void) {
    this.#from = from;
    this.#tell = tell;
  }

  timeIs(at: UnixMillis): void {
    if (this.#begun || at < this.#from) return;
    this.#begun = true;
    for (const event of [...this.#last.values()].sort((a, b) => a.at - b.at)) {
      if (event.kind !== 'restored' && event.kind !== 'new-normal') this.#release(event);
    }
  }

  event(event: IncidentEvent): void {
    if (!this.#begun) {
      if (event.incident !== null) this.#last.set(event.incident, event);
      return;
    }
    const before = event.incident === null ? undefined : this.#last.get(event.incident);
    if (before !== undefined) this.#release(before);
    this.#tell(event);
  }

  #release(event: IncidentEvent): void {
    this.#last.delete(event.incident!);
    this.#tell(event);
  }
}

/**
 * Replays recordings through the same core as live, in event time: RIBs first, then the updates in their merged order.
 */
export async function runReplay(options: ReplayOptions): Promise<ReplayResult> {
  const { peers, updates, until, warn } = options;
  const filter = new StaleFilter(peers);
  const pipeline = new Pipeline({
    peers,
    map: options.map,
    groups: options.groups,
    rules: options.rules,
    only: options.countries,
    configuredCollectors: new Set(options.ribs.map(({ collector }) => collector)).size,
  });
  for (const rib of options.ribs) {
    for await (const batch of rib.batches()) pipeline.apply(batch);
    const time = rib.time();
    if (time === null) warn(`no RIB in the file given for ${rib.collector}`);
    else filter.ribLoaded(rib.collector, time);
  }

  let nextTick = Infinity;
  let late = 0;
  let newest = -Infinity;
  /** Time of the merged order. */
  let lastAt = Infinity;
  const blind = [...(options.blind ?? [])];
  const lost = [...(options.lost ?? [])];
  let wasUsable = false;
  const ribAt = filter.newestRib();
  if (ribAt === null) warn('no RIB: nobody votes, and nothing is judged');
  /** The table is whole: what came before, of collectors with an older RIB, belongs to the load. */
  const begin = (at: UnixMillis): void => {
    pipeline.loaded(at);
    nextTick = Math.ceil(at / tickMs) * tickMs;
    const usability = describeUsability(pipeline.table.usability(0));
    if (usability.startsWith('unusable')) warn(usability);
  };
  const loseTo = (time: UnixMillis): void => {
    for (; lost.length > 0 && lost[0].from <= time; lost.shift()) {
      const [{ collector, from }] = lost;
      ticksTo(from);
      pipeline.loseCollector(collector, from);
    }
  };
  const withheld = new Withheld(options.from ?? -Infinity, options.onEvent);
  const tickTo = (time: UnixMillis): void => {
    for (; blind.length > 0 && blind[0].from <= time; blind.shift()) {
      const [{ from, to }] = blind;
      loseTo(from);
      ticksTo(from);
      warn(
        `nothing is known of ${clockTime(from)} to ${clockTime(to)}: what follows is not judged; a replay from ` +
          'after that would be',
      );
      pipeline.gap({ kind: 'gap', collector: null, from, to });
    }
    loseTo(time);
    ticksTo(time);
  };
  const ticksTo = (time: UnixMillis): void => {
    for (; nextTick <= time; nextTick += tickMs) {
      withheld.timeIs(nextTick);
      for (const event of pipeline.tick(nextTick).events) withheld.event(event);
      const usability = pipeline.table.usability(0);
      if (wasUsable && usability.kind === 'unusable')
        warn(`${clockTime(nextTick)}: ${describeUsability(usability)}; nothing is judged until it is usable again`);
      wasUsable = usability.kind === 'usable';
      options.onTick?.(nextTick, pipeline);
    }
  };

  for await (const run of merge(updates, peers, tickMs)) {
    if (until !== null && run.at > until) break;
    if (newest === -Infinity && ribAt !== null && run.at - ribAt > ribMaxAgeMs) {
      warn(`the newest RIB is ${Math.round((run.at - ribAt) / 3_600_000)} hours older than the first update`);
    }
    for (let row = run.from; row < run.to; row++) {
      const at = run.batch.at[row];
      if (at < newest) late++;
      // A broken timestamp makes nobody else late.
      else if (at < run.at + tickMs) newest = at;
    }
    // Without a RIB there is nothing to judge, however long the silences.
    if (nextTick === Infinity && ribAt !== null && run.at >= ribAt) {
      loseTo(run.at);
      begin(run.at);
    }
    if (nextTick !== Infinity && run.at - lastAt > longestSilenceMs) {
      warn(
        `no updates for ${Math.round((run.at - lastAt) / 86_400_000)} days: what follows is not judged; it needs ` +
          'a RIB of its own',
      );
      pipeline.gap({ kind: 'gap', collector: null, from: lastAt, to: run.at });
      nextTick = Math.ceil(run.at / tickMs) * tickMs;
    }
    lastAt = run.at;
    tickTo(run.at);
    filter.pass(run, (from, to) => {
      pipeline.apply(run.batch, from, to);
    });
  }
  if (nextTick === Infinity) {
    if (ribAt !== null) begin(ribAt);
  } else if (until !== null) {
    if (until - lastAt > longestSilenceMs)
      warn(`--until is more than ${longestSilenceMs / 86_400_000} days after the last update: stopped there`);
    tickTo(Math.min(until, lastAt + longestSilenceMs));
  }

  const counts = pipeline.table.counts();
  const byFamily = <T>(of: (family: Family, index: FamilyIndex) => T): Record<Family, T> => ({
    ipv4: of('ipv4', 0),
    ipv6: of('ipv6', 1),
  });
  return {
    fullFeedPeers: byFamily((family) => counts[family].fullFeedPeers),
    voters: byFamily((family) => counts[family].voters),
    usable: byFamily((_, index) => pipeline.table.usability(index).kind === 'usable'),
    stale: filter.dropped,
    late,
    transfers: pipeline.table.transfers,
  };
}
