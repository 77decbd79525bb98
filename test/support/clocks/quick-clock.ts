import type { Clock } from '../../../src/edges/clock.js';
import { sleepWith } from './sleep.js';
import { TimerHeap } from './timer-heap.js';

interface Timer {
  /** null: the timer was cancelled. */
  fn: (() => void) | null;
}

/**
 * A clock for many virtual hours: it jumps from timer to timer, runs all timers of one instant together, and waits
 * until what they set off has settled. By default it waits for promises alone, not for I/O.
 */
export class QuickClock {
  #now: number;
  readonly #settle: () => Promise<void>;
  readonly #timers = new TimerHeap<Timer>();

  /** `settle` resolves when everything that the timers set off is done. */
  constructor(now: number, settle = settled) {
    this.#now = now;
    this.#settle = settle;
  }

  now(): number {
    return this.#now;
  }

  /** A clock for a process that may be killed: once `dead` returns true, none of its timers runs. */
  mortal(dead: () => boolean): Clock {
    const after = (ms: number, fn: () => void): (() => void) =>
      this.#after(ms, () => {
        if (!dead()) fn();
      });
    return { now: () => this.#now, after, sleep: sleepWith(after) };
  }

  /** Moves the clock if no timer falls due before `target`; returns whether it did. Lets nothing settle. */
  skipTo(target: number): boolean {
    if (this.#timers.nextAt <= target) return false;
    this.#now = Math.max(this.#now, target);
    return true;
  }

  async runUntil(target: number): Promise<void> {
    await this.#settle();
    while (this.#timers.nextAt <= target) {
      const at = this.#timers.nextAt;
      this.#now = Math.max(this.#now, at);
      let ran = false;
      while (this.#timers.nextAt <= at) {
        const { fn } = this.#timers.take();
        ran ||= fn !== null;
        fn?.();
      }
      if (ran) await this.#settle();
    }
    this.#now = Math.max(this.#now, target);
  }

  #after(ms: number, fn: () => void): () => void {
    const timer: Timer = { fn };
    this.#timers.add(this.#now + Math.max(0, ms), timer);
    return () => {
      timer.fn = null;
    };
  }
}

function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
