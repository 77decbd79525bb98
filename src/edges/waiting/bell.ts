import type { Clock } from '../clock.js';

/** Lets one task wait until another rings. A ring that comes before the wait ends that wait at once. */
export class Bell {
  readonly #clock: Clock;
  #rung = false;
  #wake: () => void = () => undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  ring(): void {
    this.#rung = true;
    this.#wake();
  }

  /** Forgets a ring that no wait has ended, for a task that has just looked at everything a ring could mean. */
  silence(): void {
    this.#rung = false;
  }

  /** Resolves at a ring, after `ms` (Infinity: never), or when the signal is aborted. One task may wait at a time. */
  async wait(ms: number, signal?: AbortSignal): Promise<void> {
    if (!this.#rung && signal?.aborted !== true) await this.#nextRing(ms, signal);
    this.#rung = false;
  }

  #nextRing(ms: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        cancel();
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const cancel = ms === Infinity ? () => undefined : this.#clock.after(ms, done);
      this.#wake = done;
      signal?.addEventListener('abort', done, { once: true });
    });
  }
}
