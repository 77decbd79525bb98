/** Discord's documentation, Rate Limits: 50 requests a second in all. Some are left to commands and to other uses of the token. */
const perSecond = 45;
const windowMs = 1_000;

/** At most 45 requests in any second. */
export interface Pace {
  /** Takes a place if there is one; else how long until there is, in ms. */
  take(now: number): number;
}

export function createPace(): Pace {
  /** When the last requests were let through, in a ring. */
  const times = new Float64Array(perSecond).fill(-Infinity);
  let next = 0;
  return {
    take(now) {
      // The clock was set back: what was let through by the other time says nothing.
      if (times[(next + perSecond - 1) % perSecond] > now + windowMs) times.fill(-Infinity);
      const waitMs = times[next] + windowMs - now;
      if (waitMs > 0) return waitMs;
      times[next] = now;
      next = (next + 1) % perSecond;
      return 0;
    },
  };
}
