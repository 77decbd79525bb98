import type { Clock } from '../../../src/edges/clock.js';
import { sleepWith } from './sleep.js';

/** The most real time that one step counts: a machine that was paused must not look like minutes of silence. */
const longestStepMs = 2;
/**
 * After this many steps in which nothing fell due the next may leap. While real work is under way none may: a machine
 * that is slow to answer must not look like hours of silence. If that takes minutes of real time, the work is stuck.
 */
const stillSteps = { idle: 4, busy: 60_000 } as const;

interface Timer {
  readonly at: number;
  readonly order: number;
  readonly fn: () => void;
}

/**
 * A clock for hours of tests over real sockets: it runs `times` as fast as real time while something happens, and leaps
 * to the next timer when nothing does.
 */
export class LeapingClock implements Clock {
  readonly #times: number;
  readonly #busy: () => boolean;
  readonly #timers = new Set<Timer>();
  #watchers: (() => void)[] = [];
  #now: number;
  #order = 0;
  #realMs = performance.now();
  #still = 0;
  #step: NodeJS.Timeout;

  constructor(now: number, times: number, busy: () => boolean) {
    this.#now = now;
    this.#times = times;
    this.#busy = busy;
    this.#step = setTimeout(() => this.#advance(), 1);
  }

  now(): number {
    return this.#now;
  }

  after(ms: number, fn: () => void): () => void {
    const timer: Timer = { at: this.#now + Math.max(0, ms), order: this.#order++, fn };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return sleepWith((wait, fn) => this.after(wait, fn))(ms, signal);
  }

  /** Resolves when the clock reaches `at`. */
  async reach(at: number): Promise<void> {
    if (at > this.#now) await this.sleep(at - this.#now);
  }

  /** Asks `holds` after each step. Resolves with true as soon as it holds, with false once the clock reaches `at`. */
  async until(holds: () => Promise<boolean>, at: number): Promise<boolean> {
    for (;;) {
      if (await holds()) return true;
      if (this.#now >= at) return false;
      await new Promise<void>((resolve) => this.#watchers.push(resolve));
    }
  }

  /** Moves the clock as if the machine had slept: timers that fell due in between run late, at the new time. */
  jump(ms: number): void {
    this.#now += ms;
  }

  stop(): void {
    clearTimeout(this.#step);
  }

  #advance(): void {
    const realMs = performance.now();
    let target = this.#now + Math.min(realMs - this.#realMs, longestStepMs) * this.#times;
    this.#realMs = realMs;
    const next = this.#next();
    if (next !== null && this.#still >= stillSteps[this.#busy() ? 'busy' : 'idle']) target = Math.max(target, next.at);
    this.#still++;
    for (let due = next; due !== null && due.at <= target; due = this.#next()) {
      this.#timers.delete(due);
      this.#now = Math.max(this.#now, due.at);
      this.#still = 0;
      due.fn();
    }
    this.#now = Math.max(this.#now, target);
    const watchers = this.#watchers;
    this.#watchers = [];
    for (const watcher of watchers) watcher();
    this.#step = setTimeout(() => this.#advance(), 1);
  }

  #next(): Timer | null {
    let next: Timer | null = null;
    for (const timer of this.#timers) {
      if (
        timer.at < Infinity &&
        (next === null || timer.at < next.at || (timer.at === next.at && timer.order < next.order))
      )
        next = timer;
    }
    return next;
  }
}
