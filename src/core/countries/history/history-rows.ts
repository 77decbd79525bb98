import type { FamilyIndex, UnixMillis } from '../../bgp/index.js';
import type { ClosedBin } from './bins.js';
import { binMs } from '../settings.js';
import { minuteMs } from '../../time.js';

/** A value that was not measured. */
export const unknownValue = 0xffffffff;

/** The eight values of a row, in this order, each a uint32. */
export const rowValues = [
  'units4',
  'prefixes4',
  'voters4',
  'churn4',
  'units6',
  'prefixes6',
  'voters6',
  'churn6',
] as const;

export type Resolution = 'minute' | 'bin';
const noRows: readonly HistoryRow[] = [];

/** One row of a country's history, as it is stored. */
export interface HistoryRow {
  readonly country: string;
  readonly resolution: Resolution;
  /** Start of the minute or bin: a multiple of its length. */
  readonly at: UnixMillis;
  /** In the order of rowValues; `unknownValue` where nothing was measured. */
  readonly values: Uint32Array;
}

/** What one tick measured of one family. */
export interface Measured {
  readonly at: UnixMillis;
  readonly usable: boolean;
  readonly units: number;
  readonly prefixes: number;
  readonly voters: number;
  /** Bits flipped by voters since the start. */
  readonly churn: number;
  /** The bin that this tick closed. */
  readonly closed: ClosedBin | null;
}

/** Makes the rows: a minute's is its last usable tick, a bin's the bin's medians. */
export class HistoryRows {
  readonly #country: string;
  #minute: { readonly at: UnixMillis; readonly values: Uint32Array } | null = null;
  #ended: HistoryRow[] = [];
  #bin: HistoryRow | null = null;
  readonly #churnAtMinute = [0, 0];
  readonly #churnAtBin = [0, 0];
  /** As of the last tick: in all, and in its bin. */
  readonly #churnNow = [0, 0];
  readonly #churnInBin = [0, 0];
  /** At the last usable tick. */
  readonly #votersBefore = [0, 0];
  #binAt = -Infinity;
  /** A row of nothing, for the next minute. */
  #spare: Uint32Array | null = null;

  constructor(country: string) {
    this.#country = country;
  }

  measure(family: FamilyIndex, measured: Measured): void {
    this.#turn(measured.at);
    const { closed, churn } = measured;
    const column = family * 4;
    if (closed !== null) {
      this.#bin ??= { country: this.#country, resolution: 'bin', at: closed.at, values: unknownRow() };
      write(
        this.#bin.values,
        column,
        closed.units,
        closed.prefixes,
        this.#votersBefore[family],
        this.#churnInBin[family],
      );
    }
    if (measured.usable) {
      this.#votersBefore[family] = measured.voters;
      if (this.#minute !== null)
        write(
          this.#minute.values,
          column,
          measured.units,
          measured.prefixes,
          measured.voters,
          churn - this.#churnAtMinute[family],
        );
    }
    this.#churnInBin[family] = churn - this.#churnAtBin[family];
    this.#churnNow[family] = churn;
  }

  /** Hands over the rows that are complete. */
  take(): readonly HistoryRow[] {
    if (this.#bin !== null) this.#ended.push(this.#bin);
    if (this.#ended.length === 0) return noRows;
    const rows = this.#ended;
    this.#ended = [];
    this.#bin = null;
    return rows;
  }

  /** Nobody wants the rows that are complete: their memory is used again. */
  drop(): void {
    this.#spare = this.#ended.pop()?.values.fill(unknownValue) ?? this.#spare;
    this.#ended.length = 0;
    this.#bin = null;
  }

  #turn(at: UnixMillis): void {
    const minuteAt = at - (at % minuteMs);
    if (this.#minute?.at === minuteAt) return;
    if (this.#minute !== null)
      this.#ended.push({
        country: this.#country,
        resolution: 'minute',
        at: this.#minute.at,
        values: this.#minute.values,
      });
    this.#minute = { at: minuteAt, values: this.#spare ?? unknownRow() };
    this.#spare = null;
    for (const family of [0, 1] as const) this.#churnAtMinute[family] = this.#churnNow[family];
    const binAt = at - (at % binMs);
    if (binAt === this.#binAt) return;
    this.#binAt = binAt;
    for (const family of [0, 1] as const) this.#churnAtBin[family] = this.#churnNow[family];
  }
}

function unknownRow(): Uint32Array {
  return new Uint32Array(rowValues.length).fill(unknownValue);
}

function write(row: Uint32Array, column: number, units: number, prefixes: number, voters: number, churn: number): void {
  row[column] = units;
  row[column + 1] = prefixes;
  row[column + 2] = voters;
  row[column + 3] = churn;
}
