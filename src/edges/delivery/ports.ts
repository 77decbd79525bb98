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
  /** How far `target` has been told; null if it never was. */
  cursor(target: string): Promise<number | null>;
  /** Durable when it resolves. Never moves a cursor back. */
  moveCursor(target: string, position: number): Promise<void>;
}

/** What a channel hears first: a start before an escalation before news of one it knows before a recovery. */
export const priorities = { start: 0, escalation: 1, update: 2, recovery: 3 } as const;
export type Priority = (typeof priorities)[keyof typeof priorities];

/** A message owed to a channel: the event at `position` of the log, or, after a long silence, several events in one. */
export interface Owed {
  readonly channelId: string;
  /** Its place in the channel's queue, unlike any other's there: the (first) event's position. */
  readonly position: number;
  /** Every event it tells, in order: [position], or more for one combined message. */
  readonly positions: readonly number[];
  readonly priority: Priority;
  /** Wall clock, when it was written: no attempt at it is older. */
  readonly owedAt: UnixMillis;
}

/**
 * How far the event log was expanded into what channels are owed: every event up to `position`, and of the next one the
 * channels up to `channelId` in the order of subscriptions(); null: none of them yet.
 */
export interface Expansion {
  readonly position: number;
  readonly channelId: string | null;
}

/** What a channel was told of an incident. */
export interface ToldRecord {
  readonly channelId: string;
  readonly incident: string;
  /** Replies point at it, and the last edit turns it green. */
  readonly firstMessageId: string;
  /** Log position of the event that it tells; null where it was a combined message, or tells of several countries. */
  readonly position: number | null;
  /** The worst level told. */
  readonly severity: IncidentEvent['level'];
  /** Wall clock, when Discord had taken it. */
  readonly at: UnixMillis;
  /** Its end was told, or passed over for a channel that wants no ends: a relapse is a start again. */
  readonly over: boolean;
}

/** All that decides a channel's next message. */
export interface ChannelState {
  readonly subscription: Subscription | null;
  /** Oldest first, at most the limit asked for. */
  readonly owed: readonly Owed[];
  readonly told: readonly ToldRecord[];
}

/** What channels are owed, durable. Each call is one atomic act. */
export interface Outbox {
  /** null: nothing was ever expanded. */
  expansion(): Promise<Expansion | null>;
  /**
   * Writes one chunk and how far that brings the expansion. What is owed under the same channel and position is
   * replaced.
   */
  owe(chunk: readonly Owed[], expansion: Expansion): Promise<void>;
  /** The first owed of every channel that is owed anything. */
  heads(): Promise<Owed[]>;
  channel(channelId: string, limit: number): Promise<ChannelState>;
  /**
   * `owed` is done with: it is no longer owed, and `told` (by channel and incident) is remembered. Nothing happens
   * where it is not owed.
   */
  acknowledge(owed: Owed, told: readonly ToldRecord[]): Promise<void>;
  /** `into` takes the place of `rows`, all of one channel. */
  combine(rows: readonly Owed[], into: Owed): Promise<void>;
  /** How much is owed in all, and since when the oldest. */
  depth(): Promise<{ readonly owed: number; readonly oldestAt: UnixMillis | null }>;
}

/** Who wants to hear what. */
export interface Subscriptions {
  /** All of them, those whose channel is gone too, ordered by channel id as text. */
  subscriptions(): Promise<Subscription[]>;
  subscription(channelId: string): Promise<Subscription | null>;
  /** Replaces the channel's one. */
  saveSubscription(subscription: Subscription): Promise<void>;
  /** With what the channel is owed and what it was told. */
  removeSubscription(channelId: string): Promise<void>;
}

/** Small things to remember between starts: name to text. */
export interface Notes {
  note(name: string): Promise<string | null>;
  setNote(name: string, value: string): Promise<void>;
}

/** What a channel is told. */
export type Message =
  | {
      readonly kind: 'alert';
      readonly event: IncidentEvent;
      /** start: also an escalation to who hears of it for the first time. */
      readonly part: keyof typeof priorities;
      readonly roleId: string | null;
      /** A message to reply to. */
      readonly replyTo: string | null;
      /** Without a notification. */
      readonly silent: boolean;
      /** 0; then how often it was brought up to date. */
      readonly revision: number;
      /** Its end, for the last edit of a first message; null while it lasts. */
      readonly end: IncidentEvent | null;
    }
  /** After a long silence: the last event of each incident that a channel missed something of, oldest first. */
  | {
      readonly kind: 'backlog';
      readonly events: readonly IncidentEvent[];
      readonly roleId: string | null;
      readonly replyTo: string | null;
      readonly at: UnixMillis;
    }
  /** To the operator. `id` is unlike any other notice's. */
  | { readonly kind: 'notice'; readonly id: string; readonly text: string };

export type SendResult =
  | { readonly kind: 'sent'; readonly messageId: string }
  /**
   * Try again after `afterMs`, or after one's own back-off where it is null. everywhere: it is not this channel's
   * trouble. maybeTaken: no answer came, Discord may have taken it.
   */
  | {
      readonly kind: 'retry';
      readonly afterMs: number | null;
      readonly scope: 'channel' | 'everywhere';
      readonly maybeTaken: boolean;
      readonly reason: string;
    }
  /** The channel is closed to us until somebody mends its permissions. */
  | { readonly kind: 'closed'; readonly reason: string }
  /** There is no such channel any more. */
  | { readonly kind: 'gone'; readonly reason: string }
  /** Not even its text alone is taken, ever: a fault of ours. */
  | { readonly kind: 'refused'; readonly reason: string };

export type FindResult =
  | { readonly kind: 'found'; readonly messageId: string }
  | { readonly kind: 'absent' }
  /** The channel's history may not be read, or shows no embeds: nobody can tell. */
  | { readonly kind: 'unknown' }
  | Extract<SendResult, { kind: 'retry' }>;

/** Speaks to Discord's channels, at a pace that Discord allows. Outcomes are values; it throws only on a bug. */
export interface Send {
  /** The same `message` to the same channel has the same nonce each time. */
  post(channelId: string, message: Message, signal: AbortSignal): Promise<SendResult>;
  /** Looks for a message of ours that tells `message`, among those posted at `since` or later. */
  find(channelId: string, message: Message, since: UnixMillis, signal: AbortSignal): Promise<FindResult>;
  /** Best effort, one attempt: whether it was taken. */
  edit(channelId: string, messageId: string, message: Message, signal: AbortSignal): Promise<boolean>;
  /** Best effort, one attempt, in announcement channels only: whether it was taken. */
  crosspost(channelId: string, messageId: string, signal: AbortSignal): Promise<boolean>;
}
