import type { BackOff } from '../../waiting/index.js';

/**
 * This many failures in a row, without an answer between them, are Discord's trouble. Fewer are hiccups that each
 * channel waits out for itself.
 */
const hiccups = 3;

/**
 * Closes while there is trouble that is not one channel's own: Discord away, a global rate limit, a refused token. Then
 * one request at a time finds out whether it is over, however many channels wait.
 */
export interface Gate {
  /** When the next request may go: now, later, or (Infinity) when one of those under way has ended. */
  opensAt(now: number, underWay: number): number;
  /** Why it is closed, and since when; null while it is open. */
  readonly trouble: { readonly reason: string; readonly since: number } | null;
  /** A request begun at `startedAt` met trouble. `afterMs`: how long, if Discord said so. */
  fail(startedAt: number, now: number, afterMs: number | null, reason: string): void;
  /** Discord answered a request begun at `startedAt`. */
  pass(startedAt: number): void;
}

export function createGate(backOff: BackOff): Gate {
  let inARow = 0;
  let closures = 0;
  let until = -Infinity;
  let closedAt = -Infinity;
  let trouble: Gate['trouble'] = null;
  return {
    get trouble() {
      return trouble;
    },
    opensAt(now, underWay) {
      if (closures === 0) return now;
      return underWay > 0 ? Infinity : Math.max(until, now);
    },
    fail(startedAt, now, afterMs, reason) {
      inARow++;
      if (afterMs === null && inARow < hiccups) return;
      if (afterMs !== null) until = Math.max(until, now + afterMs);
      // Requests that were under way together fail together: that is one failure.
      if (startedAt <= closedAt) return;
      closures++;
      closedAt = now;
      until = Math.max(until, now + (afterMs ?? backOff(closures)));
      trouble = { reason, since: trouble?.since ?? now };
    },
    pass(startedAt) {
      if (startedAt < closedAt) return;
      inARow = 0;
      closures = 0;
      trouble = null;
    },
  };
}
