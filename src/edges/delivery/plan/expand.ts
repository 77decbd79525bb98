import type { Clock } from '../../clock.js';
import { concerns, priorityOf } from './plan.js';
import type { EventLog, Expansion, LoggedEvent, Outbox, Owed, Subscriptions } from '../ports.js';
import type { Subscription } from '../subscriptions/subscription.js';
import type { UnixMillis } from '../../../core/time.js';

/** Rows of one write: ten thousand would stop the store for a tenth of a second. */
const chunkSize = 500;
const readLimit = 100;

export interface ExpandOptions {
  readonly store: EventLog & Outbox & Subscriptions;
  /** Where notices go; null: notices are owed to no channel. */
  readonly operatorChannelId: string | null;
  readonly clock: Clock;
  /** These rows were saved, or may have been. */
  readonly onOwed: (rows: readonly Owed[]) => void;
}

/** How far the log was expanded. The first expansion begins at the end of the log: old events are not told. */
export async function beginExpansion(store: EventLog & Outbox): Promise<Expansion> {
  const present = await store.expansion();
  if (present !== null) return present;
  const begun: Expansion = { position: await store.end(), channelId: null };
  await store.owe([], begun);
  return begun;
}

/**
 * Turns the events after `from` into what channels are owed, chunk by chunk; returns how far it came (`from` if there
 * were no events). After a crash, or a stop by the signal, it goes on after the last chunk that was saved.
 */
export async function expand(
  from: Expansion,
  { store, operatorChannelId, clock, onOwed }: ExpandOptions,
  signal: AbortSignal,
): Promise<Expansion> {
  const batch = await store.readAfter(from.position, readLimit);
  if (batch.length === 0) return from;
  const subscriptions = await store.subscriptions();
  let reached = from;
  const write = async (rows: readonly Owed[], next: Expansion): Promise<void> => {
    try {
      await store.owe(rows, next);
      reached = next;
    } finally {
      // A write that failed without an answer may have been done. A lane whose channel is owed nothing after all goes
      // away when it is served.
      if (rows.length > 0) onOwed(rows);
    }
    // An embedded store answers without letting anything else run. The stream, if it is in this process, goes on here.
    if (rows.length > 0) await clock.sleep(0);
  };
  for (const logged of batch) {
    const before = logged.position - 1;
    const after = reached.position === before ? reached.channelId : null;
    const rows = owedOf(logged, subscriptions, operatorChannelId, clock.now()).filter(
      ({ channelId }) => after === null || channelId > after,
    );
    for (let first = 0; first + chunkSize < rows.length; first += chunkSize) {
      if (signal.aborted) return reached;
      const chunk = rows.slice(first, first + chunkSize);
      await write(chunk, { position: before, channelId: chunk[chunk.length - 1].channelId });
    }
    if (signal.aborted) return reached;
    const rest = rows.slice(Math.floor(Math.max(0, rows.length - 1) / chunkSize) * chunkSize);
    // An event that concerns no channel needs no write of its own.
    if (rest.length > 0 || logged === batch[batch.length - 1])
      await write(rest, { position: logged.position, channelId: null });
  }
  return reached;
}

/** Ordered by channel id as text. */
function owedOf(
  { position, event }: LoggedEvent,
  subscriptions: readonly Subscription[],
  operatorChannelId: string | null,
  now: UnixMillis,
): Owed[] {
  const row = (channelId: string): Owed => ({
    channelId,
    position,
    positions: [position],
    priority: priorityOf(event),
    owedAt: now,
  });
  if (event.kind === 'notice') return operatorChannelId === null ? [] : [row(operatorChannelId)];
  return subscriptions
    .filter((subscription) => position > subscription.since && concerns(event, subscription, now))
    .map(({ channelId }) => row(channelId));
}
