import type { Message, Send } from '../ports.js';

/** A request that may be lost: an alert never waits for it. */
export type BestEffort =
  | { readonly kind: 'edit'; readonly channelId: string; readonly messageId: string; readonly message: Message }
  | { readonly kind: 'crosspost'; readonly channelId: string; readonly messageId: string };

/** Enough for two incidents that end at once in ten thousand channels: an edit and a crosspost for each. */
const mostWaiting = 40_000;

/** Edits and crossposts, oldest first, each tried once. A newer edit of a message replaces one that still waits. */
export class BestEffortQueue {
  readonly #waiting = new Map<string, BestEffort>();

  add(request: BestEffort): void {
    const key = `${request.kind} ${request.channelId} ${request.messageId}`;
    if (this.#waiting.size < mostWaiting || this.#waiting.has(key)) this.#waiting.set(key, request);
  }

  take(): BestEffort | null {
    for (const [key, request] of this.#waiting) {
      this.#waiting.delete(key);
      return request;
    }
    return null;
  }

  get size(): number {
    return this.#waiting.size;
  }
}

export function sendBestEffort(request: BestEffort, send: Send, signal: AbortSignal): Promise<boolean> {
  return request.kind === 'edit'
    ? send.edit(request.channelId, request.messageId, request.message, signal)
    : send.crosspost(request.channelId, request.messageId, signal);
}
