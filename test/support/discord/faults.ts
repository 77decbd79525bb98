import type { Answer } from './rest/answer.js';
import { errorAnswer, rateLimitAnswer } from './rest/answer.js';

interface FaultKinds {
  /** Scope: this route, or the whole bot. */
  readonly 'rate-limit': { readonly retryAfterSeconds: number; readonly global?: boolean };
  /** Without a code, Discord answers code 0. */
  readonly error: { readonly status: number; readonly code?: number };
  /** Discord carries out the request, but the connection breaks before the answer. */
  readonly 'accept-then-reset': unknown;
  readonly reset: unknown;
  /** No answer until the server stops. */
  readonly hang: unknown;
  readonly 'accept-then-hang': unknown;
  /** Not an answer of Discord's: a proxy's or a captive portal's page. */
  readonly page: { readonly status: number };
}

/**
 * Which requests it strikes: "POST /channels/:id/messages" (:id stands for any part of a path), "*" for all, or a
 * function that is asked about each request.
 */
export type Target = string | ((request: { readonly method: string; readonly path: string }) => boolean);

export type Fault = {
  [Kind in keyof FaultKinds]: {
    readonly kind: Kind;
    /** Default: posts of messages. */
    readonly on?: Target;
    /** Default: 1. */
    readonly times?: number;
  } & FaultKinds[Kind];
}[keyof FaultKinds];

/**
 * What happens to a request: refused with an answer, carried out with the answer lost, or neither carried out nor
 * answered.
 */
export type Fate =
  | { readonly kind: 'answer'; readonly answer: Answer }
  | { readonly kind: 'page'; readonly status: number }
  | { readonly kind: 'lost'; readonly done: boolean; readonly how: 'reset' | 'hang' };

export const messagePosts = 'POST /channels/:id/messages';

/**
 * Faults in a queue, each of which strikes the next request that it matches, and standing faults that last until they
 * are ended.
 */
export class Faults {
  readonly #queue: { readonly fault: Fault; left: number }[] = [];
  readonly #standing = new Set<Fault>();

  script(...faults: readonly Fault[]): void {
    this.#queue.push(...faults.map((fault) => ({ fault, left: fault.times ?? 1 })));
  }

  /** Strikes every matching request (default: all requests) until the returned function is called. */
  stand(fault: Fault): () => void {
    const standing = { on: '*', ...fault };
    this.#standing.add(standing);
    return () => this.#standing.delete(standing);
  }

  /** What happens to this request; null: it is answered as usual. */
  take(method: string, path: string): Fate | null {
    for (const fault of this.#standing) if (matches(fault.on ?? '*', method, path)) return fateOf(fault);
    const index = this.#queue.findIndex(({ fault }) => matches(fault.on ?? messagePosts, method, path));
    if (index === -1) return null;
    const next = this.#queue[index];
    if (--next.left === 0) this.#queue.splice(index, 1);
    return fateOf(next.fault);
  }
}

export function matches(target: Target, method: string, path: string): boolean {
  if (typeof target === 'function') return target({ method, path });
  if (target === '*') return true;
  const [wantedMethod, wantedPath] = target.split(' ');
  const pattern = new RegExp(`^${wantedPath.replace(/:\w+/g, '[^/]+')}$`);
  return method === wantedMethod && pattern.test(path);
}

function fateOf(fault: Fault): Fate {
  switch (fault.kind) {
    case 'rate-limit':
      return {
        kind: 'answer',
        answer: rateLimitAnswer(fault.retryAfterSeconds, fault.global === true ? 'global' : 'user'),
      };
    case 'error':
      return { kind: 'answer', answer: errorAnswer(fault.status, fault.code ?? 0) };
    case 'page':
      return { kind: 'page', status: fault.status };
    case 'reset':
    case 'hang':
      return { kind: 'lost', done: false, how: fault.kind };
    case 'accept-then-reset':
      return { kind: 'lost', done: true, how: 'reset' };
    case 'accept-then-hang':
      return { kind: 'lost', done: true, how: 'hang' };
  }
}
