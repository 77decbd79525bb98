/** So many at a time, first come first served. */
export class Turns {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(atOnce: number) {
    this.#free = atOnce;
  }

  /**
   * Resolves when it is one's turn, to a function that ends it (once is enough). Rejects when the signal is aborted
   * before.
   */
  async take(signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    if (this.#free > 0) this.#free--;
    else {
      await new Promise<void>((resolve, reject) => {
        const granted = (): void => {
          signal.removeEventListener('abort', left);
          resolve();
        };
        const left = (): void => {
          this.#waiting.splice(this.#waiting.indexOf(granted), 1);
          reject(signal.reason as Error);
        };
        signal.addEventListener('abort', left, { once: true });
        this.#waiting.push(granted);
      });
    }
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      const next = this.#waiting.shift();
      // The turn goes to the next as it is, so that nobody who asks meanwhile gets in between.
      if (next === undefined) this.#free++;
      else next();
    };
  }
}
