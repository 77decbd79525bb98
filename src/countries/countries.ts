import { families, type FamilyIndex, type UnixMillis } from '../bgp/index.js';
import type { Table, VerdictSink } from '../table/index.js';
import type { BaselineState } from './baseline-state.js';
import { emptyBaselineState, type ClosedBin } from './bins.js';
import type { GroupDefinition } from './countries-file.js';
import { Group } from './group.js';
import type { HistoryRow } from './history-rows.js';
import { heldIpv6, type CountryMap } from './registry.js';
import type { CountrySample } from './sample.js';
import type { CountriesSettings } from './settings.js';
import { Subject } from './subject.js';
import { UnitTrie } from './unit-trie.js';
import { UnitsV4 } from './units-v4.js';

const originsEveryMs = 3_600_000;
/** A country is whole from this share on, for what is remembered as "before". */
const wholeShare = 0.95;

/** How much of every country and group is visible, and how much there was before. */
export class Countries implements VerdictSink {
  readonly #map: CountryMap;
  readonly #ipv4: UnitsV4;
  readonly #ipv6: UnitTrie;
  /** N by country number. */
  readonly #prefixes: readonly [Uint32Array, Uint32Array];
  /** By country number; [0], the space of no country, is null. */
  readonly #countries: readonly (Subject | null)[];
  readonly #groups: readonly { readonly group: Group; readonly subject: Subject }[];
  readonly #byCode: ReadonlyMap<string, Subject>;
  #table: Table | null = null;
  #originsDueAt = -Infinity;
  #rows: HistoryRow[] = [];
  #at: UnixMillis = -Infinity;

  constructor(map: CountryMap, groups: readonly GroupDefinition[], settingsOf: (country: string) => CountriesSettings) {
    this.#map = map;
    const count = map.codes.length;
    this.#ipv4 = new UnitsV4(map);
    this.#ipv6 = new UnitTrie(48, count, (start, end) => heldIpv6(map, start, end));
    this.#prefixes = [new Uint32Array(count), new Uint32Array(count)];
    this.#countries = map.codes.map((code, number) => {
      if (code === '') return null;
      return new Subject(code, null, settingsOf(code), {
        units: (family) => (family === 0 ? this.#ipv4 : this.#ipv6).totals[number],
        prefixes: (family) => this.#prefixes[family][number],
        churn: (family) => this.#table?.routes[family].churn[number] ?? 0,
      });
    });
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
    const subjects = [...this.#countries.filter((subject) => subject !== null), ...this.#groups.map(({ subject }) => subject)];
    this.#byCode = new Map(subjects.map((subject) => [subject.code, subject]));
  }

  /** Codes of all countries, then of the groups. */
  get codes(): readonly string[] {
    return [...this.#byCode.keys()];
  }

  added(family: FamilyIndex, id: number, code: number): number {
    return family === 0 ? this.#ipv4.owner(code) : this.#ipv6.add(id, code);
  }

  flipped(family: FamilyIndex, id: number, code: number, owner: number, origin: number, up: boolean): void {
    this.#prefixes[family][owner] += up ? 1 : -1;
    if (family === 0) this.#ipv4.flip(code, up);
    else this.#ipv6.flip(id, up);
    this.#countries[owner]?.flip(family, code);
    for (const { group, subject } of this.#groups) if (group.flipped(family, id, code, origin, up)) subject.flip(family, code);
  }

  /** Takes over what was stored of a country; bins oldest first. */
  restore(country: string, family: FamilyIndex, state: BaselineState, bins: Iterable<ClosedBin>): void {
    this.#byCode.get(country)?.bins[family].restore(state, bins);
  }

  /** Measures every country and group. */
  tick(at: UnixMillis, table: Table): void {
    this.#at = at;
    this.#table = table;
    this.#rows = [];
    const usable = [table.usability(0), table.usability(1)] as const;
    for (const subject of this.#byCode.values()) {
      subject.tick(at, usable);
      this.#rows.push(...subject.takeRows());
    }
    if (at >= this.#originsDueAt) this.#countOrigins(at, table);
  }

  /** History rows that the last tick completed. */
  get completedRows(): readonly HistoryRow[] {
    return this.#rows;
  }

  /** What the detector judges, by family, as of the last tick; null for a country that never had anything. */
  samples(country: string, table: Table): readonly [CountrySample, CountrySample] | null {
    const subject = this.#byCode.get(country);
    if (subject === undefined || !(subject.exists(0) || subject.exists(1))) return null;
    return [subject.sample(0, this.#at, table.usability(0)), subject.sample(1, this.#at, table.usability(1))];
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

  /** The code of an owner's number. */
  codeOf(owner: number): string {
    return this.#map.codes[owner];
  }

  /** Distinct origins of the visible prefixes of every country that is whole: once an hour, for it reads the whole table. */
  #countOrigins(at: UnixMillis, table: Table): void {
    const usable = families.map((_, family) => table.usability(family as FamilyIndex).kind === 'usable');
    if (!usable.includes(true)) return;
    this.#originsDueAt = at + originsEveryMs;
    for (const family of [0, 1] as const) {
      if (!usable[family]) continue;
      const origins = table.routes[family].visibleOrigins();
      for (const [owner, subject] of this.#countries.entries()) if (isWhole(subject, family)) subject.bins[family].setOrigins(origins.get(owner)?.size ?? 0);
      for (const { group, subject } of this.#groups) {
        if (isWhole(subject, family)) subject.bins[family].setOrigins(group.origins(family, (id) => table.routes[family].origins[id]));
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
