import type { EventLog, LoggedEvent } from '../ports.js';

/** Enough for a day with much news, after which ten thousand channels ask for the same events. */
const mostKept = 4_096;

/** The event at a position of the log, read once although it goes to many channels. */
export function createEventCache(log: Pick<EventLog, 'readAfter'>): (position: number) => Promise<LoggedEvent | null> {
  const known = new Map<number, LoggedEvent>();
  return async (position) => {
    const kept = known.get(position);
    if (kept !== undefined) return kept;
    const [read] = (await log.readAfter(position - 1, 1)) as (LoggedEvent | undefined)[];
    if (read?.position !== position) return null;
    if (known.size >= mostKept) known.delete(known.keys().next().value!);
    known.set(position, read);
    return read;
  };
}
