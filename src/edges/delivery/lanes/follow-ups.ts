import type { LoggedEvent, Message, ToldRecord } from '../ports.js';
import type { BestEffortQueue } from './best-effort-queue.js';
import { editOf, type FreshMessages } from './fresh-messages.js';

export interface FollowUpsOptions {
  readonly eventAt: (position: number) => Promise<LoggedEvent | null>;
  readonly bestEffort: BestEffortQueue;
  readonly fresh: FreshMessages;
}

/** What follows a message that was posted, and a row that was acknowledged: crossposts and edits. */
export class FollowUps {
  readonly #options: FollowUpsOptions;

  constructor(options: FollowUpsOptions) {
    this.#options = options;
  }

  posted(channelId: string, message: Message, messageId: string, told: readonly ToldRecord[]): void {
    if (message.kind !== 'alert') return;
    const { bestEffort, fresh } = this.#options;
    if (message.part === 'start' || message.part === 'recovery')
      bestEffort.add({ kind: 'crosspost', channelId, messageId });
    // A combined event keeps its numbers: it tells what happened at once.
    if (message.part === 'start' && message.event.country !== null)
      for (const record of told) fresh.add(record, message.event);
  }

  /** Shows the end of each incident in `told` that is over in the message that told its start. */
  async acknowledged(channelId: string, events: readonly LoggedEvent[], told: readonly ToldRecord[]): Promise<void> {
    const { eventAt, bestEffort, fresh } = this.#options;
    for (const { incident, over, position, firstMessageId } of told) {
      if (!over) continue;
      fresh.forget(channelId, incident);
      const end = events.findLast(({ event }) => event.incident === incident)?.event;
      const start = position === null || end === undefined ? null : await eventAt(position);
      if (start === null || end === undefined) continue;
      const message = editOf(start.event, 0, end);
      bestEffort.add({ kind: 'edit', channelId, messageId: firstMessageId, message });
    }
  }
}
