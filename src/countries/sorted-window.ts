/** The newest `capacity` values, kept in order of time and in order of size, so that their median costs nothing to read. */
export class SortedWindow {
  readonly #capacity: number;
  readonly #values: number[] = [];
  readonly #times: number[] = [];
  readonly #sorted: number[] = [];

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get length(): number {
    return this.#values.length;
  }

  push(at: number, value: number): void {
    this.#values.push(value);
    this.#times.push(at);
    this.#sorted.splice(this.#position(value), 0, value);
    if (this.#values.length > this.#capacity) this.#dropOldest();
  }

  dropBefore(at: number): void {
    while (this.#times.length > 0 && this.#times[0] < at) this.#dropOldest();
  }

  /** The lower of two middles; 0 while empty. */
  median(): number {
    return this.#sorted[(this.#sorted.length - 1) >> 1] ?? 0;
  }

  /** The newest `count` values, oldest first. */
  newest(count: number): number[] {
    return this.#values.slice(-count);
  }

  #dropOldest(): void {
    this.#times.shift();
    this.#sorted.splice(this.#position(this.#values.shift()!), 1);
  }

  /** Of the first value that is not smaller, by bisection. */
  #position(value: number): number {
    let low = 0;
    let high = this.#sorted.length;
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
