/**
 * The deterministic core, assembled: elems in, at every tick states, history and events out. Time is a field of the
 * data or an argument; the same input gives the same output.
 */
import { families, type ElemBatch, type FeedGap, type PeerIndex, type UnixMillis } from './bgp/index.js';
import {
  Countries,
  type ClosedBin,
  type CountryMap,
  type CountrySample,
  type GroupDefinition,
} from './countries/index.js';
import type { Hold, HoldCounts } from './guards/index.js';
import { unknownValue, type CountryRecord, type HistorySample, type StoredState } from './incidents/index.js';
import { Judgement, type TickResult } from './judgement.js';
import type { Rules } from './rules.js';
import { isRecord } from './settings.js';
import { KeptTable, Table, type SnapshotPiece } from './table/index.js';

export type { TickResult };

/**
 * The bins of one family, whose values begin at `column`, that were measured. One at a time: there are ten thousand of
 * every country.
 */
function* measuredBins(bins: readonly HistorySample[], column: number): Generator<ClosedBin> {
  for (const { at, values } of bins) {
    if (values[column] !== unknownValue) yield { at, units: values[column], prefixes: values[column + 1] };
  }
}

export interface PipelineOptions {
  readonly peers: PeerIndex;
  readonly map: CountryMap;
  readonly groups: readonly GroupDefinition[];
  readonly rules: Rules;
  readonly configuredCollectors: number;
  /** Judge only these countries; null: all. */
  readonly only: ReadonlySet<string> | null;
}

/** What pieces() gave, put together and held to its form. */
export class KeptPipeline {
  readonly table = new KeptTable();
  /** Countries, by family, of which the table knows what they had when they were last whole. */
  readonly remembered: [readonly string[], readonly string[]] = [[], []];

  /** Takes the next piece; what is wrong with it, or null. */
  take(piece: SnapshotPiece): string | null {
    if (!isRecord(piece.head) || piece.head['piece'] !== 'remembered') return this.table.take(piece);
    for (const [index, family] of families.entries()) {
      const codes = piece.head[family];
      if (!Array.isArray(codes) || !codes.every((code) => typeof code === 'string'))
        return 'a list of countries that is none';
      this.remembered[index] = codes;
    }
    return null;
  }
}

export class Pipeline {
  readonly table: Table;
  readonly #countries: Countries;
  readonly #rules: Rules;
  readonly #only: ReadonlySet<string> | null;
  #judged: readonly string[] = [];
  readonly #judgement: Judgement;

  constructor({ peers, map, groups, rules, configuredCollectors, only }: PipelineOptions) {
    this.#rules = rules;
    this.#countries = new Countries(map, groups, (country) => (rules.overrides[country] ?? rules).countries);
    this.table = new Table({ peers, settings: rules.table, configuredCollectors, sink: this.#countries });
    this.#judgement = new Judgement({ rules, countries: this.#countries, table: this.table });
    this.#only = only;
    this.#chooseJudged();
  }

  /** Takes over what was last measured of a country, before the first tick. */
  restoreRecord(record: CountryRecord): void {
    this.#judgement.restoreRecord(record);
    for (const [family, name] of families.entries())
      this.#countries.restoreNetworks(record.country, family as 0 | 1, record[name]?.networks ?? []);
  }

  /**
   * Takes over what was stored of a country, before the first tick; bins oldest first, all at once or piece by piece.
   */
  restore(state: StoredState, bins: readonly HistorySample[]): void {
    this.#judgement.restore(state);
    for (const [family, name] of families.entries()) {
      this.#countries.restore(state.country, family as 0 | 1, state.baseline[name], measuredBins(bins, family * 4));
    }
  }

  /**
   * What a later process needs of the table, in pieces, each of the moment when it is asked for: see table/snapshot.ts.
   */
  *pieces(): Generator<SnapshotPiece, void, undefined> {
    const remembered = { ipv4: this.#countries.rememberedInTable(0), ipv6: this.#countries.rememberedInTable(1) };
    yield { head: { piece: 'remembered', ...remembered }, body: new Uint8Array(0) };
    yield* this.table.pieces();
  }

  /**
   * Takes over, after what was stored and before anything is applied, what was kept of the collectors in `positions`: a
   * part at each step, to the last. Each is in a gap since its time, until it rejoins; then comes loaded().
   */
  *restoreTable(
    { table, remembered }: KeptPipeline,
    positions: ReadonlyMap<string, UnixMillis>,
  ): Generator<void, void, undefined> {
    yield* this.table.restore(table, positions);
    for (const family of [0, 1] as const) this.#countries.restoreRemembered(family, remembered[family]);
  }

  /** Applies rows from..to-1 of a batch: RIB entries, updates and peer states, in their order. */
  apply(batch: ElemBatch, from = 0, to = batch.length): void {
    this.table.apply(batch, from, to);
  }

  /** The collector is in a gap: its peers are unknown until it rejoins. */
  loseCollector(collector: string, at: UnixMillis): void {
    this.table.loseCollector(collector, at);
  }

  /** What the collector said in its gap was applied. */
  rejoinCollector(collector: string): void {
    this.table.rejoinCollector(collector);
  }

  /** The collector's tables are forgotten: a RIB of it follows. It counts as lost until it rejoins. */
  resetCollector(collector: string): void {
    this.table.resetCollector(collector);
  }

  /** A short hole in the collector's stream, over since `to`, will be filled: from here on what is touched is noted. */
  noteTouched(collector: string, to: UnixMillis): void {
    this.table.noteTouched(collector, to);
  }

  /** Rows from..to-1 of files for such a hole. */
  fill(batch: ElemBatch, from = 0, to = batch.length): void {
    this.table.fill(batch, from, to);
  }

  /** The collector's holes that end at `upTo` at the latest are filled. */
  endFill(collector: string, upTo = Infinity): void {
    this.table.endFill(collector, upTo);
  }

  /** A hole in the stream. A long one freezes judgement: only a new table ends that. */
  gap(gap: FeedGap): void {
    if (gap.to - gap.from > this.#rules.table.gapFreezeMs) this.table.freeze();
  }

  /** Every RIB, and what belongs on top of it, was applied: voters are chosen and verdicts made. */
  loaded(at: UnixMillis): void {
    this.table.judge(at, (family, owner) => {
      const state = this.#judgement.state(this.#countries.codeOf(owner));
      return state?.detector[families[family]].level === 'normal';
    });
  }

  /** Whether swapRegistry() may be called now: verdicts were made. */
  get canSwapRegistry(): boolean {
    return this.#countries.canSwap(this.table);
  }

  /**
   * Another registry takes the place of the old one, between two ticks; `at`: event time. It is no event: baselines and
   * bins move with what each country has. Returns the states that changed, to be kept together with the word that this
   * registry is in use.
   */
  swapRegistry(map: CountryMap, at: UnixMillis): readonly StoredState[] {
    this.#countries.swap(map, at, this.table);
    this.#chooseJudged();
    return this.#judgement.takeBaselines(this.#judged);
  }

  #chooseJudged(): void {
    this.#judged = this.#countries.codes.filter((code) => this.#only === null || this.#only.has(code));
  }

  /** Measures and judges every country as of `at`, a later time than the last. */
  tick(at: UnixMillis): TickResult {
    this.table.settle(at);
    this.#countries.tick(at, this.table);
    return this.#judgement.tick(at, this.#judged);
  }

  /** All that is remembered of a country; undefined before its first tick. */
  state(country: string): StoredState | undefined {
    return this.#judgement.state(country);
  }

  /** What the guards hold back as of the last tick, and why; and how often they did since the start, by guard. */
  holds(): readonly Hold[] {
    return this.#judgement.holds;
  }

  holdCounts(): Readonly<Record<Hold['guard'], HoldCounts>> {
    return this.#judgement.holdCounts;
  }

  /** Every country's state, for those who count levels. */
  states(): Iterable<StoredState> {
    return this.#judgement.states();
  }

  /** What the last tick measured of a country, by family; null for one that never had anything. */
  samples(country: string): readonly [CountrySample, CountrySample] | null {
    return this.#countries.samples(country, this.table);
  }
}
