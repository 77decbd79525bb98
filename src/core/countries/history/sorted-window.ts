import { NumberRing } from './number-ring.js';

/**
 * The newest `capacity` values (uint32), kept in order of time and in order of size, so that their median costs nothing
 * to read.
 */
export class SortedWindow {
  readonly #capacity: number;
  readonly #values = new NumberRing();
  /** In seconds. */
  readonly #times = new NumberRing();
  /** The first `length` are in use. */
  #sorted = new Uint32Array(16);

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get length(): number {
    return this.#values.length;
  }

  push(at: number, value: number): void {
    const { length } = this;
    if (length === this.#sorted.length) {
      const wider = new Uint32Array(length * 2);
      wider.set(this.#sorted);
      this.#sorted = wider;
    }
    const position = this.#position(value);
    this.#sorted.copyWithin(position + 1, position, length);
    this.#sorted[position] = value;
    this.#values.push(value);
    this.#times.push(at / 1000);
    if (this.#values.length > this.#capacity) this.#dropOldest();
  }

  dropBefore(at: number): void {
    while (this.#times.length > 0 && this.#times.at(0) * 1000 < at) this.#dropOldest();
  }

  /** Adds to every value; none sinks below 0, so their order stands. */
  add(change: number): void {
    this.#values.add(change);
    for (let position = 0; position < this.length; position++)
      this.#sorted[position] = Math.max(0, this.#sorted[position] + change);
  }

  /** The lower of two middles; 0 while empty. */
  median(): number {
    return this.length === 0 ? 0 : this.#sorted[(this.length - 1) >> 1];
  }

  /** The newest `count` values, oldest first. */
  newest(count: number): number[] {
    const first = Math.max(0, this.length - count);
    return Array.from({ length: this.length - first }, (_, index) => this.#values.at(first + index));
  }

  #dropOldest(): void {
    const position = this.#position(this.#values.at(0));
    this.#sorted.copyWithin(position, position + 1, this.length);
    this.#values.shift();
    this.#times.shift();
  }

  /** Of the first value that is not smaller, by bisection. */
  #position(value: number): number {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#sorted[middle] < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** The lower of two middles. */
export function medianOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[(values.length - 1) >> 1];
}
