/** Milliseconds since 1970-01-01T00:00:00Z, of data or of a clock. */
export type UnixMillis = number;

export const secondMs = 1_000;
export const minuteMs = 60 * secondMs;
export const hourMs = 60 * minuteMs;
export const dayMs = 24 * hourMs;

/** Length of a tick in event time. Stored rows depend on it, so it is no setting. */
export const tickMs = 10 * secondMs;

/** `2014-12-22 16:15 UTC`. */
export function utcMinute(at: UnixMillis): string {
  return `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
