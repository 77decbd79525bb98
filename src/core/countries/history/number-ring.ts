/**
 * Whole numbers (uint32) in the order they came: the newest at the end, the oldest leave first. In one typed array, for
 * there are two weeks of bins of every country.
 */
export class NumberRing {
  #values = new Uint32Array(16);
  #first = 0;
  length = 0;

  /** The number at a place, 0 the oldest. */
  at(index: number): number {
    return this.#values[(this.#first + index) & (this.#values.length - 1)];
  }

  push(value: number): void {
    if (this.length === this.#values.length) this.#grow();
    this.#values[(this.#first + this.length++) & (this.#values.length - 1)] = value;
  }

  /** Takes the oldest out. */
  shift(): number {
    const value = this.at(0);
    this.#first = (this.#first + 1) & (this.#values.length - 1);
    this.length--;
    return value;
  }

  /** Adds to every number; none sinks below 0. */
  add(change: number): void {
    for (let index = 0; index < this.length; index++) {
      const place = (this.#first + index) & (this.#values.length - 1);
      this.#values[place] = Math.max(0, this.#values[place] + change);
    }
  }

  #grow(): void {
    const old = this.#values;
    const wider = new Uint32Array(old.length * 2);
    wider.set(old.subarray(this.#first));
    wider.set(old.subarray(0, this.#first), old.length - this.#first);
    this.#values = wider;
    this.#first = 0;
  }
}
