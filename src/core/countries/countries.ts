import { families, type FamilyIndex, type UnixMillis } from '../bgp/index.js';
import type { ChangedVerdict, PrefixListener, Table } from '../table/index.js';
import type { BaselineState } from './history/baseline-state.js';
import type { CountryMap } from './registry/country-map.js';
import { emptyBaselineState, type ClosedBin } from './history/bins.js';
import type { GroupDefinition } from './registry/countries-file.js';
import { Group } from './group.js';
import type { HistoryRow } from './history/history-rows.js';
import type { NetworkChange } from './units/network-change.js';
import { heldBy, networkChanges, NetworkUnits } from './units/networks.js';
import { Holdings } from './units/holdings.js';
import { PrefixMemory } from './units/prefix-memory.js';
import type { CountrySample } from './units/sample.js';
import { binMs, type CountriesSettings } from './settings.js';
import { Subject, type Size } from './subject.js';
import { wholeSizes } from './whole-sizes.js';

type CountedBefore = { readonly kind: 'all' | 'stored'; readonly units: ReadonlyMap<number, number> };
type Before = { readonly kind: 'in-table' } | CountedBefore;

const minuteMs = 60_000;
const originsEveryMs = 3_600_000;
/** A country is whole from this share on, for what is remembered as "before". */
const wholeShare = 0.95;

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
  /**
   * Where it stands what each subject's networks had when it was last whole: the table knows it by prefix, or, once it
   * was asked for, here it is by ASN. After a restart in trouble there are only those that were stored. Nobody knows it
   * of one that is not in here.
   */
  readonly #before: readonly [Map<string, Before>, Map<string, Before>] = [new Map(), new Map()];
  readonly #rememberedBin = [-Infinity, -Infinity];
  #originsDueAt = -Infinity;
  #rows: HistoryRow[] = [];
  #minuteEnded = false;
  #at: UnixMillis = -Infinity;

  constructor(map: CountryMap, groups: readonly GroupDefinition[], settingsOf: (country: string) => CountriesSettings) {
    this.#holdings = new Holdings(map);
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

  /** Takes over what was stored of a country in trouble: its networks' units before hold until it is whole again. */
  restoreNetworks(country: string, family: FamilyIndex, networks: readonly NetworkChange[]): void {
    if (networks.length === 0) return;
    this.#before[family].set(country, {
      kind: 'stored',
      units: new Map(networks.map(({ asn, before }) => [asn, before])),
    });
  }

  /**
   * Countries of which the table knows by prefix what they had when they were last whole: what stands there stays, also
   * of one in trouble.
   */
  rememberedInTable(family: FamilyIndex): string[] {
    const codes = this.#countries.flatMap((subject) => subject?.code ?? []);
    return codes.filter((code) => (this.#before[family].get(code)?.kind ?? 'stored') !== 'stored');
  }

  /**
   * The table that was taken over knows it of these countries. Where networks are stored, those are newer, and stand.
   */
  restoreRemembered(family: FamilyIndex, codes: readonly string[]): void {
    const before = this.#before[family];
    for (const code of codes) if (this.#byCode.has(code) && !before.has(code)) before.set(code, { kind: 'in-table' });
  }

  /** Measures every country and group. */
  tick(at: UnixMillis, table: Table): void {
    this.#minuteEnded = this.#at !== -Infinity && Math.floor(at / minuteMs) !== Math.floor(this.#at / minuteMs);
    this.#at = at;
    this.#rows = [];
    const usable = [table.usability(0), table.usability(1)] as const;
    for (const subject of this.#byCode.values()) {
      subject.tick(at, usable);
      for (const row of subject.takeRows()) this.#rows.push(row);
    }
    if (at >= this.#originsDueAt) this.#countOrigins(at, table);
    for (const family of [0, 1] as const) if (usable[family].kind === 'usable') this.#remember(family, at, table);
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
  samples(country: string, table: Table): readonly [CountrySample, CountrySample] | null {
    const subject = this.#byCode.get(country);
    if (subject === undefined || !(subject.exists(0) || subject.exists(1))) return null;
    return [subject.sample(0, this.#at, table.usability(0)), subject.sample(1, this.#at, table.usability(1))];
  }

  /**
   * What became of the networks of these countries and groups since each was last whole: those that lost most first,
   * then those with most left. Reads the whole table once, however many are asked for; who is not known of is absent.
   */
  networks(family: FamilyIndex, codes: ReadonlySet<string>, table: Table): Map<string, readonly NetworkChange[]> {
    const changes = new Map<string, readonly NetworkChange[]>();
    const { map } = this.#holdings;
    const routes = table.routes[family];
    const known = (code: string): Before | undefined => (codes.has(code) ? this.#before[family].get(code) : undefined);
    for (const {
      group,
      subject: { code },
    } of this.#groups) {
      const before = known(code);
      if (before === undefined || before.kind === 'in-table') continue;
      changes.set(
        code,
        networkChanges(
          before.units,
          group.networks(family, (id) => routes.prefixes.origins[id]),
          before.kind === 'all',
        ),
      );
    }
    const wanted = Uint8Array.from(map.codes, (code) => (known(code) === undefined ? 0 : 1));
    if (!wanted.includes(1)) return changes;
    const units = map.codes.map(() => ({ before: new NetworkUnits(family), now: new NetworkUnits(family) }));
    const inTable = map.codes.map((code) => known(code)?.kind === 'in-table');
    this.#memories[family].compare(routes.prefixes, wanted, (owner, code, before, now) => {
      const { before: unitsBefore, now: unitsNow } = units[owner];
      if (inTable[owner]) unitsBefore.add(before, code);
      unitsNow.add(now, code);
    });
    for (const [number, code] of map.codes.entries()) {
      const before = known(code);
      if (before === undefined) continue;
      const held = heldBy(map, family, number);
      // It stands until the country is whole again, so it is counted once.
      const counted: CountedBefore =
        before.kind === 'in-table' ? { kind: 'all', units: units[number].before.counts(held) } : before;
      this.#before[family].set(code, counted);
      changes.set(code, networkChanges(counted.units, units[number].now.counts(held), counted.kind === 'all'));
    }
    return changes;
  }

  /**
   * S and N of these countries and groups as they would be if these verdicts were others. Leaves no trace: no flip is
   * noted anywhere.
   */
  supposing(
    family: FamilyIndex,
    turned: readonly ChangedVerdict[],
    codes: ReadonlySet<string>,
  ): Map<string, { readonly units: number; readonly prefixes: number }> {
    const turn = ({ id, code }: ChangedVerdict, up: boolean): void =>
      this.#holdings.flipped(family, id, code, this.#memories[family].ownerOf(id), up);
    for (const each of turned) turn(each, each.up);
    const counted = new Map(
      [...codes].flatMap((code) => {
        const subject = this.#byCode.get(code);
        return subject === undefined
          ? []
          : [[code, { units: subject.units(family), prefixes: subject.prefixes(family) }] as const];
      }),
    );
    for (const each of turned.toReversed()) turn(each, !each.up);
    for (const {
      group,
      subject: { code },
    } of this.#groups)
      if (codes.has(code)) counted.set(code, group.supposing(family, turned));
    return counted;
  }

  /** S as it is now, between ticks. */
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

  /** Code of the country that owns a prefix. */
  ownerOf(family: FamilyIndex, id: number): string {
    return this.#holdings.map.codes[this.#memories[family].ownerOf(id)];
  }

  /**
   * Whether another registry may take the place of this one: what each family's baselines were measured by can be
   * measured now, for verdicts were made; or there are none.
   */
  canSwap(table: Table): boolean {
    return ([0, 1] as const).every(
      (family) =>
        table.routes[family].verdicts.made ||
        [...this.#byCode.values()].every(({ bins }) => bins[family].baseline === null),
    );
  }

  /**
   * Another registry, between two ticks. Every country's baseline and bins move with what it has, so that nothing seems
   * to have come or gone. A country that is new begins as one never seen; one that is gone is judged no more. Groups do
   * not know of it.
   */
  swap(map: CountryMap, at: UnixMillis, table: Table): void {
    const before = this.#countries.map((subject) => subject?.size() ?? null);
    const known = this.#countries;
    const dark = [this.#darkInTable(0), this.#darkInTable(1)] as const;
    const wholeNow = (): readonly Map<string, Size>[] =>
      ([0, 1] as const).map((family) =>
        wholeSizes(this.#holdings.map, family, dark[family], (wanted, tell) =>
          this.#memories[family].compare(table.routes[family].prefixes, wanted, tell),
        ),
      );
    const wholeBefore = wholeNow();
    this.#holdings.swap(
      map,
      this.#memories,
      table.routes.map(({ prefixes }) => prefixes),
    );
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
        // What was counted by ASN was counted by the old registry; by prefix the table still knows it.
        if (this.#before[family].get(subject.code)?.kind === 'all')
          this.#before[family].set(subject.code, { kind: 'in-table' });
      }
    }
  }

  /** Countries with an incident of which the table knows by prefix what they had before it. */
  #darkInTable(family: FamilyIndex): Set<string> {
    return new Set(
      this.rememberedInTable(family).filter((code) => this.#byCode.get(code)?.bins[family].isFrozen === true),
    );
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

  /** At the first usable tick of every bin: what those that are whole have is what they had "before". */
  #remember(family: FamilyIndex, at: UnixMillis, table: Table): void {
    const bin = Math.floor(at / binMs);
    if (bin === this.#rememberedBin[family]) return;
    this.#rememberedBin[family] = bin;
    const routes = table.routes[family];
    const whole = new Uint8Array(this.#countries.length);
    for (const [number, subject] of this.#countries.entries()) {
      if (!isWhole(subject, family)) continue;
      whole[number] = 1;
      this.#before[family].set(subject.code, { kind: 'in-table' });
    }
    this.#memories[family].remember(routes.prefixes, whole);
    for (const { group, subject } of this.#groups) {
      if (!isWhole(subject, family)) continue;
      this.#before[family].set(subject.code, {
        kind: 'all',
        units: group.networks(family, (id) => routes.prefixes.origins[id]),
      });
    }
  }

  /**
   * Distinct origins of the visible prefixes of every country that is whole: once an hour, for it reads the whole
   * table.
   */
  #countOrigins(at: UnixMillis, table: Table): void {
    const usable = families.map((_, family) => table.usability(family as FamilyIndex).kind === 'usable');
    if (!usable.includes(true)) return;
    this.#originsDueAt = at + originsEveryMs;
    for (const family of [0, 1] as const) {
      if (!usable[family]) continue;
      const origins = this.#memories[family].visibleOrigins(table.routes[family].prefixes);
      for (const [owner, subject] of this.#countries.entries())
        if (isWhole(subject, family)) subject.bins[family].setOrigins(origins.get(owner)?.size ?? 0);
      for (const { group, subject } of this.#groups) {
        if (isWhole(subject, family))
          subject.bins[family].setOrigins(group.origins(family, (id) => table.routes[family].prefixes.origins[id]));
      }
    }
  }
}

/** Whether what a subject has now is what it had "before". */
function isWhole(subject: Subject | null, family: FamilyIndex): subject is Subject {
  const bins = subject?.bins[family];
  if (subject === null || bins === undefined || bins.baseline === null || bins.isFrozen) return false;
  return subject.units(family) >= wholeShare * bins.baseline.units;
}
