import { families, type FamilyIndex, type UnixMillis } from '../bgp/index.js';
import type { Usability } from '../table/index.js';
import { Bins } from './history/bins.js';
import { HistoryRows, type HistoryRow } from './history/history-rows.js';
import type { CountrySample } from './units/sample.js';
import type { CountriesSettings } from './settings.js';

/** Where a subject's numbers come from: S, N, and the bits flipped by voters since the start. */
export interface Measures {
  units(family: FamilyIndex): number;
  prefixes(family: FamilyIndex): number;
  churn(family: FamilyIndex): number;
}

/** S and N. */
export interface Size {
  readonly units: number;
  readonly prefixes: number;
}

const noFlips: readonly number[] = [];
const noRows: readonly HistoryRow[] = [];

/** A country or a group: what is judged. */
export class Subject {
  readonly code: string;
  /** A group's name; null for a country, whose name the program knows. */
  readonly label: string | null;
  readonly bins: readonly [Bins, Bins];
  readonly #measures: Measures;
  readonly #rows: HistoryRows;
  readonly #flipUnits: number;
  /**
   * Whether single flips are kept. Not before a usable tick: the verdicts made by a load, or after too few voted, are
   * no flips.
   */
  readonly #small = [false, false];
  /** Prefixes whose verdict differs from the last tick's, by code. */
  readonly #flipped: readonly [Set<number>, Set<number>] = [new Set(), new Set()];
  readonly #tickFlips: [readonly number[], readonly number[]] = [noFlips, noFlips];

  constructor(code: string, label: string | null, settings: CountriesSettings, measures: Measures) {
    this.code = code;
    this.label = label;
    this.bins = [new Bins(settings), new Bins(settings)];
    this.#rows = new HistoryRows(code);
    this.#flipUnits = settings.flipUnits;
    this.#measures = measures;
  }

  flip(family: FamilyIndex, code: number): void {
    if (!this.#small[family]) return;
    const flipped = this.#flipped[family];
    if (!flipped.delete(code)) flipped.add(code);
  }

  tick(at: UnixMillis, usable: readonly [Usability, Usability]): void {
    for (const family of [0, 1] as const) {
      const bins = this.bins[family];
      const { kind, voters } = usable[family];
      const units = this.#measures.units(family);
      const prefixes = this.#measures.prefixes(family);
      const closed = kind === 'usable' ? bins.tick(at, units, prefixes) : bins.close(at);
      this.#rows.measure(family, {
        at,
        usable: kind === 'usable',
        units,
        prefixes,
        voters,
        churn: this.#measures.churn(family),
        closed,
      });
      this.#small[family] = kind === 'usable' && this.#baseUnits(family) <= this.#flipUnits;
      const flipped = this.#flipped[family];
      this.#tickFlips[family] = flipped.size === 0 ? noFlips : [...flipped];
      flipped.clear();
    }
  }

  /** History rows that the last tick completed. Many codes of the registry hold nothing at all: they have none. */
  takeRows(): readonly HistoryRow[] {
    if (this.#baseUnits(0) + this.#baseUnits(1) > 0) return this.#rows.take();
    this.#rows.drop();
    return noRows;
  }

  /** Whether there is, or ever was, anything to judge. */
  exists(family: FamilyIndex): boolean {
    return this.#measures.units(family) > 0 || this.#baseUnits(family) > 0;
  }

  units(family: FamilyIndex): number {
    return this.#measures.units(family);
  }

  prefixes(family: FamilyIndex): number {
    return this.#measures.prefixes(family);
  }

  /** What it has now, by family. */
  size(): readonly [Size, Size] {
    const of = (family: FamilyIndex): Size => ({
      units: this.#measures.units(family),
      prefixes: this.#measures.prefixes(family),
    });
    return [of(0), of(1)];
  }

  /**
   * Another registry gives it more or less than it had `before`: its past moves as far. In an incident most of it is
   * dark, and as far as it is known (`whole`) its past moves with what it had when it was whole.
   */
  shift(
    family: FamilyIndex,
    at: UnixMillis,
    before: Size,
    whole: { readonly before: Size; readonly after: Size } | null,
  ): void {
    const bins = this.bins[family];
    const after: Size = { units: this.#measures.units(family), prefixes: this.#measures.prefixes(family) };
    const of = (what: keyof Size): number => {
      return whole === null
        ? shiftOf(before[what], after[what], bins.baseline?.[what] ?? 0, bins.isFrozen)
        : whole.after[what] - whole.before[what];
    };
    bins.shift(at, of('units'), of('prefixes'), {
      units: after.units - before.units,
      prefixes: after.prefixes - before.prefixes,
    });
  }

  /** As of the last tick. */
  sample(family: FamilyIndex, at: UnixMillis, { kind, voters, collectors }: Usability): CountrySample {
    const bins = this.bins[family];
    return {
      country: this.code,
      label: this.label,
      family: families[family],
      at,
      usable: kind === 'usable',
      units: this.#measures.units(family),
      prefixes: this.#measures.prefixes(family),
      baseline: bins.baseline,
      flipped: this.#tickFlips[family],
      shares: bins,
      voters,
      collectors,
    };
  }

  #baseUnits(family: FamilyIndex): number {
    return this.bins[family].baseline?.units ?? 0;
  }
}

/**
 * How far a baseline moves when a registry makes `after` of `before`: as far. But of what is missing at an ordinary
 * time nobody knows whether it was among what was taken away, and a registry must not make a share sink; then the share
 * stays.
 */
function shiftOf(before: number, after: number, base: number, isFrozen: boolean): number {
  if (isFrozen || after >= before || before >= base) return after - before;
  return Math.floor((after * base) / before) - base;
}
