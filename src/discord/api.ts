import { DiscordAPIError, HTTPError, RateLimitError, REST } from 'discord.js';
import type { Clock } from '../clock.js';

/** A request without an answer after this long is given up; whether Discord took it is then unknown, which the nonce mends. */
const deadlineMs = 10_000;
/** When the process stops, a request under way may still finish within this, so that it need not be repeated. */
const graceMs = 700;

export interface ApiOptions {
  readonly token: string;
  /** Without the version: https://discord.com/api. */
  readonly apiUrl: string;
  readonly clock: Clock;
}

export type Answer =
  | { readonly kind: 'ok'; readonly body: unknown }
  /** afterMs null: Discord did not say how long. */
  | { readonly kind: 'rate-limited'; readonly afterMs: number | null }
  /** HTTP 401. */
  | { readonly kind: 'unauthorized' }
  /** Another 4xx that Discord itself gave, with its error code (its documentation, Opcodes and Status Codes, JSON). */
  | { readonly kind: 'refused'; readonly status: number; readonly code: number; readonly message: string }
  /** No answer, or none of Discord's: worth asking again. */
  | { readonly kind: 'unreachable'; readonly reason: string };

export interface Api {
  get(route: `/${string}`, signal: AbortSignal): Promise<Answer>;
  post(route: `/${string}`, body: unknown, signal: AbortSignal): Promise<Answer>;
}

/** Discord's REST v10 through discord.js's client, with outcomes as values and every wait left to the caller. */
export function createApi({ token, apiUrl, clock }: ApiOptions): Api {
  const rest = new REST({
    api: apiUrl,
    version: '10',
    // Its own retries come within 5 ms and would sleep through a rate limit unseen.
    retries: 0,
    rejectOnRateLimit: () => true,
    // Discord's documentation, Rate Limits: 50 in all. Some are left to other processes with the same token.
    globalRequestsPerSecond: 45,
    hashSweepInterval: 0,
    handlerSweepInterval: 0,
  });

  const ask = async (request: (signal: AbortSignal) => Promise<unknown>, signal: AbortSignal): Promise<Answer> => {
    // One 401 makes the client forget the token, so it is told anew each time.
    rest.setToken(token);
    const cut = new AbortController();
    let cancel = clock.after(deadlineMs, () => cut.abort());
    const hurry = (): void => {
      cancel();
      cancel = clock.after(graceMs, () => cut.abort());
    };
    if (signal.aborted) hurry();
    signal.addEventListener('abort', hurry, { once: true });
    try {
      return { kind: 'ok', body: await request(cut.signal) };
    } catch (error) {
      return cut.signal.aborted ? { kind: 'unreachable', reason: 'Discord did not answer in time' } : answerOf(error);
    } finally {
      cancel();
      signal.removeEventListener('abort', hurry);
    }
  };

  return {
    get: (route, signal) => ask((cut) => rest.get(route, { signal: cut }), signal),
    post: (route, body, signal) => ask((cut) => rest.post(route, { body, signal: cut }), signal),
  };
}

function answerOf(error: unknown): Answer {
  if (error instanceof RateLimitError) {
    const afterMs = Math.ceil(error.retryAfter);
    return { kind: 'rate-limited', afterMs: afterMs > 0 ? afterMs : null };
  }
  if (error instanceof HTTPError) return { kind: 'unreachable', reason: `Discord answered HTTP ${error.status}` };
  if (error instanceof DiscordAPIError) {
    if (error.status === 401) return { kind: 'unauthorized' };
    // Without a code of Discord's it came from something in between.
    if (typeof error.code !== 'number' || error.code === 0) return { kind: 'unreachable', reason: `HTTP ${error.status} without Discord's error code` };
    return { kind: 'refused', status: error.status, code: error.code, message: error.message };
  }
  return { kind: 'unreachable', reason: `Discord cannot be reached: ${error instanceof Error ? error.message : String(error)}` };
}
