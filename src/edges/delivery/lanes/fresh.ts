import type { IncidentEvent } from '../../../core/incidents/index.js';
import type { BestEffortQueue } from './best-effort-queue.js';
import type { ToldRecord } from '../ports.js';
import type { UnixMillis } from '../../../core/time.js';

const everyMs = 5 * 60_000;
/** Discord lets older messages be edited, but seldom (error 30046). */
const freshMs = 3_600_000;

/** Which first messages are new enough to be brought up to date, and when that was last done. */
export class FreshMessages {
  readonly #messages = new Map<
    string,
    { readonly told: ToldRecord; readonly event: IncidentEvent; revision: number }
  >();

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
      bestEffort.add({
        kind: 'edit',
        channelId: told.channelId,
        messageId: told.firstMessageId,
        message: {
          kind: 'alert',
          event: changed,
          part: 'start',
          roleId: null,
          replyTo: null,
          silent: true,
          revision,
          end: null,
        },
      });
    }
  }

  /** The incident's end was told: that is its message's last edit. */
  forget(channelId: string, incident: string): void {
    this.#messages.delete(`${channelId} ${incident}`);
  }
}
