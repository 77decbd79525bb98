import type { UnixMillis } from '../../bgp/index.js';
import type { ClosedBin } from './bins.js';
import { NumberRing } from './number-ring.js';

/** Closed bins in their order, as columns. */
export class BinRing {
  /** In seconds. */
  readonly #at = new NumberRing();
  readonly #units = new NumberRing();
  readonly #prefixes = new NumberRing();

  get length(): number {
    return this.#at.length;
  }

  push({ at, units, prefixes }: ClosedBin): void {
    this.#at.push(at / 1000);
    this.#units.push(units);
    this.#prefixes.push(prefixes);
  }

  dropBefore(at: UnixMillis): void {
    while (this.length > 0 && this.at(0) < at)
      for (const column of [this.#at, this.#units, this.#prefixes]) column.shift();
  }

  /** Adds to the values of every bin; none sinks below 0. */
  add(units: number, prefixes: number): void {
    this.#units.add(units);
    this.#prefixes.add(prefixes);
  }

  at(index: number): UnixMillis {
    return this.#at.at(index) * 1000;
  }

  units(index: number): number {
    return this.#units.at(index);
  }

  bin(index: number): ClosedBin {
    return { at: this.at(index), units: this.units(index), prefixes: this.#prefixes.at(index) };
  }
}
