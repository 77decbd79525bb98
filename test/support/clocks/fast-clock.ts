import type { Clock } from '../../../src/edges/clock.js';
import { systemClock } from '../../../src/edges/clock.js';

/**
 * Real timers that run `times` as fast. For tests that also wait for sockets, where a clock that stands still would
 * never let the socket's answer come.
 */
export function fastClock(times: number): Clock {
  const start = systemClock.now();
  return {
    now: () => start + (systemClock.now() - start) * times,
    after: (ms, fn) => systemClock.after(ms / times, fn),
    sleep: (ms, signal) => systemClock.sleep(ms / times, signal),
  };
}
