import type { Answer } from './rest/answer.js';
import { errorAnswer, rateLimitAnswer } from './rest/answer.js';

interface FaultKinds {
  /** Of the route, or of the whole bot. */
  readonly 'rate-limit': { readonly retryAfterSeconds: number; readonly global?: boolean };
  /** code 0, as Discord gives where it has none. */
  readonly error: { readonly status: number; readonly code?: number };
  /** The request is done, but the answer is lost with the connection. */
  readonly 'accept-then-reset': unknown;
  readonly reset: unknown;
  /** No answer until the server stops. */
  readonly hang: unknown;
  readonly 'accept-then-hang': unknown;
  /** Not Discord's: what a proxy or a captive portal says. */
  readonly page: { readonly status: number };
}

/** Which requests: "POST /channels/:id/messages" (:id is any one part of a path), "*" for all, or asked of each. */
export type Target = string | ((request: { readonly method: string; readonly path: string }) => boolean);

export type Fault = {
  [Kind in keyof FaultKinds]: {
    readonly kind: Kind;
    /** Message posts, unless told. */
    readonly on?: Target;
    /** 1, unless told. */
    readonly times?: number;
  } & FaultKinds[Kind];
}[keyof FaultKinds];

/** What becomes of a request: refused with an answer, done with its answer lost, or neither done nor answered. */
export type Fate =
  | { readonly kind: 'answer'; readonly answer: Answer }
  | { readonly kind: 'page'; readonly status: number }
  | { readonly kind: 'lost'; readonly done: boolean; readonly how: 'reset' | 'hang' };

export const messagePosts = 'POST /channels/:id/messages';

/** Faults that strike the next requests they match, each in its turn, and others that stand until they are ended. */
export class Faults {
  readonly #queue: { readonly fault: Fault; left: number }[] = [];
  readonly #standing = new Set<Fault>();

  script(...faults: readonly Fault[]): void {
    this.#queue.push(...faults.map((fault) => ({ fault, left: fault.times ?? 1 })));
  }

  /** Strikes every matching request (all, unless told otherwise) until the returned function is called. */
  stand(fault: Fault): () => void {
    const standing = { on: '*', ...fault };
    this.#standing.add(standing);
    return () => this.#standing.delete(standing);
  }

  /** null: nothing goes wrong. */
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
