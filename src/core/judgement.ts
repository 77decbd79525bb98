/**
 * One tick's judgement: every country is observed, the guards look at all of them together, each is decided, and what
 * must be stored is put together.
 */
import { families, type Family, type UnixMillis } from './bgp/index.js';
import {
  type Countries,
  type CountrySample,
  type HistoryRow,
  type NetworkChange,
  unitsLost,
} from './countries/index.js';
import { decide, initialDetectorState, isJudged, observe } from './detector/index.js';
import {
  Guards,
  type GuardName,
  type Hold,
  type HoldCounts,
  type Recount,
  type Ruling,
  type Sight,
  type Watched,
} from './guards/index.js';
import {
  closedAt,
  combine,
  fold,
  initialIncidentState,
  needsNetworks,
  networksOfEvent,
  openFamilies,
  Records,
  stateVersion,
  type CountryRecord,
  type FoldInput,
  type IncidentEvent,
  type Measured,
  type StoredState,
} from './incidents/index.js';
import type { CountryRules, Rules } from './rules.js';
import type { Table } from './table/index.js';

/**
 * What a tick gives: the states that changed, the history rows that it completed, the events in their order, and the
 * records of all judged countries if it completed a minute, else of those with an event.
 */
export interface Judged {
  readonly states: readonly StoredState[];
  readonly rows: readonly HistoryRow[];
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

export interface JudgementOptions {
  readonly rules: Rules;
  readonly countries: Countries;
  readonly table: Table;
}

/** Holds every country's state and moves it at each tick. */
export class Judgement {
  readonly #rules: Rules;
  readonly #countries: Countries;
  readonly #table: Table;
  readonly #states = new Map<string, StoredState>();
  readonly #records = new Records();
  readonly #guards: Guards;
  readonly #sight: Sight = {
    countAgain: (family, asked) => this.#countAgain(family, asked),
    heavyLosers: (asked) => this.#heavyLosers(asked),
  };

  constructor({ rules, countries, table }: JudgementOptions) {
    this.#rules = rules;
    this.#countries = countries;
    this.#table = table;
    this.#guards = new Guards(rules.guards);
  }

  restoreRecord(record: CountryRecord): void {
    this.#records.restore(record);
  }

  restore(state: StoredState): void {
    this.#states.set(state.country, state);
  }

  state(country: string): StoredState | undefined {
    return this.#states.get(country);
  }

  states(): Iterable<StoredState> {
    return this.#states.values();
  }

  /** What the guards held back at the last tick, and why. */
  get holds(): readonly Hold[] {
    return this.#guards.holds;
  }

  get holdCounts(): Readonly<Record<GuardName, HoldCounts>> {
    return this.#guards.counts;
  }

  /** Takes over the baselines that another registry moved; returns the states that changed. */
  takeBaselines(judged: readonly string[]): readonly StoredState[] {
    const changed: StoredState[] = [];
    for (const country of judged) {
      const state = this.#states.get(country);
      if (state === undefined) continue;
      const baseline = {
        ipv4: this.#countries.baselineState(country, 0),
        ipv6: this.#countries.baselineState(country, 1),
      };
      if (families.every((family) => baseline[family] === state.baseline[family])) continue;
      changed.push({ ...state, baseline });
    }
    for (const state of changed) this.#states.set(state.country, state);
    return changed;
  }

  /** Judges these countries by what was measured as of `at`, a later time than the last. */
  tick(at: UnixMillis, judged: readonly string[]): Judged {
    const ticks = judged.flatMap((country) => this.#observe(country) ?? []);
    // The guards see all decisions of this tick before any of them is made.
    const ruling = this.#guards.rule(
      at,
      ticks.flatMap(({ watched }) => [watched.ipv4, watched.ipv6]),
      this.#sight,
    );
    const states: StoredState[] = [];
    let events: IncidentEvent[] = [];
    for (const tick of ticks) {
      const after = this.#judge(at, tick, ruling, events);
      if (after === tick.before) continue;
      this.#states.set(tick.country, after);
      states.push(after);
    }
    for (const one of ruling.combined) events = combine(events, new Set(one.countries), one);
    return { states, rows: this.#countries.completedRows, ...this.#remember(events, judged) };
  }

  #observe(country: string): CountryTick | null {
    const measured = this.#countries.samples(country);
    if (measured === null) return null;
    const before = this.#states.get(country);
    const open = openFamilies(before?.incidents ?? initialIncidentState);
    const samples = { ipv4: measured[0], ipv6: measured[1] };
    const watched = {
      ipv4: this.#watch(country, 'ipv4', before, samples.ipv4, open),
      ipv6: this.#watch(country, 'ipv6', before, samples.ipv6, open),
    };
    return { country, samples, before, watched };
  }

  #watch(
    country: string,
    family: Family,
    before: StoredState | undefined,
    sample: CountrySample,
    open: readonly Family[],
  ): Watched {
    const settings = this.#rulesOf(country).detector;
    const state = before?.detector[family] ?? initialDetectorState;
    return { country, family, settings, observation: observe(state, sample, open.includes(family), settings) };
  }

  #judge(
    at: UnixMillis,
    { country, samples, before, watched }: CountryTick,
    ruling: Ruling,
    events: IncidentEvent[],
  ): StoredState {
    const rules = this.#rulesOf(country);
    const incidents = before?.incidents ?? initialIncidentState;
    const detector = { ipv4: stepped(watched.ipv4, before, ruling), ipv6: stepped(watched.ipv6, before, ruling) };
    const folded = fold(incidents, { at, samples, detector }, rules.incidents);
    events.push(...folded.events);
    this.#followBaselines(country, at, folded.events, folded.state, rules);
    const baseline = {
      ipv4: this.#countries.baselineState(country, 0),
      ipv6: this.#countries.baselineState(country, 1),
    };
    const unchanged =
      before !== undefined &&
      folded.state === before.incidents &&
      families.every(
        (family) => detector[family].after === before.detector[family] && baseline[family] === before.baseline[family],
      );
    if (unchanged) return before;
    return {
      version: stateVersion,
      country,
      incidents: folded.state,
      baseline,
      detector: { ipv4: detector.ipv4.after, ipv6: detector.ipv6.after },
    };
  }

  /** A baseline stands still from its incident's opening until an hour after the close; an adopted one starts again. */
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

  /** The records that are due, and the events with the networks that lost most. Reads the whole table at most once. */
  #remember(events: readonly IncidentEvent[], judged: readonly string[]): Pick<Judged, 'events' | 'records'> {
    const told = new Set(events.map(({ country }) => country));
    const due = this.#countries.minuteEnded ? judged : judged.filter((country) => told.has(country));
    if (due.length === 0) return { events, records: [] };
    const measured = due.flatMap((country) => this.#measured(country) ?? []);
    const networks = families.map((family, index) => {
      const asked = measured
        .filter((one) => told.has(one.state.country) || needsNetworks(one, family))
        .map(({ state }) => state.country);
      return this.#countries.networks(index as 0 | 1, new Set(asked));
    });
    const of = (country: string | null, family: 0 | 1): readonly NetworkChange[] =>
      networks[family].get(country ?? '') ?? [];
    return {
      events: events.map((event) => ({
        ...event,
        networks: networksOfEvent(of(event.country, event.family === 'ipv6' ? 1 : 0)),
      })),
      records: measured.map((one) =>
        this.#records.renew(one, { ipv4: of(one.state.country, 0), ipv6: of(one.state.country, 1) }),
      ),
    };
  }

  #measured(country: string): Measured | null {
    const samples = this.#countries.samples(country);
    const state = this.#states.get(country);
    if (samples === null || state === undefined) return null;
    const [ipv4, ipv6] = samples;
    const { detector } = this.#rulesOf(country);
    return {
      samples: { ipv4, ipv6 },
      state,
      judged: {
        ipv4: isJudged(state.detector.ipv4, ipv4, detector),
        ipv6: isJudged(state.detector.ipv6, ipv6, detector),
      },
      wholeShare: detector.whole.share,
    };
  }

  /** The countries asked for without the votes of each collector in turn. */
  #countAgain(family: Family, asked: ReadonlySet<string>): Recount[] {
    const index = families.indexOf(family) as 0 | 1;
    return this.#table
      .withoutEachCollector(index, this.#rules.guards.collector.minVoters)
      .map(({ collector, turned }) => ({ collector, counts: this.#countries.supposing(index, turned, asked) }));
  }

  /** The ASes with a good part of what each of the countries asked for lost, most first. Reads the whole table. */
  #heavyLosers(asked: ReadonlyMap<string, Family>): Map<string, readonly number[]> {
    const losers = new Map<string, readonly number[]>();
    for (const [index, family] of families.entries()) {
      const codes = new Set([...asked].flatMap(([country, falling]) => (falling === family ? [country] : [])));
      if (codes.size === 0) continue;
      for (const [country, changes] of this.#countries.networks(index as 0 | 1, codes)) {
        const sample = this.#countries.samples(country)?.[index];
        const lost = (sample?.baseline?.units ?? 0) - (sample?.units ?? 0);
        const heavy = changes.filter(
          (change) => lost > 0 && unitsLost(change) >= this.#rules.guards.sharedAs.lossShare * lost,
        );
        losers.set(
          country,
          heavy.map(({ asn }) => asn),
        );
      }
    }
    return losers;
  }

  #rulesOf(country: string): CountryRules {
    return this.#rules.overrides[country] ?? this.#rules;
  }
}

function stepped(
  { country, family, settings, observation }: Watched,
  before: StoredState | undefined,
  ruling: Ruling,
): FoldInput['detector'][Family] {
  const { state, reason } = decide(observation, settings, ruling.restraint(country, family));
  return { before: before?.detector[family] ?? initialDetectorState, after: state, reason };
}
