import type { Counter } from '../../../edges/observability/index.js';

/** Carries running counters of a part that may be made anew over to metrics, which outlive it. */
export class CarriedCounters {
  /** How much of each was carried over, by its labels. */
  readonly #carried = new Map<object, Map<string, number>>();

  /** `count`: the part's counter now. */
  carry<L extends string>(counter: Counter<L>, labels: Record<L, string>, count: number): void {
    const carried = this.#carried.get(counter) ?? new Map<string, number>();
    const key = Object.values(labels).join();
    const before = carried.get(key) ?? 0;
    if (count > before) counter.inc(labels, count - before);
    this.#carried.set(counter, carried.set(key, count));
  }
}
