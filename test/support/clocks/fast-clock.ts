import type { Clock } from '../../../src/edges/clock.js';
import { systemClock } from '../../../src/edges/clock.js';

/**
 * Real timers at `times` their speed: for what must wait on sockets as well, where a clock that stands still would wait
 * for ever.
 */
export function fastClock(times: number): Clock {
  const start = systemClock.now();
  return {
    now: () => start + (systemClock.now() - start) * times,
    after: (ms, fn) => systemClock.after(ms / times, fn),
    sleep: (ms, signal) => systemClock.sleep(ms / times, signal),
  };
}
