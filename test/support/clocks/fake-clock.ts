import type { Clock } from '../../../src/edges/clock.js';
import { heldInTime } from '../in-time.js';
import { sleepWith } from './sleep.js';

interface Timer {
  readonly at: number;
  readonly order: number;
  readonly fn: () => void;
}

/**
 * A clock that stands still until the test moves it. Timers run in the order of their times, and then in the order in
 * which they were set. While a timer runs, `now` is the time it was set for.
 */
export class FakeClock implements Clock {
  #now: number;
  #order = 0;
  readonly #timers = new Set<Timer>();
  #watchers: (() => void)[] = [];

  constructor(now = Date.UTC(2024, 0, 1)) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  after(ms: number, fn: () => void): () => void {
    const timer = { at: this.#now + Math.max(0, ms), order: this.#order++, fn };
    this.#timers.add(timer);
    const watchers = this.#watchers;
    this.#watchers = [];
    for (const watcher of watchers) watcher();
    return () => {
      this.#timers.delete(timer);
    };
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return sleepWith((wait, fn) => this.after(wait, fn))(ms, signal);
  }

  /** Milliseconds until each pending timer, soonest first. */
  get pending(): number[] {
    return [...this.#timers].map((timer) => timer.at - this.#now).sort((a, b) => a - b);
  }

  /** Resolves as soon as a timer with exactly this much left is pending: the code under test waits. */
  async waiting(ms: number): Promise<void> {
    await heldInTime(
      () => this.pending.includes(ms),
      () => new Promise<void>((resolve) => this.#watchers.push(resolve)),
      () => `a timer with ${ms} ms left; there are timers with ${this.pending.join(', ')} ms`,
    );
  }

  /**
   * Moves the clock without letting the event loop turn: promises that the timers settled have not run yet on return.
   */
  jump(ms: number): void {
    const target = this.#now + ms;
    for (let next = this.#next(target); next !== null; next = this.#next(target)) this.#fire(next);
    this.#now = target;
  }

  /**
   * Moves the clock and lets the event loop turn after every timer, so that promises which the timer settled have run.
   * I/O, even on loopback, may still be under way.
   */
  async advance(ms: number): Promise<void> {
    const target = this.#now + ms;
    for (let next = this.#next(target); next !== null; next = this.#next(target)) {
      this.#fire(next);
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    this.#now = target;
    await new Promise<void>((resolve) => setImmediate(resolve));
  }

  /**
   * What timers see when the event loop was blocked for `ms`: all that fell due in that time run late, at the new time.
   */
  stall(ms: number): void {
    const late = this.#now + ms;
    this.#now = late;
    for (let next = this.#next(late); next !== null; next = this.#next(late)) this.#fire(next);
  }

  #fire(timer: Timer): void {
    this.#timers.delete(timer);
    this.#now = Math.max(this.#now, timer.at);
    timer.fn();
  }

  #next(until: number): Timer | null {
    let next: Timer | null = null;
    for (const timer of this.#timers) {
      if (
        timer.at <= until &&
        (next === null || timer.at < next.at || (timer.at === next.at && timer.order < next.order))
      )
        next = timer;
    }
    return next;
  }
}
