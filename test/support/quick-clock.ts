import type { Clock } from '../../src/clock.js';
import { sleepWith } from './sleep.js';

interface Timer {
  readonly at: number;
  readonly order: number;
  fn: (() => void) | null;
}

/**
 * A clock for many virtual hours: it jumps from timer to timer, all of one instant at once, and lets what they set off settle (of itself
 * promises alone, no I/O) before it goes on.
 */
export class QuickClock {
  #now: number;
  readonly #settle: () => Promise<void>;
  #order = 0;
  /** A binary heap, the next timer first. */
  readonly #heap: Timer[] = [];

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
    const after = (ms: number, fn: () => void): (() => void) => this.#after(ms, () => {
      if (!dead()) fn();
    });
    return { now: () => this.#now, after, sleep: sleepWith(after) };
  }

  /** Goes on without letting anything settle, where no timer falls due until then; whether it could. */
  skipTo(target: number): boolean {
    if (this.#heap.length > 0 && this.#heap[0].at <= target) return false;
    this.#now = Math.max(this.#now, target);
    return true;
  }

  async runUntil(target: number): Promise<void> {
    await this.#settle();
    while (this.#heap.length > 0 && this.#heap[0].at <= target) {
      const at = this.#heap[0].at;
      this.#now = Math.max(this.#now, at);
      let ran = false;
      while (this.#heap.length > 0 && this.#heap[0].at <= at) {
        const { fn } = this.#pop();
        ran ||= fn !== null;
        fn?.();
      }
      if (ran) await this.#settle();
    }
    this.#now = Math.max(this.#now, target);
  }

  #after(ms: number, fn: () => void): () => void {
    const timer: Timer = { at: this.#now + Math.max(0, ms), order: this.#order++, fn };
    this.#push(timer);
    return () => {
      timer.fn = null;
    };
  }

  #push(timer: Timer): void {
    const heap = this.#heap;
    let index = heap.push(timer) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!isBefore(heap[index], heap[parent])) return;
      [heap[index], heap[parent]] = [heap[parent], heap[index]];
      index = parent;
    }
  }

  #pop(): Timer {
    const heap = this.#heap;
    const [first] = heap;
    const last = heap.pop()!;
    if (heap.length === 0) return first;
    heap[0] = last;
    for (let index = 0; ; ) {
      let least = index;
      for (const child of [2 * index + 1, 2 * index + 2]) if (child < heap.length && isBefore(heap[child], heap[least])) least = child;
      if (least === index) return first;
      [heap[index], heap[least]] = [heap[least], heap[index]];
      index = least;
    }
  }
}

function isBefore(a: Timer, b: Timer): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
