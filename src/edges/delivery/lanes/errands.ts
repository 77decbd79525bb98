import type { Message, Send } from '../ports.js';

/** What is nice to have done, and is dropped where it cannot be: an alert never waits for it. */
export type Errand =
  | { readonly kind: 'edit'; readonly channelId: string; readonly messageId: string; readonly message: Message }
  | { readonly kind: 'crosspost'; readonly channelId: string; readonly messageId: string };

/**
 * More than this are not kept: an edit and a crosspost in each of ten thousand channels that are told of two ends at
 * once.
 */
const most = 40_000;

/** Edits and crossposts, oldest first, each tried once. A newer edit of a message takes the place of one that waits. */
export class Errands {
  readonly #waiting = new Map<string, Errand>();

  add(errand: Errand): void {
    const key = `${errand.kind} ${errand.channelId} ${errand.messageId}`;
    if (this.#waiting.size < most || this.#waiting.has(key)) this.#waiting.set(key, errand);
  }

  take(): Errand | null {
    for (const [key, errand] of this.#waiting) {
      this.#waiting.delete(key);
      return errand;
    }
    return null;
  }

  get size(): number {
    return this.#waiting.size;
  }
}

export function run(errand: Errand, send: Send, signal: AbortSignal): Promise<boolean> {
  return errand.kind === 'edit'
    ? send.edit(errand.channelId, errand.messageId, errand.message, signal)
    : send.crosspost(errand.channelId, errand.messageId, signal);
}
