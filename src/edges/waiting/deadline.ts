import type { Clock } from '../clock.js';

/** Runs `act` with a signal that is aborted after `ms`. */
export async function withDeadline<T>(clock: Clock, ms: number, act: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const deadline = new AbortController();
  const cancel = clock.after(ms, () => deadline.abort());
  try {
    return await act(deadline.signal);
  } finally {
    cancel();
  }
}
