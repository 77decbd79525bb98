import { secondMs } from '../../core/time.js';
import type { Clock } from '../clock.js';

/** At most `perSecond` places in any second, first come, first served. */
export class RateLimit {
  readonly #clock: Clock;
  /** When the last places were given, a ring that begins at #next. */
  readonly #times: Float64Array;
  #next = 0;
  #last: Promise<void> = Promise.resolve();

  constructor(clock: Clock, perSecond: number) {
    this.#clock = clock;
    this.#times = new Float64Array(perSecond).fill(-Infinity);
  }

  /**
   * Resolves when a place is free, or when the signal is aborted. Ask right before each request: requests whose places
   * were taken earlier would bunch.
   */
  take(signal: AbortSignal): Promise<void> {
    this.#last = this.#last.then(() => this.#take(signal));
    return this.#last;
  }

  async #take(signal: AbortSignal): Promise<void> {
    const times = this.#times;
    const newest = times[(this.#next + times.length - 1) % times.length];
    // The clock was set back, so the times that were noted before say nothing.
    if (newest > this.#clock.now() + secondMs) times.fill(-Infinity);
    for (let waitMs = this.#waitMs(); waitMs > 0; waitMs = this.#waitMs()) {
      if (signal.aborted) return;
      await this.#clock.sleep(waitMs, signal);
    }
    times[this.#next] = this.#clock.now();
    this.#next = (this.#next + 1) % times.length;
  }

  #waitMs(): number {
    return this.#times[this.#next] + secondMs - this.#clock.now();
  }
}
