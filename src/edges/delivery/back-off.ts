const second = 1000;
const minute = 60 * second;
const longest = 60 * second;
/** A channel that is closed to us is asked again, but not so often that the asking is a nuisance. */
const probes = [5 * minute, 30 * minute, 120 * minute];
const dailyProbe = 1440 * minute;

/**
 * Wait after the nth failure in a row (from 1): 1, 2, 4 .. 60 s, the upper half of it by chance, so that many do not
 * return at once.
 */
export function retryDelay(failures: number, random: () => number): number {
  return Math.min(longest, second * 2 ** Math.min(failures - 1, 6)) * (0.5 + random() / 2);
}

/** Wait after the nth refusal in a row (from 1): 5 min, 30 min, 2 h, then daily. */
export function probeDelay(refusals: number): number {
  return probes[refusals - 1] ?? dailyProbe;
}
