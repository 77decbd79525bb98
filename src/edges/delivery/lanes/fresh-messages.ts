import type { IncidentEvent } from '../../../core/incidents/index.js';
import { hourMs, minuteMs, type UnixMillis } from '../../../core/time.js';
import type { Message, ToldRecord } from '../ports.js';
import type { BestEffortQueue } from './best-effort-queue.js';

const everyMs = 5 * minuteMs;
/** Discord allows few edits of older messages (error 30046). */
const freshMs = hourMs;

interface FreshMessage {
  readonly told: ToldRecord;
  readonly event: IncidentEvent;
  revision: number;
}

/** The messages of starts that are new enough to be edited when the country's numbers change. */
export class FreshMessages {
  readonly #messages = new Map<string, FreshMessage>();

  add(told: ToldRecord, event: IncidentEvent): void {
    this.#messages.set(`${told.channelId} ${told.incident}`, { told, event, revision: 0 });
  }

  /**
   * Adds an edit for each message whose event `refresh` gives other numbers for now (null: nothing changed), at most
   * every 5 min and in its first hour. A revision is counted from the event, so that all channels show the same
   * picture.
   */
  async update(
    now: UnixMillis,
    refresh: (event: IncidentEvent) => Promise<IncidentEvent | null>,
    bestEffort: BestEffortQueue,
  ): Promise<void> {
    const refreshed = new Map<string, Promise<IncidentEvent | null>>();
    for (const [key, message] of this.#messages) {
      const { told, event } = message;
      if (now - event.at >= freshMs) {
        this.#messages.delete(key);
        continue;
      }
      const revision = Math.floor((now - event.at) / everyMs);
      if (revision <= message.revision) continue;
      message.revision = revision;
      let asked = refreshed.get(event.id);
      if (asked === undefined) refreshed.set(event.id, (asked = refresh(event)));
      const changed = await asked;
      if (changed === null) continue;
      const { channelId, firstMessageId: messageId } = told;
      bestEffort.add({ kind: 'edit', channelId, messageId, message: editOf(changed, revision, null) });
    }
  }

  /** The incident's end was told, and its message gets its last edit. */
  forget(channelId: string, incident: string): void {
    this.#messages.delete(`${channelId} ${incident}`);
  }
}

/** The message that told an incident's start, as an edit shows it. */
export function editOf(event: IncidentEvent, revision: number, end: IncidentEvent | null): Message {
  return { kind: 'alert', event, part: 'start', roleId: null, replyTo: null, silent: true, revision, end };
}
