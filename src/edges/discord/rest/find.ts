import { Routes } from 'discord.js';
import type { Answer, Api } from './api.js';
import { kindOfRefusal } from './refusal.js';
import { minuteMs } from '../../../core/time.js';

/** Discord's first millisecond (its documentation, Reference, Snowflakes). */
const epochMs = 1_420_070_400_000;
/** Discord's documentation, Get Channel Messages. */
const pageSize = 100;
const mostPages = 5;
/** How far our clock may be from Discord's. */
const clockDifferenceMs = 5 * minuteMs;

export type Search =
  | { readonly kind: 'found'; readonly messageId: string }
  | { readonly kind: 'absent' }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'failed'; readonly answer: Exclude<Answer, { kind: 'ok' | 'refused' }> };

export interface Wanted {
  readonly channelId: string;
  /** The bot's own user id. */
  readonly authorId: string;
  /** How the footer of its embed begins: any of these. */
  readonly marks: readonly string[];
  /** Unix ms: not posted before. */
  readonly since: number;
  /** False: an empty list may mean that the history is hidden from us. */
  readonly mayRead: boolean;
}

/**
 * Looks for a message of ours through the channel's history. Where one of ours has no embed, nobody can tell which it
 * is; nor where more was written since than is looked through.
 */
export async function searchHistory(
  api: Api,
  { channelId, authorId, marks, since, mayRead }: Wanted,
  signal: AbortSignal,
): Promise<Search> {
  let after = snowflakeAt(since - clockDifferenceMs);
  let bare = false;
  for (let page = 0; page < mostPages; page++) {
    const answer = await api.get(Routes.channelMessages(channelId), signal, { after, limit: String(pageSize) });
    if (answer.kind === 'refused') {
      if (kindOfRefusal(answer) === 'passing')
        return { kind: 'failed', answer: { kind: 'rate-limited', afterMs: null, global: false } };
      return { kind: kindOfRefusal(answer) === 'gone' ? 'absent' : 'unknown' };
    }
    if (answer.kind !== 'ok') return { kind: 'failed', answer };
    const messages = messagesIn(answer.body);
    if (messages === null) return { kind: 'unknown' };
    const ours = messages.filter(
      (message) => message.author?.id === authorId && message.interaction_metadata === undefined,
    );
    const found = ours.find(({ embeds }) =>
      embeds?.some(({ footer }) => marks.some((mark) => footer?.text?.startsWith(mark))),
    );
    if (found !== undefined) return { kind: 'found', messageId: found.id };
    bare ||= ours.some(({ embeds }) => (embeds ?? []).length === 0);
    if (messages.length < pageSize) {
      const hidden = page === 0 && messages.length === 0 && !mayRead;
      return { kind: bare || hidden ? 'unknown' : 'absent' };
    }
    after = messages.map(({ id }) => id).reduce((newest, id) => (BigInt(id) > BigInt(newest) ? id : newest));
  }
  return { kind: 'unknown' };
}

/** The smallest id that a message of this time can have. */
function snowflakeAt(ms: number): string {
  return String(BigInt(Math.max(0, Math.floor(ms - epochMs))) << 22n);
}

/** What of a message is looked at. */
interface PostedMessage {
  readonly id: string;
  readonly author?: { readonly id: string };
  readonly embeds?: readonly { readonly footer?: { readonly text?: string } }[];
  /** Of an answer to a command. */
  readonly interaction_metadata?: unknown;
}

/** null: this is no list of messages. */
function messagesIn(body: unknown): readonly PostedMessage[] | null {
  if (!Array.isArray(body)) return null;
  const isMessage = (value: unknown): value is PostedMessage =>
    typeof value === 'object' &&
    value !== null &&
    'id' in value &&
    typeof value.id === 'string' &&
    /^\d+$/.test(value.id);
  return body.every(isMessage) ? body : null;
}
