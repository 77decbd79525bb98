import { dayMs, hourMs, minuteMs, secondMs } from '../../core/time.js';
import { backOff, type BackOff } from '../waiting/index.js';

const probeDelays = [5 * minuteMs, 30 * minuteMs, 2 * hourMs];

/** Waits between attempts at what fails for now. */
export function retryBackOff(random: () => number): BackOff {
  return backOff({ firstMs: secondMs, mostMs: minuteMs, random });
}

/**
 * Wait after the nth refusal in a row (from 1) by a channel that the bot may not write to: 5 min, 30 min, 2 h, then a
 * day. Asking more often would be a nuisance.
 */
export function probeDelay(refusals: number): number {
  return probeDelays[refusals - 1] ?? dayMs;
}
