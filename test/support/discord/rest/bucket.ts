import { createHash } from 'node:crypto';
import { rateLimitAnswer, type Answer } from './answer.js';

/** Discord's limit for posts in one channel; other routes are similar. */
const limit = 5;
const windowMs = 5000;

/**
 * Rate limits by route and major parameter. Every answer has the headers. Requests are counted and refused only with
 * `enforce`. Without it the headers always say that requests are left, because a client that reads "0 left" waits.
 */
export class Buckets {
  readonly #open = new Map<string, { resetAt: number; used: number }>();

  constructor(
    readonly now: () => number,
    readonly enforce: boolean,
  ) {}

  /** A refusal or null, and the headers that belong to the answer. */
  take(method: string, path: string): { readonly refusal: Answer | null; readonly headers: Record<string, string> } {
    const key = bucketOf(method, path);
    const now = this.now();
    let bucket = this.#open.get(key);
    if (bucket === undefined || bucket.resetAt <= now)
      this.#open.set(key, (bucket = { resetAt: now + windowMs, used: 0 }));
    if (this.enforce) bucket.used++;
    const resetAfter = (bucket.resetAt - now) / 1000;
    const remaining = this.enforce ? Math.max(0, limit - bucket.used) : limit - 1;
    const refusal = bucket.used > limit ? rateLimitAnswer(resetAfter, 'user') : null;
    return { refusal, headers: headersOf(key, remaining, resetAfter, bucket.resetAt) };
  }
}

/** The headers of a scripted rate limit: no request is left for this many seconds. */
export function exhaustedHeaders(method: string, path: string, now: number, seconds: number): Record<string, string> {
  return headersOf(bucketOf(method, path), 0, seconds, now + seconds * 1000);
}

function headersOf(key: string, remaining: number, resetAfterSeconds: number, resetAt: number): Record<string, string> {
  return {
    'x-ratelimit-limit': String(limit),
    'x-ratelimit-remaining': String(remaining),
    'x-ratelimit-reset': (resetAt / 1000).toFixed(3),
    'x-ratelimit-reset-after': resetAfterSeconds.toFixed(3),
    'x-ratelimit-bucket': createHash('sha256').update(routeOf(key)).digest('hex').slice(0, 32),
  };
}

/** Only channel, guild and webhook (with its token) are major parameters. All ids further down share one bucket. */
function bucketOf(method: string, path: string): string {
  const [, kind, major, ...rest] = path.split('/');
  const minor = rest.map((part, n) => (/^\d+$/.test(part) || (kind === 'interactions' && n === 0) ? ':id' : part));
  return [method, kind, major, ...minor].join(' ');
}

/** Routes that differ only in their ids share a hash, as in Discord. */
const routeOf = (key: string): string => key.replace(/\d{5,}/g, ':id');
