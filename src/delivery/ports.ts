import type { IncidentEvent } from '../incidents/index.js';

/** An event with its place in the log: a positive integer that grows by one per event. */
export interface LoggedEvent {
  readonly position: number;
  readonly event: IncidentEvent;
}

/** The event log as delivery reads it, and how far each target has been told. */
export interface Outbox {
  /** Events after `position`, oldest first, at most `limit`. */
  readAfter(position: number, limit: number): Promise<LoggedEvent[]>;
  /** Position of the newest event; 0 when there is none. */
  end(): Promise<number>;
  /** How far `target` ("terminal", "discord:<channel>") has been told; null if it never was. */
  cursor(target: string): Promise<number | null>;
  /** Durable when it resolves. Never moves a cursor back. */
  moveCursor(target: string, position: number): Promise<void>;
}

export type SendResult =
  | { readonly kind: 'sent'; readonly messageId: string }
  /** Try again after `afterMs`, or after the sender's own back-off where it is null. */
  | { readonly kind: 'retry'; readonly afterMs: number | null; readonly reason: string }
  /** Not to be told until somebody mends it: the channel is gone or closed to us. It is tried again later, nothing is lost. */
  | { readonly kind: 'gone'; readonly reason: string };

/** Tells one event to one target. Outcomes are values; it throws only on a bug. */
export type Send = (event: IncidentEvent, signal: AbortSignal) => Promise<SendResult>;
