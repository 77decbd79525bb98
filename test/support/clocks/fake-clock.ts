import type { Clock } from '../../../src/edges/clock.js';
import { sleepWith } from './sleep.js';

interface Timer {
  readonly at: number;
  readonly order: number;
  readonly fn: () => void;
}

/**
 * A clock that stands still until it is told to move. Timers run in the order of their time (then of their making), and
 * `now` is each timer's own time while it runs.
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

  /** Resolves as soon as a timer of this length (in what is left of it) is pending: somebody waits. */
  async waiting(ms: number): Promise<void> {
    while (!this.pending.includes(ms)) await new Promise<void>((resolve) => this.#watchers.push(resolve));
  }

  /** Moves the clock at once; what timers started asynchronously has not run when this returns. */
  jump(ms: number): void {
    const target = this.#now + ms;
    for (let next = this.#next(target); next !== null; next = this.#next(target)) this.#fire(next);
    this.#now = target;
  }

  /**
   * Moves the clock and lets the event loop turn after every timer, so that what it set off (I/O on loopback aside) is
   * done.
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

  /** What timers see when the event loop stood still for so long: all that fell due run late, at the new time. */
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
