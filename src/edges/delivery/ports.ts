import type { IncidentEvent } from '../../core/incidents/index.js';
import type { Subscription } from './subscriptions/subscription.js';
import type { UnixMillis } from '../../core/time.js';

/** An event with its place in the log: a positive integer that grows by one per event. */
export interface LoggedEvent {
  readonly position: number;
  readonly event: IncidentEvent;
}

/** The event log as delivery reads it, and how far a single reader (the terminal) has been told. */
export interface EventLog {
  /** Events after `position`, oldest first, at most `limit`. */
  readAfter(position: number, limit: number): Promise<LoggedEvent[]>;
  /** Position of the newest event; 0 when there is none. */
  end(): Promise<number>;
  /** Position up to which `target` was told; null if it never was. */
  cursor(target: string): Promise<number | null>;
  /** Durable when it resolves. Never moves a cursor back. */
  moveCursor(target: string, position: number): Promise<void>;
}

/** Lowest first: a start, then an escalation, then news of a known incident, then a recovery. */
export const priorities = { start: 0, escalation: 1, update: 2, recovery: 3 } as const;
export type Priority = (typeof priorities)[keyof typeof priorities];

/** A message owed to a channel: one event of the log, or a backlog of several. */
export interface Owed {
  readonly channelId: string;
  /** The position of the (first) event: its place in the channel's queue, and unique there. */
  readonly position: number;
  /** Every event that it tells, in order: [position], or several for a backlog. */
  readonly positions: readonly number[];
  readonly priority: Priority;
  /** Wall clock, when the row was written. Every attempt to post it is later. */
  readonly owedAt: UnixMillis;
}

/**
 * How far the event log was expanded into what channels are owed: every event up to `position`; of the next event, the
 * channels up to `channelId` in the order of subscriptions() (null: no channel yet).
 */
export interface Expansion {
  readonly position: number;
  readonly channelId: string | null;
}

/** What a channel was told of an incident. */
export interface ToldRecord {
  readonly channelId: string;
  readonly incident: string;
  /** The message that told its start: replies point at it, and the last edit turns it green. */
  readonly firstMessageId: string;
  /** Log position of the start's event; null if its message told of several incidents (combined, or a backlog). */
  readonly position: number | null;
  /** The worst level told. */
  readonly severity: IncidentEvent['level'];
  /** Wall clock, when that message was posted. */
  readonly at: UnixMillis;
  /** The end was told, or passed over in a channel that wants no ends. A relapse is then a start again. */
  readonly over: boolean;
}

/** Everything that a channel's next message depends on. */
export interface ChannelState {
  readonly subscription: Subscription | null;
  /** Oldest first, at most `limit`. */
  readonly owed: readonly Owed[];
  readonly told: readonly ToldRecord[];
}

/** What channels are owed, durable. Each call is one atomic act. */
export interface Outbox {
  /** null before the first expansion. */
  expansion(): Promise<Expansion | null>;
  /**
   * Writes a chunk of rows, and how far the expansion comes with it. A row with the same channel and position is
   * replaced.
   */
  owe(chunk: readonly Owed[], expansion: Expansion): Promise<void>;
  /** The first row of each channel that is owed something. */
  heads(): Promise<Owed[]>;
  channel(channelId: string, limit: number): Promise<ChannelState>;
  /**
   * Removes the row `owed` and remembers `told` (by channel and incident). Does nothing if the row is not there.
   */
  acknowledge(owed: Owed, told: readonly ToldRecord[]): Promise<void>;
  /** Replaces `rows`, all of one channel, by the row of their backlog. */
  combine(rows: readonly Owed[], into: Owed): Promise<void>;
  /** How many rows are owed, and since when the oldest. */
  depth(): Promise<{ readonly owed: number; readonly oldestAt: UnixMillis | null }>;
}

/** What each channel wants to hear. */
export interface Subscriptions {
  /** All of them, also those of channels that are gone, ordered by channel id as text. */
  subscriptions(): Promise<Subscription[]>;
  subscription(channelId: string): Promise<Subscription | null>;
  /** Replaces the channel's present subscription. */
  saveSubscription(subscription: Subscription): Promise<void>;
  /** Also removes what the channel is owed and what it was told. */
  removeSubscription(channelId: string): Promise<void>;
}

/** Short texts by name, kept between starts. */
export interface Notes {
  note(name: string): Promise<string | null>;
  setNote(name: string, value: string): Promise<void>;
}

/** What a channel is told. */
export type Message =
  | {
      readonly kind: 'alert';
      readonly event: IncidentEvent;
      /** start: the first message about the incident in this channel, whichever event tells it. */
      readonly part: keyof typeof priorities;
      readonly roleId: string | null;
      /** A message to reply to. */
      readonly replyTo: string | null;
      /** Without a notification. */
      readonly silent: boolean;
      /** 0 for the first form; an edit with newer numbers has a higher one. */
      readonly revision: number;
      /** The event that ended the incident, for the last edit of its first message; null while it lasts. */
      readonly end: IncidentEvent | null;
    }
  /** What a channel missed: the last event of each incident, oldest first. */
  | {
      readonly kind: 'backlog';
      readonly events: readonly IncidentEvent[];
      readonly roleId: string | null;
      readonly replyTo: string | null;
      readonly at: UnixMillis;
    }
  /** To the operator. `id` is unique among notices. */
  | { readonly kind: 'notice'; readonly id: string; readonly text: string };

export type SendResult =
  | { readonly kind: 'sent'; readonly messageId: string }
  /**
   * Try again after `afterMs` (null: after the sender's own back-off). everywhere: the trouble is not this channel's
   * own. maybeTaken: no answer came, so Discord may have posted it.
   */
  | {
      readonly kind: 'retry';
      readonly afterMs: number | null;
      readonly scope: 'channel' | 'everywhere';
      readonly maybeTaken: boolean;
      readonly reason: string;
    }
  /** The bot may not write to the channel until its permissions are mended. */
  | { readonly kind: 'closed'; readonly reason: string }
  /** The channel no longer exists. */
  | { readonly kind: 'gone'; readonly reason: string }
  /** Discord takes neither the message nor its text alone, because of a fault in this program. */
  | { readonly kind: 'refused'; readonly reason: string };

export type FindResult =
  | { readonly kind: 'found'; readonly messageId: string }
  | { readonly kind: 'absent' }
  /** The bot may not read the channel's history, or it shows no embeds. */
  | { readonly kind: 'unknown' }
  | Extract<SendResult, { kind: 'retry' }>;

/** Sends to Discord's channels, within Discord's rate limit. Outcomes are values; only a bug throws. */
export interface Send {
  /** The same `message` to the same channel has the same nonce each time. */
  post(channelId: string, message: Message, signal: AbortSignal): Promise<SendResult>;
  /** Searches the bot's messages that were posted at `since` or later for one that tells `message`. */
  find(channelId: string, message: Message, since: UnixMillis, signal: AbortSignal): Promise<FindResult>;
  /** One attempt; whether Discord took it. */
  edit(channelId: string, messageId: string, message: Message, signal: AbortSignal): Promise<boolean>;
  /** One attempt, in announcement channels only; whether Discord took it. */
  crosspost(channelId: string, messageId: string, signal: AbortSignal): Promise<boolean>;
}
