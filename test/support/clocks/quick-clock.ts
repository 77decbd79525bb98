import type { Clock } from '../../../src/edges/clock.js';
import { sleepWith } from './sleep.js';
import { TimerHeap } from './timer-heap.js';

interface Timer {
  /** null: cancelled. */
  fn: (() => void) | null;
}

/**
 * A clock for many virtual hours: it jumps from timer to timer, all of one instant at once, and lets what they set off
 * settle (of itself promises alone, no I/O) before it goes on.
 */
export class QuickClock {
  #now: number;
  readonly #settle: () => Promise<void>;
  readonly #timers = new TimerHeap<Timer>();

  /** `settle` resolves when what timers set off is done. */
  constructor(now: number, settle = settled) {
    this.#now = now;
    this.#settle = settle;
  }

  now(): number {
    return this.#now;
  }

  /** A clock whose timers never run again once `dead` says so: that of a process that may be killed. */
  mortal(dead: () => boolean): Clock {
    const after = (ms: number, fn: () => void): (() => void) =>
      this.#after(ms, () => {
        if (!dead()) fn();
      });
    return { now: () => this.#now, after, sleep: sleepWith(after) };
  }

  /** Goes on without letting anything settle, where no timer falls due until then; whether it could. */
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
