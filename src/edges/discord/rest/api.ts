import { DiscordAPIError, HTTPError, RateLimitError, REST, type RawFile } from 'discord.js';
import type { Clock } from '../../clock.js';
import type { RateLimit } from '../../waiting/index.js';
import { secondMs } from '../../../core/time.js';

/**
 * A request without an answer after this long is given up; whether Discord took it is then unknown, which the nonce
 * mends.
 */
const deadlineMs = 10 * secondMs;
/** When the process stops, a request under way may still finish within this, so that it need not be repeated. */
const graceMs = 700;

/** One request and what came of it, for counting: no id, no token, no text of anybody's. */
export interface RequestOutcome {
  readonly method: Method;
  /** "/channels/:id/messages". */
  readonly route: string;
  readonly outcome: Answer['kind'];
  /** Discord's error code of a refusal; else null. */
  readonly code: number | null;
}

export interface ApiOptions {
  readonly token: string;
  /** Without the version: https://discord.com/api. */
  readonly apiUrl: string;
  readonly clock: Clock;
  readonly onRequest?: (outcome: RequestOutcome) => void;
  /** Of the whole bot; requests wait here, never in discord.js. */
  readonly rateLimit?: RateLimit;
}

export type Answer =
  | { readonly kind: 'ok'; readonly body: unknown }
  /** afterMs null: Discord did not say how long. global: not of this route, but of the whole bot. */
  | { readonly kind: 'rate-limited'; readonly afterMs: number | null; readonly global: boolean }
  /** HTTP 401. */
  | { readonly kind: 'unauthorized' }
  /** Another 4xx that Discord itself gave, with its error code (its documentation, Opcodes and Status Codes, JSON). */
  | { readonly kind: 'refused'; readonly status: number; readonly code: number; readonly message: string }
  /** No answer, or none of Discord's: worth asking again. maybeTaken: it may have been done for all that. */
  | { readonly kind: 'unreachable'; readonly reason: string; readonly maybeTaken: boolean };

type Method = 'get' | 'post' | 'patch' | 'put';
type Route = `/${string}`;

/** A file that goes with a message; its place in the list is its id in the body's `attachments`. */
export interface File {
  readonly name: string;
  readonly data: Uint8Array;
  readonly contentType: string;
}

export interface Api {
  get(route: Route, signal: AbortSignal, query?: Readonly<Record<string, string>>): Promise<Answer>;
  post(route: Route, body: unknown, signal: AbortSignal, files?: readonly File[]): Promise<Answer>;
  patch(route: Route, body: unknown, signal: AbortSignal, files?: readonly File[]): Promise<Answer>;
  put(route: Route, body: unknown, signal: AbortSignal): Promise<Answer>;
}

/** Discord's REST v10 through discord.js's client, with outcomes as values and every wait left to the caller. */
export function createApi({ token, apiUrl, clock, onRequest, rateLimit }: ApiOptions): Api {
  const rest = new REST({
    api: apiUrl,
    version: '10',
    // Its own retries come within 5 ms and would sleep through a rate limit unseen.
    retries: 0,
    rejectOnRateLimit: () => true,
    // `rateLimit` keeps the pace: the client's own count, by whole seconds, would refuse requests that are in time.
    globalRequestsPerSecond: 1_000,
    hashSweepInterval: 0,
    handlerSweepInterval: 0,
  });

  const send = async (request: (signal: AbortSignal) => Promise<unknown>, signal: AbortSignal): Promise<Answer> => {
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
      return cut.signal.aborted
        ? { kind: 'unreachable', reason: 'Discord did not answer in time', maybeTaken: true }
        : answerOf(error);
    } finally {
      cancel();
      signal.removeEventListener('abort', hurry);
    }
  };

  const ask = async (
    method: Method,
    route: Route,
    request: (signal: AbortSignal) => Promise<unknown>,
    signal: AbortSignal,
  ): Promise<Answer> => {
    await rateLimit?.take(signal);
    // Stopped while it waited: it was never sent, and the next process will.
    if (rateLimit !== undefined && signal.aborted)
      return { kind: 'unreachable', reason: 'stopped before it was sent', maybeTaken: false };
    const answer = await send(request, signal);
    onRequest?.({
      method,
      route: kindOf(route),
      outcome: answer.kind,
      code: answer.kind === 'refused' ? answer.code : null,
    });
    return answer;
  };

  return {
    get: (route, signal, query) =>
      ask(
        'get',
        route,
        (cut) => rest.get(route, { signal: cut, ...(query !== undefined && { query: new URLSearchParams(query) }) }),
        signal,
      ),
    post: (route, body, signal, files = []) =>
      ask('post', route, (cut) => rest.post(route, { body, signal: cut, files: files.map(rawFile) }), signal),
    patch: (route, body, signal, files = []) =>
      ask('patch', route, (cut) => rest.patch(route, { body, signal: cut, files: files.map(rawFile) }), signal),
    put: (route, body, signal) => ask('put', route, (cut) => rest.put(route, { body, signal: cut }), signal),
  };
}

function rawFile({ name, data, contentType }: File): RawFile {
  return { name, data: Buffer.from(data.buffer, data.byteOffset, data.byteLength), contentType };
}

/** The route without ids, and without the token that a webhook's holds. */
function kindOf(route: Route): string {
  return route.replace(/\/\d+/g, '/:id').replace(/^\/(webhooks|interactions)\/:id\/[^/]+/, '/$1/:id/:token');
}

/** Errors of a connection that never was. Any other error leaves open whether the request arrived. */
const neverConnected: ReadonlySet<unknown> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENETUNREACH',
  'EHOSTUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

function answerOf(error: unknown): Answer {
  if (error instanceof RateLimitError) {
    const afterMs = Math.ceil(error.retryAfter);
    return { kind: 'rate-limited', afterMs: afterMs > 0 ? afterMs : null, global: error.global };
  }
  if (error instanceof HTTPError)
    return { kind: 'unreachable', reason: `Discord answered HTTP ${error.status}`, maybeTaken: true };
  if (error instanceof DiscordAPIError) {
    if (error.status === 401) return { kind: 'unauthorized' };
    // Without a code of Discord's it came from something in between.
    if (typeof error.code !== 'number' || error.code === 0) {
      return { kind: 'unreachable', reason: `HTTP ${error.status} without Discord's error code`, maybeTaken: true };
    }
    return { kind: 'refused', status: error.status, code: error.code, message: error.message };
  }
  return {
    kind: 'unreachable',
    reason: `Discord cannot be reached: ${error instanceof Error ? error.message : String(error)}`,
    maybeTaken: !neverConnected.has(codeOf(error)),
  };
}

/**
 * fetch hides what went wrong in the error's cause; an AggregateError (several addresses tried) has its first one's
 * code.
 */
function codeOf(error: unknown): unknown {
  if (!(error instanceof Error)) return undefined;
  if ('code' in error) return error.code;
  return codeOf(error.cause);
}
