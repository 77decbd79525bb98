import type { Clock } from '../../src/clock.js';

/** Of delivery. */
const pollMs = 3_000;

/** For a process that hears of every event by wake(): delivery's polls are left out, most of what hours of a test would be spent on. */
export function withoutPolls(clock: Clock): Clock {
  return {
    now: () => clock.now(),
    sleep: (ms, signal) => clock.sleep(ms, signal),
    after: (ms, fn) => (ms === pollMs ? () => undefined : clock.after(ms, fn)),
  };
}
