import { families, type FamilyIndex, type UnixMillis } from '../bgp/index.js';
import type { ChangedVerdict, PrefixListener, Usability, VisiblePrefixes } from '../table/index.js';
import { hourMs, minuteMs } from '../time.js';
import type { BaselineState } from './history/baseline-state.js';
import type { CountryMap } from './registry/country-map.js';
import { emptyBaselineState, type ClosedBin } from './history/bins.js';
import type { GroupDefinition } from './registry/countries-file.js';
import { Group } from './group.js';
import type { HistoryRow } from './history/history-rows.js';
import { NetworksBefore } from './networks-before.js';
import type { NetworkChange } from './units/network-change.js';
import { Holdings } from './units/holdings.js';
import { PrefixMemory } from './units/prefix-memory.js';
import type { CountrySample } from './units/sample.js';
import { binMs, type CountriesSettings } from './settings.js';
import { Subject, type Size } from './subject.js';
import { wholeSizes } from './whole-sizes.js';

/** A country is whole from this share of its baseline on, for what is remembered as "before". */
const wholeShare = 0.95;
const unknown: Usability = { kind: 'unusable', reason: 'few-voters', voters: 0, collectors: 0, needed: 0 };

/** How much of every country and group is visible, and how much there was before. */
export class Countries implements PrefixListener {
  readonly #holdings: Holdings;
  readonly #memories = [new PrefixMemory(), new PrefixMemory()] as const;
  readonly #settingsOf: (country: string) => CountriesSettings;
  /** By country number; [0], the space of no country, is null. */
  #countries: readonly (Subject | null)[] = [];
  #numbers: ReadonlyMap<string, number> = new Map();
  readonly #groups: readonly { readonly group: Group; readonly subject: Subject }[];
  #byCode: ReadonlyMap<string, Subject> = new Map();
  readonly #before: NetworksBefore;
  readonly #rememberedBin = [-Infinity, -Infinity];
  #originsDueAt = -Infinity;
  #rows: HistoryRow[] = [];
  #minuteEnded = false;
  /** Of the last tick. */
  #at: UnixMillis = -Infinity;
  #usable: readonly [Usability, Usability] = [unknown, unknown];

  constructor(map: CountryMap, groups: readonly GroupDefinition[], settingsOf: (country: string) => CountriesSettings) {
    this.#holdings = new Holdings(map);
    this.#before = new NetworksBefore(this.#holdings, this.#memories);
    this.#settingsOf = settingsOf;
    this.#groups = groups.map((definition) => {
      const group = new Group(definition);
      const subject = new Subject(definition.code, definition.name, settingsOf(definition.code), {
        units: (family) => group.units(family),
        prefixes: (family) => group.prefixes(family),
        // Churn is counted by country; a group has none of its own.
        churn: () => 0,
      });
      return { group, subject };
    });
    this.#number(map);
  }

  /** Codes of all countries, then of the groups. */
  get codes(): readonly string[] {
    return [...this.#byCode.keys()];
  }

  follow(family: FamilyIndex, prefixes: VisiblePrefixes): void {
    this.#memories[family].follow(prefixes);
  }

  added(family: FamilyIndex, id: number, code: number): void {
    this.#memories[family].add(id, this.#holdings.added(family, id, code));
  }

  voted(family: FamilyIndex, id: number): void {
    this.#memories[family].voted(id);
  }

  /** A snapshot keeps the origin that each prefix had when its country was last whole. */
  kept(family: FamilyIndex, from: number, to: number): Uint32Array {
    return this.#memories[family].before(from, to);
  }

  restoreKept(family: FamilyIndex, from: number, numbers: Uint32Array): void {
    this.#memories[family].restoreBefore(from, numbers);
  }

  flipped(family: FamilyIndex, id: number, code: number, origin: number, up: boolean): void {
    const owner = this.#memories[family].ownerOf(id);
    this.#holdings.flipped(family, id, code, owner, up);
    this.#countries[owner]?.flip(family, code);
    for (const { group, subject } of this.#groups)
      if (group.flipped(family, id, code, origin, up)) subject.flip(family, code);
  }

  /** Takes over what was stored of a country; bins oldest first. */
  restore(country: string, family: FamilyIndex, state: BaselineState, bins: Iterable<ClosedBin>): void {
    this.#byCode.get(country)?.bins[family].restore(state, bins);
  }

  /** Takes over the stored networks of a country in trouble, with their units before. */
  restoreNetworks(country: string, family: FamilyIndex, networks: readonly NetworkChange[]): void {
    this.#before.restoreStored(country, family, networks);
  }

  /** Countries for which the "before" of each prefix is that of when they were last whole. */
  remembered(family: FamilyIndex): string[] {
    const codes = this.#countries.flatMap((subject) => subject?.code ?? []);
    return codes.filter((code) => this.#before.isByPrefix(code, family));
  }

  /** Takes over such a list of a snapshot, beside restoreKept(). */
  restoreRemembered(family: FamilyIndex, codes: readonly string[]): void {
    for (const code of codes) if (this.#byCode.has(code)) this.#before.restoreByPrefix(code, family);
  }

  /** Measures every country and group. `usable`: whether each family's table is good enough to judge by. */
  tick(at: UnixMillis, usable: readonly [Usability, Usability]): void {
    this.#minuteEnded = this.#at !== -Infinity && Math.floor(at / minuteMs) !== Math.floor(this.#at / minuteMs);
    this.#at = at;
    this.#usable = usable;
    this.#rows = [];
    for (const subject of this.#byCode.values()) {
      subject.tick(at, usable);
      for (const row of subject.takeRows()) this.#rows.push(row);
    }
    if (at >= this.#originsDueAt) this.#countOrigins(at);
    for (const family of [0, 1] as const) if (usable[family].kind === 'usable') this.#remember(family, at);
  }

  /** History rows that the last tick completed. */
  get completedRows(): readonly HistoryRow[] {
    return this.#rows;
  }

  /** Whether the last tick completed a minute. */
  get minuteEnded(): boolean {
    return this.#minuteEnded;
  }

  /** What the detector judges, by family, as of the last tick; null for a country that never had anything. */
  samples(country: string): readonly [CountrySample, CountrySample] | null {
    const subject = this.#byCode.get(country);
    if (subject === undefined || !(subject.exists(0) || subject.exists(1))) return null;
    return [subject.sample(0, this.#at, this.#usable[0]), subject.sample(1, this.#at, this.#usable[1])];
  }

  /**
   * What became of the networks of these countries and groups since each was last whole: those that lost most first,
   * then those with most left. Leaves out those whose "before" is unknown. Reads the whole table once for all.
   */
  networks(family: FamilyIndex, codes: ReadonlySet<string>): Map<string, readonly NetworkChange[]> {
    return this.#before.changes(
      family,
      codes,
      this.#groups.map(({ group }) => group),
    );
  }

  /**
   * Units and prefixes that these countries and groups would have after these changes of verdicts. Everything stays as
   * it was.
   */
  supposing(family: FamilyIndex, changes: readonly ChangedVerdict[], codes: ReadonlySet<string>): Map<string, Size> {
    const memory = this.#memories[family];
    const turn = ({ id, code }: ChangedVerdict, up: boolean): void =>
      this.#holdings.flipped(family, id, code, memory.ownerOf(id), up);
    for (const change of changes) turn(change, change.up);
    const sizes = new Map<string, Size>();
    for (const code of codes) {
      const subject = this.#byCode.get(code);
      if (subject !== undefined) sizes.set(code, { units: subject.units(family), prefixes: subject.prefixes(family) });
    }
    for (const change of changes.toReversed()) turn(change, !change.up);
    for (const { group } of this.#groups)
      if (codes.has(group.definition.code)) sizes.set(group.definition.code, group.supposing(family, changes));
    return sizes;
  }

  /** Covered units as they are now, between ticks. */
  unitsOf(country: string, family: FamilyIndex): number {
    return this.#byCode.get(country)?.units(family) ?? 0;
  }

  freeze(country: string, family: FamilyIndex, frozen: boolean, at: UnixMillis): void {
    this.#byCode.get(country)?.bins[family].freeze(frozen, at);
  }

  adopt(country: string, family: FamilyIndex, from: UnixMillis): void {
    this.#byCode.get(country)?.bins[family].adopt(from);
  }

  baselineState(country: string, family: FamilyIndex): BaselineState {
    return this.#byCode.get(country)?.bins[family].state ?? emptyBaselineState;
  }

  /** The code of the country that owns a prefix; '' if no country does. */
  ownerOf(family: FamilyIndex, id: number): string {
    return this.#holdings.map.codes[this.#memories[family].ownerOf(id)];
  }

  /**
   * Whether another registry may take the place of this one: each family either has verdicts, so that what its
   * baselines measured can be measured now, or has no baselines.
   */
  canSwap(): boolean {
    return ([0, 1] as const).every(
      (family) =>
        this.#memories[family].prefixes.hasVerdicts ||
        [...this.#byCode.values()].every(({ bins }) => bins[family].baseline === null),
    );
  }

  /**
   * Another registry, between two ticks. Every country's baseline and bins move with what it has, so that nothing seems
   * to have come or gone. A new country begins as one never seen; a country that is gone is no longer judged. Groups
   * stay as they are.
   */
  swap(map: CountryMap, at: UnixMillis): void {
    const before = this.#countries.map((subject) => subject?.size() ?? null);
    const known = this.#countries;
    const dark = [this.#darkByPrefix(0), this.#darkByPrefix(1)] as const;
    const wholeNow = (): readonly Map<string, Size>[] =>
      ([0, 1] as const).map((family) => wholeSizes(this.#holdings.map, family, dark[family], this.#memories[family]));
    const wholeBefore = wholeNow();
    this.#holdings.swap(map, this.#memories);
    this.#number(map);
    const wholeAfter = wholeNow();
    for (const [number, subject] of known.entries()) {
      const size = before[number];
      if (subject === null || size === null || !this.#numbers.has(subject.code)) continue;
      for (const family of [0, 1] as const) {
        const [whole, after] = [wholeBefore[family].get(subject.code), wholeAfter[family].get(subject.code)];
        subject.shift(
          family,
          at,
          size[family],
          whole === undefined || after === undefined ? null : { before: whole, after },
        );
      }
      this.#before.registryChanged(subject.code);
    }
  }

  /** Countries with an incident whose "before" is known by prefix. */
  #darkByPrefix(family: FamilyIndex): Set<string> {
    return new Set(this.remembered(family).filter((code) => this.#byCode.get(code)?.bins[family].isFrozen === true));
  }

  /** Numbers the countries as the map does. */
  #number({ codes }: CountryMap): void {
    this.#numbers = new Map(codes.map((code, number) => [code, number]));
    this.#countries = codes.map((code) => (code === '' ? null : (this.#byCode.get(code) ?? this.#countryOf(code))));
    const subjects = [
      ...this.#countries.filter((subject) => subject !== null),
      ...this.#groups.map(({ subject }) => subject),
    ];
    this.#byCode = new Map(subjects.map((subject) => [subject.code, subject]));
  }

  #countryOf(code: string): Subject {
    const number = (): number => this.#numbers.get(code) ?? -1;
    return new Subject(code, null, this.#settingsOf(code), {
      units: (family) => this.#holdings.units(family, number()),
      prefixes: (family) => this.#holdings.prefixes(family, number()),
      churn: (family) => this.#memories[family].churnOf(number()),
    });
  }

  /** At the first usable tick of every bin: what countries that are whole have now becomes their "before". */
  #remember(family: FamilyIndex, at: UnixMillis): void {
    const bin = Math.floor(at / binMs);
    if (bin === this.#rememberedBin[family]) return;
    this.#rememberedBin[family] = bin;
    const whole = Uint8Array.from(this.#countries, (subject) => (isWhole(subject, family) ? 1 : 0));
    this.#before.remember(
      family,
      this.#holdings.map.codes.filter((_, number) => whole[number] === 1),
      whole,
      this.#groups.flatMap(({ group, subject }) => (isWhole(subject, family) ? [group] : [])),
    );
  }

  /**
   * Counts the distinct origins of the visible prefixes of every country that is whole: once an hour, because it reads
   * the whole table.
   */
  #countOrigins(at: UnixMillis): void {
    const usable = families.map((_, family) => this.#usable[family].kind === 'usable');
    if (!usable.includes(true)) return;
    this.#originsDueAt = at + hourMs;
    for (const family of [0, 1] as const) {
      if (!usable[family]) continue;
      const byOwner = this.#memories[family].visibleOrigins();
      for (const [owner, subject] of this.#countries.entries())
        if (isWhole(subject, family)) subject.bins[family].setOrigins(byOwner.get(owner)?.size ?? 0);
      const { origins } = this.#memories[family].prefixes;
      for (const { group, subject } of this.#groups)
        if (isWhole(subject, family)) subject.bins[family].setOrigins(group.origins(family, (id) => origins[id]));
    }
  }
}

/** Whether what a subject has now can be remembered as its "before". */
function isWhole(subject: Subject | null, family: FamilyIndex): subject is Subject {
  const bins = subject?.bins[family];
  if (subject === null || bins === undefined || bins.baseline === null || bins.isFrozen) return false;
  return subject.units(family) >= wholeShare * bins.baseline.units;
}
