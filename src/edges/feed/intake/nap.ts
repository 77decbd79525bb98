import type { Clock } from '../../clock.js';

/** The wait of one task, which others may end. */
export class Nap {
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  #wake: () => void = () => undefined;

  constructor(clock: Clock, signal: AbortSignal) {
    this.#clock = clock;
    this.#signal = signal;
  }

  /** Ends the wait, if there is one. */
  wake(): void {
    this.#wake();
  }

  /** Until woken; or for so long. */
  take(ms: number | null): Promise<void> {
    return new Promise((resolve) => {
      let cancel: () => void = () => undefined;
      this.#wake = () => {
        cancel();
        this.#wake = () => undefined;
        resolve();
      };
      if (ms !== null) cancel = this.#clock.after(ms, () => this.#wake());
      if (this.#signal.aborted) this.#wake();
    });
  }
}
