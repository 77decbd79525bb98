import type { Clock } from '../clock.js';
import type { Logger } from '../observability/index.js';
import { retry } from '../waiting/index.js';
import { retryBackOff } from './delays.js';

export interface StoreRetryOptions {
  readonly clock: Clock;
  /** 0..1, for jitter. */
  readonly random: () => number;
  readonly logger: Logger;
}

/** Repeats what the store fails to do: a store that is away delays messages and loses none. */
export class StoreRetry {
  /** What fails and why, in a sentence; null while nothing does. */
  trouble: string | null = null;
  readonly #options: StoreRetryOptions;

  constructor(options: StoreRetryOptions) {
    this.#options = options;
  }

  /**
   * Runs `act` until it succeeds; null if the signal is aborted first. `act` runs once even if it is aborted already:
   * what Discord has just accepted must be saved, or it is posted again. `task` completes "cannot ...".
   */
  run<T>(task: string, signal: AbortSignal, act: () => Promise<T>): Promise<T | null> {
    const { clock, random, logger } = this.#options;
    let failed = false;
    return retry(
      async () => {
        const result = await act();
        if (failed) this.trouble = null;
        return result;
      },
      {
        clock,
        signal,
        backOff: retryBackOff(random),
        onFailure: (error) => {
          failed = true;
          this.trouble = `cannot ${task}: ${String(error)}`;
          logger.warn({ err: error }, `delivery cannot ${task}, trying again`);
        },
      },
    );
  }
}
