import type { Clock } from '../../clock.js';

/** Discord's documentation, Rate Limits: 50 requests a second in all. Some are left to other uses of the token. */
const perSecond = 45;
const windowMs = 1_000;

/** Waits for a place among the requests of this second, first come, first served; or until the signal. */
export type Turn = (signal: AbortSignal) => Promise<void>;

/**
 * At most 45 requests in any second. To be asked right before each request: a place taken sooner lets requests bunch.
 */
export function createTurn(clock: Clock): Turn {
  /** When the last places were given, in a ring. */
  const times = new Float64Array(perSecond).fill(-Infinity);
  let next = 0;
  let last: Promise<void> = Promise.resolve();

  const take = async (signal: AbortSignal): Promise<void> => {
    // The clock was set back: what was let through by the other time says nothing.
    if (times[(next + perSecond - 1) % perSecond] > clock.now() + windowMs) times.fill(-Infinity);
    for (let waitMs = times[next] + windowMs - clock.now(); waitMs > 0; waitMs = times[next] + windowMs - clock.now()) {
      // Who stops waits no longer.
      if (signal.aborted) return;
      await clock.sleep(waitMs, signal);
    }
    times[next] = clock.now();
    next = (next + 1) % perSecond;
  };

  return (signal) => {
    last = last.then(() => take(signal));
    return last;
  };
}
