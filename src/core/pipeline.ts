/**
 * The deterministic core, assembled, and its one door: handle(event) takes what happened, advance(to) takes the ticks
 * that are due, view() shows what is so. Time is a field of the data or an argument, so the same list of events and
 * times gives the same answers.
 */
import { EventTime, families, type PeerIndex, type UnixMillis } from './bgp/index.js';
import {
  type ClosedBin,
  Countries,
  type CountryMap,
  type GroupDefinition,
  type HistoryRow,
  unknownValue,
} from './countries/index.js';
import type { CoreEvent } from './events.js';
import type { CountryRecord, StoredState } from './incidents/index.js';
import { Judgement, type Judged } from './judgement.js';
import type { Rules } from './rules.js';
import { isRecord } from './settings.js';
import { KeptTable, Table, type SnapshotPiece } from './table/index.js';
import { TickTimes, type TimeSource } from './tick-times.js';
import { PipelineView } from './view.js';

/** What one tick gave. */
export interface TickResult extends Judged {
  readonly at: UnixMillis;
  /**
   * States whose baselines a new registry moved right before this tick, to be stored together with the registry's name;
   * null if none took over.
   */
  readonly moved: readonly StoredState[] | null;
}

/** The bins of one family that were measured; its values begin at `column`. A generator: a country has 10,000 bins. */
function* measuredBins(bins: readonly HistoryRow[], column: number): Generator<ClosedBin> {
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
  readonly time: TimeSource;
}

/** What pieces() gave, put together again and checked. */
export class KeptPipeline {
  readonly table = new KeptTable();
  /** Countries, by family, for which the table knows what they had when they were last whole. */
  readonly remembered: [readonly string[], readonly string[]] = [[], []];

  /** Takes the next piece; returns what is wrong with it, or null. */
  take(piece: SnapshotPiece): string | null {
    if (!isRecord(piece.head) || piece.head['piece'] !== 'remembered') return this.table.take(piece);
    for (const [index, family] of families.entries()) {
      const codes = piece.head[family];
      if (!Array.isArray(codes) || !codes.every((code) => typeof code === 'string'))
        return 'a list of countries that is not valid';
      this.remembered[index] = codes;
    }
    return null;
  }
}

export class Pipeline {
  readonly #table: Table;
  readonly #countries: Countries;
  readonly #judgement: Judgement;
  readonly #view: PipelineView;
  readonly #times: TickTimes;
  readonly #rules: Rules;
  readonly #only: ReadonlySet<string> | null;
  #judged: readonly string[] = [];
  /** The registry that waits for the next tick. */
  #nextMap: CountryMap | null = null;

  constructor({ peers, map, groups, rules, configuredCollectors, only, time }: PipelineOptions) {
    this.#rules = rules;
    this.#countries = new Countries(map, groups, (country) => (rules.overrides[country] ?? rules).countries);
    this.#table = new Table({ peers, settings: rules.table, configuredCollectors, listener: this.#countries });
    this.#judgement = new Judgement({ rules, countries: this.#countries, table: this.#table });
    this.#view = new PipelineView({
      peers,
      table: this.#table,
      countries: this.#countries,
      judgement: this.#judgement,
    });
    this.#times = new TickTimes(time === 'rows' ? new EventTime(peers, configuredCollectors) : null);
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
  restore(state: StoredState, bins: readonly HistoryRow[]): void {
    this.#judgement.restore(state);
    for (const [family, name] of families.entries()) {
      this.#countries.restore(state.country, family as 0 | 1, state.baseline[name], measuredBins(bins, family * 4));
    }
  }

  /**
   * What a later process needs of the table, in pieces, each as it is when it is asked for: see table/snapshot.
   */
  *pieces(): Generator<SnapshotPiece, void, undefined> {
    const remembered = { ipv4: this.#countries.remembered(0), ipv6: this.#countries.remembered(1) };
    yield { head: { piece: 'remembered', ...remembered }, body: new Uint8Array(0) };
    yield* this.#table.pieces();
  }

  /**
   * Takes over what an earlier process kept of the collectors in `positions`: after restore() and before any event, a
   * part at each step, to the last. Each collector is lost from its position on, until collector-back; then comes
   * load-done.
   */
  *restoreTable(
    { table, remembered }: KeptPipeline,
    positions: ReadonlyMap<string, UnixMillis>,
  ): Generator<void, void, undefined> {
    yield* this.#table.restore(table, positions);
    for (const family of [0, 1] as const) this.#countries.restoreRemembered(family, remembered[family]);
  }

  /** Takes what happened; events.ts says what each kind means. */
  handle(event: CoreEvent): void {
    switch (event.kind) {
      case 'rows': {
        const { batch, from = 0, to = batch.length } = event;
        this.#times.observe(batch, from, to);
        this.#table.apply(batch, from, to);
        break;
      }
      case 'rib-rows':
        this.#table.apply(event.batch, 0, event.batch.length);
        break;
      case 'load-done':
        this.#endLoad(event.at);
        break;
      case 'collector-lost':
        this.#times.lose(event.collector);
        this.#table.endFill(event.collector, Infinity);
        this.#table.loseCollector(event.collector, event.from);
        break;
      case 'collector-back':
        this.#times.rejoin(event.collector);
        this.#table.rejoinCollector(event.collector);
        break;
      case 'collector-reset':
        this.#table.resetCollector(event.collector);
        break;
      case 'gap-opened':
        this.#table.noteTouched(event.collector, event.to);
        break;
      case 'gap-rows':
        this.#table.fill(event.batch, 0, event.batch.length);
        break;
      case 'gap-filled':
        this.#table.endFill(event.collector, Infinity);
        break;
      case 'stream-lost':
        if (event.to - event.from > this.#rules.table.gapFreezeMs) this.#table.freeze();
        this.#times.skipTo(event.ticksFrom);
        break;
      case 'registry':
        this.#nextMap = event.map;
        break;
    }
  }

  /**
   * Takes the ticks that are due up to `to`, each when the one before has been consumed: meanwhile view() shows that
   * one. A tick measures and judges every country.
   */
  *advance(to: UnixMillis): Generator<TickResult, void, undefined> {
    for (let at = this.#times.take(to); at !== null; at = this.#times.take(to)) yield this.#tick(at);
  }

  view(): PipelineView {
    return this.#view;
  }

  #tick(at: UnixMillis): TickResult {
    const moved = this.#swapRegistry(at);
    this.#table.settle(at);
    this.#countries.tick(at, [this.#table.usability(0), this.#table.usability(1)]);
    return { at, moved, ...this.#judgement.tick(at, this.#judged) };
  }

  #endLoad(at: UnixMillis): void {
    this.#table.judge(this.#times.begin(at), (family, id) => {
      const state = this.#judgement.state(this.#countries.ownerOf(family, id));
      return state?.detector[families[family]].level === 'normal';
    });
  }

  #swapRegistry(at: UnixMillis): readonly StoredState[] | null {
    if (this.#nextMap === null || !this.#countries.canSwap()) return null;
    this.#countries.swap(this.#nextMap, at);
    this.#nextMap = null;
    this.#chooseJudged();
    return this.#judgement.takeBaselines(this.#judged);
  }

  #chooseJudged(): void {
    this.#judged = this.#countries.codes.filter((code) => this.#only === null || this.#only.has(code));
  }
}
