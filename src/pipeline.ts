/**
 * The deterministic core, assembled: elems in, at every tick states, history and events out. Time is a field of the data or an
 * argument; the same input gives the same output.
 */
import { families, type ElemBatch, type Family, type FeedGap, type PeerIndex, type UnixMillis } from './bgp/index.js';
import {
  Countries, countryCodes, groupCode, parseCountriesSettings, unitsLost,
  type ClosedBin, type CountriesSettings, type CountryMap, type CountrySample, type GroupDefinition, type NetworkChange,
} from './countries/index.js';
import { decide, initialDetectorState, isJudged, observe, parseDetectorSettings, type DetectorSettings } from './detector/index.js';
import { Guards, parseGuardSettings, type GuardSettings, type Hold, type HoldCounts, type Recount, type Ruling, type Sight, type Watched } from './guards/index.js';
import {
  asOne, closedAt, fold, initialIncidentState, needsNetworks, networksOfEvent, openFamilies, parseIncidentSettings, Records, stateVersion, unknownValue,
  type CountryRecord, type FoldInput, type HistorySample, type IncidentEvent, type IncidentSettings, type Measured, type StoredState,
} from './incidents/index.js';
import { isRecord, shown } from './settings.js';
import { KeptTable, parseTableSettings, Table, type SnapshotPiece, type TableSettings } from './table/index.js';

/** The rules that may differ from country to country. */
export interface CountryRules {
  readonly countries: CountriesSettings;
  readonly detector: DetectorSettings;
  readonly incidents: IncidentSettings;
}

/** Every number of the detection: config/rules.json. */
export interface Rules extends CountryRules {
  readonly table: TableSettings;
  readonly guards: GuardSettings;
  /** By country code: the rules with that country's own numbers in them. */
  readonly overrides: Readonly<Record<string, CountryRules>>;
}

/** Holds the content of rules.json to its shape. Every fault is pushed to `problems`; the result may be used only if none was. */
export function parseRules(value: unknown, problems: string[]): Rules {
  const file = isRecord(value) ? value : {};
  if (!isRecord(value)) problems.push(`rules: expected an object, got ${shown(value)}`);
  const known = ['table', 'countries', 'detector', 'guards', 'incidents', 'overrides'];
  for (const key of Object.keys(file)) if (!known.includes(key)) problems.push(`rules.${key}: no such setting`);
  const overrides: Record<string, CountryRules> = {};
  const own = file['overrides'] ?? {};
  if (!isRecord(own)) problems.push(`rules.overrides: expected an object, got ${shown(own)}`);
  else for (const [country, patch] of Object.entries(own)) {
    const path = `rules.overrides.${country}`;
    const isKnown = countryCodes.includes(country) || groupCode.test(country);
    if (!isKnown) problems.push(`${path}: no country has this code`);
    if (!isRecord(patch) || Object.keys(patch).some((key) => !['countries', 'detector', 'incidents'].includes(key))) {
      problems.push(`${path}: expected an object with countries, detector or incidents, got ${shown(patch)}`);
    } else overrides[country] = parseCountryRules(merged(file, patch) as Record<string, unknown>, path, problems);
  }
  return {
    table: parseTableSettings(file['table'], 'rules.table', problems),
    guards: parseGuardSettings(file['guards'], 'rules.guards', problems),
    ...parseCountryRules(file, 'rules', problems), overrides,
  };
}

function parseCountryRules(file: Record<string, unknown>, path: string, problems: string[]): CountryRules {
  return {
    countries: parseCountriesSettings(file['countries'], `${path}.countries`, problems),
    detector: parseDetectorSettings(file['detector'], `${path}.detector`, problems),
    incidents: parseIncidentSettings(file['incidents'], `${path}.incidents`, problems),
  };
}

/** `patch` laid over `value`: objects key by key, everything else replaced. Used for a country's own rules and for --rules. */
export function merged(value: unknown, patch: unknown): unknown {
  if (!isRecord(value) || !isRecord(patch)) return patch;
  const result: Record<string, unknown> = { ...value };
  for (const [key, entry] of Object.entries(patch)) result[key] = merged(value[key], entry);
  return result;
}

/** The bins of one family, whose values begin at `column`, that were measured. One at a time: there are ten thousand of every country. */
function* measuredBins(bins: readonly HistorySample[], column: number): Generator<ClosedBin> {
  for (const { at, values } of bins) {
    if (values[column] !== unknownValue) yield { at, units: values[column], prefixes: values[column + 1] };
  }
}

/**
 * What a tick gives: the states that changed, the history rows that it completed, the events in their order, and the records of all
 * judged countries if it completed a minute, else of those with an event.
 */
export interface TickResult {
  readonly states: readonly StoredState[];
  readonly samples: readonly HistorySample[];
  readonly events: readonly IncidentEvent[];
  readonly records: readonly CountryRecord[];
}

/** A country's tick before it is decided. */
interface CountryTick {
  readonly country: string;
  readonly samples: Readonly<Record<Family, CountrySample>>;
  readonly before: StoredState | undefined;
  readonly watched: Readonly<Record<Family, Watched>>;
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
      if (!Array.isArray(codes) || !codes.every((code) => typeof code === 'string')) return 'a list of countries that is none';
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
  readonly #states = new Map<string, StoredState>();
  readonly #records = new Records();
  readonly #guards: Guards;
  readonly #sight: Sight = { countAgain: (family, asked) => this.#countAgain(family, asked), heavyLosers: (asked) => this.#heavyLosers(asked) };

  constructor({ peers, map, groups, rules, configuredCollectors, only }: PipelineOptions) {
    this.#rules = rules;
    this.#guards = new Guards(rules.guards);
    this.#countries = new Countries(map, groups, (country) => this.#rulesOf(country).countries);
    this.table = new Table({ peers, settings: rules.table, configuredCollectors, sink: this.#countries });
    this.#only = only;
    this.#chooseJudged();
  }

  /** Takes over what was last measured of a country, before the first tick. */
  restoreRecord(record: CountryRecord): void {
    this.#records.restore(record);
    for (const [family, name] of families.entries()) this.#countries.restoreNetworks(record.country, family as 0 | 1, record[name]?.networks ?? []);
  }

  /** Takes over what was stored of a country, before the first tick; bins oldest first, all at once or piece by piece. */
  restore(state: StoredState, bins: readonly HistorySample[]): void {
    this.#states.set(state.country, state);
    for (const [family, name] of families.entries()) {
      this.#countries.restore(state.country, family as 0 | 1, state.baseline[name], measuredBins(bins, family * 4));
    }
  }

  /** What a later process needs of the table, in pieces, each of the moment when it is asked for: see table/snapshot.ts. */
  *pieces(): Generator<SnapshotPiece, void, undefined> {
    const remembered = { ipv4: this.#countries.rememberedInTable(0), ipv6: this.#countries.rememberedInTable(1) };
    yield { head: { piece: 'remembered', ...remembered }, body: new Uint8Array(0) };
    yield* this.table.pieces();
  }

  /**
   * Takes over, after what was stored and before anything is applied, what was kept of the collectors in `positions`: a part at each step,
   * to the last. Each is in a gap since its time, until it rejoins; then comes loaded().
   */
  *restoreTable({ table, remembered }: KeptPipeline, positions: ReadonlyMap<string, UnixMillis>): Generator<void, void, undefined> {
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
      const state = this.#states.get(this.#countries.codeOf(owner));
      return state?.detector[families[family]].level === 'normal';
    });
  }

  /** Whether swapRegistry() may be called now: verdicts were made. */
  get canSwapRegistry(): boolean {
    return this.#countries.canSwap(this.table);
  }

  /**
   * Another registry takes the place of the old one, between two ticks; `at`: event time. It is no event: baselines and bins move with
   * what each country has. Returns the states that changed, to be kept together with the word that this registry is in use.
   */
  swapRegistry(map: CountryMap, at: UnixMillis): readonly StoredState[] {
    this.#countries.swap(map, at, this.table);
    this.#chooseJudged();
    const changed: StoredState[] = [];
    for (const country of this.#judged) {
      const state = this.#states.get(country);
      if (state === undefined) continue;
      const baseline = { ipv4: this.#countries.baselineState(country, 0), ipv6: this.#countries.baselineState(country, 1) };
      if (families.every((family) => baseline[family] === state.baseline[family])) continue;
      changed.push({ ...state, baseline });
    }
    for (const state of changed) this.#states.set(state.country, state);
    return changed;
  }

  #chooseJudged(): void {
    this.#judged = this.#countries.codes.filter((code) => this.#only === null || this.#only.has(code));
  }

  /** Measures and judges every country as of `at`, a later time than the last. */
  tick(at: UnixMillis): TickResult {
    this.table.settle(at);
    this.#countries.tick(at, this.table);
    const ticks = this.#judged.flatMap((country) => this.#observe(country) ?? []);
    // What many decide at once is looked at together, before any of it is entered.
    const ruling = this.#guards.rule(at, ticks.flatMap(({ watched }) => [watched.ipv4, watched.ipv6]), this.#sight);
    const states: StoredState[] = [];
    let events: IncidentEvent[] = [];
    for (const tick of ticks) {
      const after = this.#judge(at, tick, ruling, events);
      if (after === tick.before) continue;
      this.#states.set(tick.country, after);
      states.push(after);
    }
    for (const one of ruling.asOne) events = asOne(events, new Set(one.countries), one);
    return { states, samples: this.#countries.completedRows, ...this.#remember(events) };
  }

  /** All that is remembered of a country; undefined before its first tick. */
  state(country: string): StoredState | undefined {
    return this.#states.get(country);
  }

  /** What the guards hold back as of the last tick, and why; and how often they did since the start, by guard. */
  holds(): readonly Hold[] {
    return this.#guards.holds;
  }

  holdCounts(): Readonly<Record<Hold['guard'], HoldCounts>> {
    return this.#guards.counts;
  }

  /** Every country's state, for those who count levels. */
  states(): Iterable<StoredState> {
    return this.#states.values();
  }

  /** What the last tick measured of a country, by family; null for one that never had anything. */
  samples(country: string): readonly [CountrySample, CountrySample] | null {
    return this.#countries.samples(country, this.table);
  }

  /** The records that are due, and the events with the networks that lost most: the whole table is read at most once for all of them. */
  #remember(events: readonly IncidentEvent[]): Pick<TickResult, 'events' | 'records'> {
    const told = new Set(events.map(({ country }) => country));
    const due = this.#countries.minuteEnded ? this.#judged : this.#judged.filter((country) => told.has(country));
    if (due.length === 0) return { events, records: [] };
    const measured = due.flatMap((country) => this.#measured(country) ?? []);
    const networks = families.map((family, index) => {
      const asked = measured.filter((one) => told.has(one.state.country) || needsNetworks(one, family)).map(({ state }) => state.country);
      return this.#countries.networks(index as 0 | 1, new Set(asked), this.table);
    });
    const of = (country: string | null, family: 0 | 1): readonly NetworkChange[] => networks[family].get(country ?? '') ?? [];
    return {
      events: events.map((event) => ({ ...event, networks: networksOfEvent(of(event.country, event.family === 'ipv6' ? 1 : 0)) })),
      records: measured.map((one) => this.#records.renew(one, { ipv4: of(one.state.country, 0), ipv6: of(one.state.country, 1) })),
    };
  }

  #measured(country: string): Measured | null {
    const samples = this.#countries.samples(country, this.table);
    const state = this.#states.get(country);
    if (samples === null || state === undefined) return null;
    const [ipv4, ipv6] = samples;
    const { detector } = this.#rulesOf(country);
    return {
      samples: { ipv4, ipv6 }, state,
      judged: { ipv4: isJudged(state.detector.ipv4, ipv4, detector), ipv6: isJudged(state.detector.ipv6, ipv6, detector) },
    };
  }

  #observe(country: string): CountryTick | null {
    const measured = this.#countries.samples(country, this.table);
    if (measured === null) return null;
    const before = this.#states.get(country);
    const settings = this.#rulesOf(country).detector;
    const open = openFamilies(before?.incidents ?? initialIncidentState);
    const samples = { ipv4: measured[0], ipv6: measured[1] };
    const watched = (family: Family): Watched => {
      const state = before?.detector[family] ?? initialDetectorState;
      return { country, family, settings, observation: observe(state, samples[family], open.includes(family), settings) };
    };
    return { country, samples, before, watched: { ipv4: watched('ipv4'), ipv6: watched('ipv6') } };
  }

  #judge(at: UnixMillis, { country, samples, before, watched }: CountryTick, ruling: Ruling, events: IncidentEvent[]): StoredState {
    const rules = this.#rulesOf(country);
    const incidents = before?.incidents ?? initialIncidentState;
    const stepped = (family: Family): FoldInput['detector'][Family] => {
      const { state, reason } = decide(watched[family].observation, rules.detector, ruling.restraint(country, family));
      return { before: before?.detector[family] ?? initialDetectorState, after: state, reason };
    };
    const detector = { ipv4: stepped('ipv4'), ipv6: stepped('ipv6') };
    const folded = fold(incidents, { at, samples, detector }, rules.incidents);
    events.push(...folded.events);
    this.#followBaselines(country, at, folded.events, folded.state, rules);
    const baseline = { ipv4: this.#countries.baselineState(country, 0), ipv6: this.#countries.baselineState(country, 1) };
    const unchanged = before !== undefined && folded.state === before.incidents
      && families.every((family) => detector[family].after === before.detector[family] && baseline[family] === before.baseline[family]);
    if (unchanged) return before;
    return {
      version: stateVersion, country, incidents: folded.state, baseline,
      detector: { ipv4: detector.ipv4.after, ipv6: detector.ipv6.after },
    };
  }

  /** The countries asked for without the votes of each collector in turn. */
  #countAgain(family: Family, asked: ReadonlySet<string>): Recount[] {
    const index = families.indexOf(family) as 0 | 1;
    return this.table.withoutEachCollector(index, this.#rules.guards.collector.minVoters).map(({ collector, turned }) => ({
      collector, counts: this.#countries.supposing(index, turned, asked),
    }));
  }

  /** The ASes with a good part of what each of the countries asked for lost, most first. Reads the whole table. */
  #heavyLosers(asked: ReadonlyMap<string, Family>): Map<string, readonly number[]> {
    const losers = new Map<string, readonly number[]>();
    for (const [index, family] of families.entries()) {
      const codes = new Set([...asked].flatMap(([country, falling]) => (falling === family ? [country] : [])));
      if (codes.size === 0) continue;
      for (const [country, changes] of this.#countries.networks(index as 0 | 1, codes, this.table)) {
        const sample = this.#countries.samples(country, this.table)?.[index];
        const lost = (sample?.baseline?.units ?? 0) - (sample?.units ?? 0);
        const heavy = changes.filter((change) => lost > 0 && unitsLost(change) >= this.#rules.guards.sharedAs.lossShare * lost);
        losers.set(country, heavy.map(({ asn }) => asn));
      }
    }
    return losers;
  }

  /** A baseline stands still from its incident's opening until an hour after the close; an adopted one starts anew. */
  #followBaselines(
    country: string,
    at: UnixMillis,
    events: readonly IncidentEvent[],
    state: StoredState['incidents'],
    rules: CountryRules,
  ): void {
    const open = openFamilies(state);
    for (const [index, family] of families.entries()) {
      const closed = closedAt(state, family);
      const frozen = open.includes(family) || (closed !== null && at - closed < rules.countries.thawMs);
      this.#countries.freeze(country, index as 0 | 1, frozen, at);
    }
    for (const event of events) {
      if (event.kind !== 'new-normal' || event.family === null || event.since === null) continue;
      const from = Math.max(event.since, at - rules.incidents.newNormal.steadyMs);
      this.#countries.adopt(country, families.indexOf(event.family) as 0 | 1, from);
    }
  }

  #rulesOf(country: string): CountryRules {
    return this.#rules.overrides[country] ?? this.#rules;
  }
}
