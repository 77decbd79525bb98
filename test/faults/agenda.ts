import { TimerHeap } from '../support/clocks/timer-heap.js';

/** Acts to be done in the order of their times (then of their making); each may add more. */
export class Agenda {
  readonly #acts = new TimerHeap<() => void>();

  add(at: number, act: () => void): void {
    this.#acts.add(at, act);
  }

  /** Does everything up to `to`; what is later stays undone. */
  run(to: number): void {
    while (this.#acts.nextAt <= to) this.#acts.take()();
  }
}
