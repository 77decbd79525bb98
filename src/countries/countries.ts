import { families, type FamilyIndex, type UnixMillis } from '../bgp/index.js';
import type { Table, VerdictSink } from '../table/index.js';
import type { BaselineState } from './baseline-state.js';
import { Bins, emptyBaselineState, type ClosedBin } from './bins.js';
import { HistoryRows, type HistoryRow } from './history-rows.js';
import type { CountryMap } from './registry.js';
import type { CountrySample } from './sample.js';
import type { CountriesSettings } from './settings.js';
import { UnitsV4 } from './units-v4.js';
import { UnitsV6 } from './units-v6.js';

const originsEveryMs = 3_600_000;
/** A country is whole from this share on, for what is remembered as "before". */
const wholeShare = 0.95;

interface Subject {
  readonly code: string;
  readonly flipUnits: number;
  readonly bins: readonly [Bins, Bins];
  readonly rows: HistoryRows;
}

/** How much of every country is visible, and how much there was before. */
export class Countries implements VerdictSink {
  readonly #map: CountryMap;
  readonly #units: readonly [UnitsV4, UnitsV6];
  /** N by country number. */
  readonly #prefixes: readonly [Uint32Array, Uint32Array];
  /** By country number; [0], the space of no country, is null. */
  readonly #subjects: readonly (Subject | null)[];
  /** Where single flips are kept, by country number: 1 is yes. None before the first tick, for the verdicts made by the load are no flips. */
  readonly #small: readonly [Uint8Array, Uint8Array];
  /** Prefixes of small countries whose verdict differs from the last tick's: code -> country number. */
  readonly #flipped: readonly [Map<number, number>, Map<number, number>] = [new Map(), new Map()];
  #tickFlips: readonly [Map<number, number[]>, Map<number, number[]>] = [new Map(), new Map()];
  #originsDueAt = -Infinity;
  #rows: HistoryRow[] = [];
  #at: UnixMillis = -Infinity;

  constructor(map: CountryMap, settingsOf: (country: string) => CountriesSettings) {
    this.#map = map;
    this.#units = [new UnitsV4(map), new UnitsV6(map)];
    const count = map.codes.length;
    this.#prefixes = [new Uint32Array(count), new Uint32Array(count)];
    this.#small = [new Uint8Array(count), new Uint8Array(count)];
    this.#subjects = map.codes.map((code) => {
      if (code === '') return null;
      const settings = settingsOf(code);
      return { code, flipUnits: settings.flipUnits, bins: [new Bins(settings), new Bins(settings)] as const, rows: new HistoryRows(code, settings.binMs) };
    });
  }

  /** Codes of all countries, in their order. */
  get codes(): readonly string[] {
    return this.#map.codes.slice(1);
  }

  added(family: FamilyIndex, id: number, code: number): number {
    return family === 0 ? this.#units[0].owner(code) : this.#units[1].add(id, code);
  }

  flipped(family: FamilyIndex, id: number, code: number, owner: number, up: boolean): void {
    this.#prefixes[family][owner] += up ? 1 : -1;
    if (family === 0) this.#units[0].flip(code, up);
    else this.#units[1].flip(id, up);
    if (this.#small[family][owner] === 0) return;
    const flips = this.#flipped[family];
    if (!flips.delete(code)) flips.set(code, owner);
  }

  /** Takes over what was stored of a country; bins oldest first. */
  restore(country: string, family: FamilyIndex, state: BaselineState, bins: readonly ClosedBin[]): void {
    this.#subject(country)?.bins[family].restore(state, bins);
  }

  /** Measures every country. */
  tick(at: UnixMillis, table: Table): void {
    this.#at = at;
    this.#rows = [];
    this.#collectFlips();
    const usable = [table.usability(0), table.usability(1)] as const;
    this.#subjects.forEach((subject, number) => {
      if (subject === null) return;
      for (const family of [0, 1] as const) {
        const units = this.#units[family].totals[number];
        const prefixes = this.#prefixes[family][number];
        const churn = table.routes[family].churn[number];
        const bins = subject.bins[family];
        const isUsable = usable[family].kind === 'usable';
        const closed = isUsable ? bins.tick(at, units, prefixes) : bins.close(at);
        subject.rows.measure(family, { at, usable: isUsable, units, prefixes, voters: usable[family].voters, churn, closed });
        this.#small[family][number] = (bins.baseline?.units ?? 0) <= subject.flipUnits ? 1 : 0;
      }
      // Many codes of the registry hold nothing at all: they have no history.
      const rows = subject.rows.take();
      if (subject.bins.some((bins) => (bins.baseline?.units ?? 0) > 0)) this.#rows.push(...rows);
    });
    if (at >= this.#originsDueAt) this.#countOrigins(at, table);
  }

  /** History rows that the last tick completed. */
  get completedRows(): readonly HistoryRow[] {
    return this.#rows;
  }

  /** What the detector judges, as of the last tick; null for a country that never had anything in this family. */
  sample(country: string, family: FamilyIndex, table: Table): CountrySample | null {
    const number = this.#number(country);
    const subject = this.#subjects[number];
    if (subject === null) return null;
    const bins = subject.bins[family];
    const units = this.#units[family].totals[number];
    if (units === 0 && (bins.baseline?.units ?? 0) === 0) return null;
    const usability = table.usability(family);
    return {
      country,
      family: families[family],
      at: this.#at,
      usable: usability.kind === 'usable',
      units,
      prefixes: this.#prefixes[family][number],
      baseline: bins.baseline,
      flipped: this.#tickFlips[family].get(number) ?? [],
      shares: bins,
      voters: usability.voters,
      collectors: usability.collectors,
    };
  }

  /** A sample for a family in which the country has nothing: not judged. */
  emptySample(country: string, family: FamilyIndex, table: Table): CountrySample {
    const usability = table.usability(family);
    return {
      country, family: families[family], at: this.#at, usable: usability.kind === 'usable', units: 0, prefixes: 0, baseline: null,
      flipped: [], shares: { spread: () => null }, voters: usability.voters, collectors: usability.collectors,
    };
  }

  /** S as it is now, between ticks. */
  unitsOf(country: string, family: FamilyIndex): number {
    return this.#units[family].totals[this.#number(country)];
  }

  freeze(country: string, family: FamilyIndex, frozen: boolean, at: UnixMillis): void {
    this.#subject(country)?.bins[family].freeze(frozen, at);
  }

  adopt(country: string, family: FamilyIndex, from: UnixMillis): void {
    this.#subject(country)?.bins[family].adopt(from);
  }

  baselineState(country: string, family: FamilyIndex): BaselineState {
    return this.#subject(country)?.bins[family].state ?? emptyBaselineState;
  }

  /** The country that owns a prefix, by its sentinel code: for the load, not for the hot path. */
  codeOf(owner: number): string {
    return this.#map.codes[owner];
  }

  #collectFlips(): void {
    const collected = [new Map<number, number[]>(), new Map<number, number[]>()] as const;
    for (const family of [0, 1] as const) {
      for (const [code, owner] of this.#flipped[family]) {
        const flips = collected[family].get(owner);
        if (flips === undefined) collected[family].set(owner, [code]);
        else flips.push(code);
      }
      this.#flipped[family].clear();
    }
    this.#tickFlips = collected;
  }

  /** Distinct origins of the visible prefixes of every country that is whole: once an hour, for it reads the whole table. */
  #countOrigins(at: UnixMillis, table: Table): void {
    const usable = families.map((_, family) => table.usability(family as FamilyIndex).kind === 'usable');
    if (!usable.includes(true)) return;
    this.#originsDueAt = at + originsEveryMs;
    for (const family of [0, 1] as const) {
      if (!usable[family]) continue;
      const origins = table.routes[family].visibleOrigins();
      this.#subjects.forEach((subject, number) => {
        const bins = subject?.bins[family];
        if (bins === undefined || bins.baseline === null) return;
        if (this.#units[family].totals[number] < wholeShare * bins.baseline.units || bins.isFrozen) return;
        bins.setOrigins(origins.get(number)?.size ?? 0);
      });
    }
  }

  #number(country: string): number {
    return this.#map.codes.indexOf(country);
  }

  #subject(country: string): Subject | null {
    return this.#subjects[this.#number(country)] ?? null;
  }
}
