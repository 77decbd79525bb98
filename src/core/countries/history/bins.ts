import type { UnixMillis } from '../../bgp/index.js';
import type { BaselineState, Shift } from './baseline-state.js';
import { BinRing } from './bin-ring.js';
import type { Baseline, BinShares } from '../units/sample.js';
import { binMs, type CountriesSettings } from '../settings.js';
import { medianOf, SortedWindow } from './sorted-window.js';

/** How long bins are kept for `spread`: what the longest rule reads, and an hour. */
const sharesKeptMs = 14 * 86_400_000 + 3_600_000;
/** `spread` needs this share of a time's bins. */
const spreadCover = 0.8;

/** A closed bin: medians of its ticks. */
export interface ClosedBin {
  readonly at: UnixMillis;
  readonly units: number;
  readonly prefixes: number;
}

export const emptyBaselineState: BaselineState = { floor: null, origins: 0, frozen: [], shifts: [] };

/** One country's and family's 5-minute bins, and the baseline made of the quiet ones. */
export class Bins implements BinShares {
  readonly #settings: CountriesSettings;
  #state: BaselineState = emptyBaselineState;
  #binAt: UnixMillis = -Infinity;
  #tickAt: UnixMillis = -Infinity;
  #units: number[] = [];
  #prefixes: number[] = [];
  /** A freeze fell into the bin that is open. */
  #disturbed = false;
  #measured = false;
  readonly #quietUnits: SortedWindow;
  readonly #quietPrefixes: SortedWindow;
  readonly #recent = new BinRing();
  #baseline: Baseline | null = null;

  constructor(settings: CountriesSettings) {
    this.#settings = settings;
    this.#quietUnits = new SortedWindow(settings.baselineBins);
    this.#quietPrefixes = new SortedWindow(settings.baselineBins);
  }

  get state(): BaselineState {
    return this.#state;
  }

  get baseline(): Baseline | null {
    return this.#baseline;
  }

  /** Takes over what was stored; `bins` oldest first. */
  restore(state: BaselineState, bins: Iterable<ClosedBin>): void {
    this.#state = state;
    for (const stored of bins) {
      const bin = shifted(stored, state.shifts);
      this.#keep(bin);
      if (!state.frozen.some(({ from, to }) => bin.at + binMs > from && (to === null || bin.at < to)))
        this.#keepQuiet(bin);
    }
    this.#reckon();
  }

  /** One usable tick. Returns the bin that it closed, if it had enough ticks. */
  tick(at: UnixMillis, units: number, prefixes: number): ClosedBin | null {
    const closed = this.close(at);
    this.#tickAt = at;
    this.#units.push(units);
    this.#prefixes.push(prefixes);
    if (!this.#measured) {
      this.#measured = true;
      this.#raiseFloor(units, prefixes);
      this.#reckon();
    }
    return closed;
  }

  /** Closes the open bin if `at` lies beyond it. */
  close(at: UnixMillis): ClosedBin | null {
    const binAt = at - (at % binMs);
    if (binAt === this.#binAt) return null;
    const ticks = this.#units.length;
    const bin =
      ticks >= this.#settings.binTicks
        ? { at: this.#binAt, units: medianOf(this.#units), prefixes: medianOf(this.#prefixes) }
        : null;
    if (bin !== null) {
      this.#keep(bin);
      if (!this.#disturbed) {
        this.#keepQuiet(bin);
        this.#learnFloor();
      }
      this.#reckon();
    }
    this.#binAt = binAt;
    this.#units = [];
    this.#prefixes = [];
    this.#disturbed = this.isFrozen;
    return bin;
  }

  /** Stops the baseline where it stands, or lets it move again. */
  freeze(frozen: boolean, at: UnixMillis): void {
    if (frozen === this.isFrozen) return;
    const { frozen: spans } = this.#state;
    const oldest = at - this.#settings.baselineAgeMs;
    const kept = spans.filter(({ to }) => to === null || to > oldest);
    if (frozen) this.#disturbed = true;
    this.#state = {
      ...this.#state,
      frozen: frozen
        ? [...kept, { from: at, to: null }]
        : kept.map((span) => (span.to === null ? { ...span, to: at } : span)),
    };
  }

  /**
   * From here on the registry gives the country so much more, or less: all that was measured becomes what it would have
   * been. `at`: no earlier than the last tick. `measured`: how far what is visible now moves, where that is another
   * number.
   */
  shift(at: UnixMillis, dS: number, dN: number, measured = { units: dS, prefixes: dN }): void {
    this.#units = this.#units.map((units) => Math.max(0, units + measured.units));
    this.#prefixes = this.#prefixes.map((prefixes) => Math.max(0, prefixes + measured.prefixes));
    if (dS === 0 && dN === 0) return;
    const { floor, shifts } = this.#state;
    const oldest = at - this.#settings.baselineAgeMs;
    // The ticks of the open bin are shifted too, so it will be stored as the new registry measures it.
    const from = this.#binAt === -Infinity ? at - (at % binMs) : this.#binAt;
    this.#state = {
      ...this.#state,
      floor:
        floor === null ? null : { units: Math.max(0, floor.units + dS), prefixes: Math.max(0, floor.prefixes + dN) },
      shifts: [...shifts.filter((shift) => shift.at > oldest), { at: from, dS, dN }],
    };
    this.#quietUnits.add(dS);
    this.#quietPrefixes.add(dN);
    this.#recent.add(dS, dN);
    this.#reckon();
  }

  /** What was measured since `from` is the new normal: it becomes the baseline, and nothing older counts. */
  adopt(from: UnixMillis): void {
    // Said in the state as well, or the next restart would find the old bins again.
    const frozen = [{ from: 0, to: from }];
    this.#state = { ...this.#state, frozen, floor: { units: 0, prefixes: 0 } };
    this.#quietUnits.dropBefore(Infinity);
    this.#quietPrefixes.dropBefore(Infinity);
    for (let index = 0; index < this.#recent.length; index++)
      if (this.#recent.at(index) >= from) this.#keepQuiet(this.#recent.bin(index));
    this.#learnFloor();
    this.#disturbed = true;
    this.#reckon();
  }

  setOrigins(origins: number): void {
    if (origins === this.#state.origins) return;
    this.#state = { ...this.#state, origins };
    this.#reckon();
  }

  spread(ms: number): number | null {
    const units = this.#baseline?.units ?? 0;
    if (units === 0) return null;
    // A history that began later does not cover it, however full.
    if (this.#recent.length === 0 || this.#recent.at(0) > this.#tickAt - ms + 2 * binMs) return null;
    let bins = 0;
    let lowest = Infinity;
    let highest = -Infinity;
    for (let index = this.#recent.length - 1; index >= 0 && this.#recent.at(index) >= this.#tickAt - ms; index--) {
      lowest = Math.min(lowest, this.#recent.units(index));
      highest = Math.max(highest, this.#recent.units(index));
      bins++;
    }
    return bins < spreadCover * Math.floor(ms / binMs) ? null : (highest - lowest) / units;
  }

  get isFrozen(): boolean {
    return this.#state.frozen.at(-1)?.to === null;
  }

  #keep(bin: ClosedBin): void {
    this.#recent.push(bin);
    this.#recent.dropBefore(bin.at - sharesKeptMs);
  }

  #keepQuiet(bin: ClosedBin): void {
    for (const [window, value] of [
      [this.#quietUnits, bin.units],
      [this.#quietPrefixes, bin.prefixes],
    ] as const) {
      window.push(bin.at, value);
      window.dropBefore(bin.at - this.#settings.baselineAgeMs);
    }
  }

  #isProvisional(): boolean {
    return this.#quietUnits.length < this.#settings.provisionalBins;
  }

  #learnFloor(): void {
    const { provisionalMedianBins } = this.#settings;
    if (!this.#isProvisional() || this.#quietUnits.length < provisionalMedianBins) return;
    this.#raiseFloor(
      medianOf(this.#quietUnits.newest(provisionalMedianBins)),
      medianOf(this.#quietPrefixes.newest(provisionalMedianBins)),
    );
  }

  #raiseFloor(units: number, prefixes: number): void {
    const { floor } = this.#state;
    if (floor !== null && floor.units >= units && floor.prefixes >= prefixes) return;
    this.#state = {
      ...this.#state,
      floor: { units: Math.max(floor?.units ?? 0, units), prefixes: Math.max(floor?.prefixes ?? 0, prefixes) },
    };
  }

  #reckon(): void {
    const { floor, origins } = this.#state;
    if (floor === null) return;
    const provisional = this.#isProvisional();
    const units = provisional ? floor.units : this.#quietUnits.median();
    const prefixes = provisional ? floor.prefixes : this.#quietPrefixes.median();
    const old = this.#baseline;
    if (old?.units === units && old.prefixes === prefixes && old.origins === origins && old.provisional === provisional)
      return;
    this.#baseline = { units, prefixes, origins, provisional };
  }
}

/** A stored bin as the present registry would have measured it. */
function shifted({ at, units, prefixes }: ClosedBin, shifts: readonly Shift[]): ClosedBin {
  let bin: ClosedBin = { at, units, prefixes };
  for (const shift of shifts)
    if (at < shift.at)
      bin = { at, units: Math.max(0, bin.units + shift.dS), prefixes: Math.max(0, bin.prefixes + shift.dN) };
  return bin;
}
