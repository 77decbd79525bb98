import type { Clock } from '../../../src/edges/clock.js';
import type { Message, Send, SendResult } from '../../../src/edges/delivery/index.js';
import { requestsPerSecond } from '../../../src/edges/discord/rest/requests-per-second.js';
import { RateLimit } from '../../../src/edges/waiting/index.js';

/** How long the virtual Discord recognises a nonce. Discord's documentation says "a few minutes". */
const nonceMs = 180_000;
const timeoutMs = 10_000;

/** What goes wrong with requests, when, and in which channels. */
export interface VirtualFault {
  readonly kind:
    | 'down'
    | '5xx'
    | 'accept-then-reset'
    | 'hang'
    | 'accept-then-hang'
    | 'accept-late'
    | '429'
    | 'global-429'
    | '401'
    | 'closed'
    | 'gone';
  readonly from: number;
  readonly to: number;
  /** How likely it is to strike a request in that time. */
  readonly chance: number;
  /** null: all channels. */
  readonly channels: ReadonlySet<string> | null;
}

export interface VirtualMessage {
  readonly id: string;
  readonly channelId: string;
  readonly at: number;
  /** What the footer says; null if the channel shows no embeds. */
  readonly footer: string | null;
  readonly message: Message;
}

export interface VirtualChannel {
  readonly readable: boolean;
  readonly embeds: boolean;
}

/** Discord as delivery sees it, on the test's clock: channels, nonces that expire, and scheduled faults. */
export class VirtualDiscord {
  readonly messages: VirtualMessage[] = [];
  readonly edits: { readonly messageId: string; readonly message: Message }[] = [];
  /** By process, when it sent its requests. */
  readonly requests: number[][] = [];
  readonly channels: ReadonlyMap<string, VirtualChannel>;
  readonly #faults: readonly VirtualFault[];
  readonly #random: () => number;
  readonly #nonces = new Map<string, VirtualMessage>();
  readonly #byChannel = new Map<string, VirtualMessage[]>();

  constructor(channels: ReadonlyMap<string, VirtualChannel>, faults: readonly VirtualFault[], random: () => number) {
    this.channels = channels;
    this.#faults = faults;
    this.#random = random;
  }

  in(channelId: string): readonly VirtualMessage[] {
    return this.#byChannel.get(channelId) ?? [];
  }

  /** Discord as a process with this clock reaches it. */
  sender(clock: Clock): Send {
    const rateLimit = new RateLimit(clock, requestsPerSecond);
    const never = new AbortController().signal;
    const sent: number[] = [];
    this.requests.push(sent);
    /** In steps of 50 ms, so that many requests arrive together. */
    const travel = (): Promise<void> => clock.sleep(50 + 50 * Math.floor(this.#random() * 4));
    return {
      post: async (channelId, message) => {
        await rateLimit.take(never);
        sent.push(clock.now());
        await travel();
        const now = clock.now();
        const fault = this.#fault(channelId, now);
        const answer = this.#answer(fault?.kind ?? null, channelId, message, now);
        if (fault?.kind === 'accept-late')
          clock.after(1.5 * timeoutMs, () => void this.#take(channelId, message, clock.now()));
        if (fault?.kind === 'hang' || fault?.kind === 'accept-then-hang' || fault?.kind === 'accept-late')
          await clock.sleep(timeoutMs);
        else await travel();
        return answer;
      },
      find: async (channelId, message, since) => {
        await rateLimit.take(never);
        sent.push(clock.now());
        await travel();
        const now = clock.now();
        const fault = this.#fault(channelId, now);
        await travel();
        if (fault !== null && fault.kind !== 'closed' && fault.kind !== 'gone') return this.#failure(fault.kind);
        const { readable, embeds } = this.channels.get(channelId)!;
        if (!readable || !embeds || fault !== null) return { kind: 'unknown' };
        const found = this.in(channelId).find(
          (posted) =>
            posted.at >= since - 300_000 && posted.footer !== null && marksOf(message).includes(posted.footer),
        );
        return found === undefined ? { kind: 'absent' } : { kind: 'found', messageId: found.id };
      },
      edit: async (channelId, messageId, message) => {
        await rateLimit.take(never);
        sent.push(clock.now());
        await travel();
        if (this.#fault(channelId, clock.now()) !== null) return false;
        this.edits.push({ messageId, message });
        return true;
      },
      crosspost: async () => {
        await rateLimit.take(never);
        sent.push(clock.now());
        await travel();
        return true;
      },
    };
  }

  #fault(channelId: string, now: number): VirtualFault | null {
    return (
      this.#faults.find(
        ({ from, to, channels, chance }) =>
          now >= from && now < to && (channels === null || channels.has(channelId)) && this.#random() < chance,
      ) ?? null
    );
  }

  #answer(fault: VirtualFault['kind'] | null, channelId: string, message: Message, now: number): SendResult {
    switch (fault) {
      case null:
        return { kind: 'sent', messageId: this.#take(channelId, message, now).id };
      case 'accept-then-reset':
      case 'accept-then-hang':
        this.#take(channelId, message, now);
        return this.#failure(fault);
      case 'closed':
        return { kind: 'closed', reason: 'the bot may not write there' };
      case 'gone':
        return { kind: 'gone', reason: 'there is no such channel' };
      default:
        return this.#failure(fault);
    }
  }

  #failure(kind: Exclude<VirtualFault['kind'], 'closed' | 'gone'>): Extract<SendResult, { kind: 'retry' }> {
    const reason = kind;
    if (kind === '429')
      return {
        kind: 'retry',
        afterMs: 300 + Math.floor(this.#random() * 5_000),
        scope: 'channel',
        maybeTaken: false,
        reason,
      };
    if (kind === 'global-429')
      return {
        kind: 'retry',
        afterMs: 1_000 + Math.floor(this.#random() * 20_000),
        scope: 'everywhere',
        maybeTaken: false,
        reason,
      };
    if (kind === '401') return { kind: 'retry', afterMs: 300_000, scope: 'everywhere', maybeTaken: false, reason };
    return { kind: 'retry', afterMs: null, scope: 'everywhere', maybeTaken: true, reason };
  }

  #take(channelId: string, message: Message, now: number): VirtualMessage {
    const key = `${channelId} ${nonceOf(message)}`;
    const same = this.#nonces.get(key);
    if (same !== undefined && now - same.at < nonceMs) return same;
    const taken: VirtualMessage = {
      id: String(this.messages.length + 1),
      channelId,
      at: now,
      message,
      footer: this.channels.get(channelId)!.embeds ? footerOf(message) : null,
    };
    this.messages.push(taken);
    this.#nonces.set(key, taken);
    const known = this.#byChannel.get(channelId);
    if (known === undefined) this.#byChannel.set(channelId, [taken]);
    else known.push(taken);
    return taken;
  }
}

function nonceOf(message: Message): string {
  if (message.kind === 'backlog') return `backlog ${message.events.map(({ id }) => id).join(' ')}`;
  return footerOf(message);
}

/** The ids that the footer of this message may show. */
function marksOf(message: Message): string[] {
  const parts = message.kind === 'backlog' ? [...new Set(message.events.map(({ partOf }) => partOf))] : [];
  return [footerOf(message), ...(parts.length === 1 && parts[0] !== null ? [parts[0]] : [])];
}

/** The id in the footer, by which a message is found again. */
export function footerOf(message: Message): string {
  switch (message.kind) {
    case 'alert':
      return message.event.id;
    case 'backlog':
      return message.events[0].id;
    case 'notice':
      return message.id;
  }
}
