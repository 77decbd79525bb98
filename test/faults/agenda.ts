import { TimerHeap } from '../support/clocks/timer-heap.js';

/** Functions to call in the order of their times, then in the order in which they were added. Each may add more. */
export class Agenda {
  readonly #acts = new TimerHeap<() => void>();

  add(at: number, act: () => void): void {
    this.#acts.add(at, act);
  }

  /** Calls every function up to `to`. Later ones remain. */
  run(to: number): void {
    while (this.#acts.nextAt <= to) this.#acts.take()();
  }
}
