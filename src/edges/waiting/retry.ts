import type { Clock } from '../clock.js';
import type { BackOff } from './back-off.js';

export interface RetryOptions {
  readonly clock: Clock;
  /** Ends the waiting. */
  readonly signal: AbortSignal;
  readonly backOff: BackOff;
  /** Called after each failure (`failures` in a row, from 1), before the wait; what it throws ends the retrying. */
  readonly onFailure: (error: unknown, failures: number) => void;
}

/**
 * Runs `act` until it succeeds, and resolves to what it gave; to null if the signal is aborted first. `act` runs once
 * even if the signal is aborted already.
 */
export async function retry<T>(
  act: () => Promise<T>,
  { clock, signal, backOff, onFailure }: RetryOptions,
): Promise<T | null> {
  for (let failures = 1; failures === 1 || !signal.aborted; failures++) {
    try {
      return await act();
    } catch (error) {
      onFailure(error, failures);
      await clock.sleep(backOff(failures), signal);
    }
  }
  return null;
}
