import type { Clock } from '../clock.js';
import type { Logger } from '../observability/index.js';
import { retryDelay } from './back-off.js';

export interface InsistOptions {
  readonly clock: Clock;
  /** 0..1, for jitter. */
  readonly random: () => number;
  readonly logger: Logger;
  /** What it cannot do and why, in a sentence; null once it can again. */
  readonly onTrouble: (trouble: string | null) => void;
}

/** Runs `act` until it succeeds; null: stopped before it did. */
export type Insist = <T>(doing: string, signal: AbortSignal, act: () => Promise<T>) => Promise<T | null>;

/**
 * The store being away delays, nothing else. An act is tried once even when stopping: what a target has just accepted
 * shall not be told again.
 */
export function createInsist({ clock, random, logger, onTrouble }: InsistOptions): Insist {
  return async (doing, signal, act) => {
    for (let failures = 1; failures === 1 || !signal.aborted; failures++) {
      try {
        const done = await act();
        if (failures > 1) onTrouble(null);
        return done;
      } catch (error) {
        onTrouble(`cannot ${doing}: ${String(error)}`);
        logger.warn({ err: error }, `delivery cannot ${doing}, trying again`);
        await clock.sleep(retryDelay(failures, random), signal);
      }
    }
    return null;
  };
}
