import type { Clock } from '../clock.js';
import type { IncidentEvent } from '../../core/incidents/index.js';
import type { Logger } from '../observability/index.js';
import { renderLine } from '../../core/report/index.js';
import { secondMs } from '../../core/time.js';
import { Bell } from '../waiting/index.js';
import { StoreRetry } from './store-retry.js';
import type { EventLog } from './ports.js';

/** Another process may write events without a wake(), so the log is read this often anyway. */
const pollMs = 3 * secondMs;
const readLimit = 100;
/** The name of its cursor. */
const target = 'terminal';

export interface TerminalOptions {
  readonly log: EventLog;
  /** Gets the line without a newline. */
  readonly write: (line: string) => void;
  readonly clock: Clock;
  /** 0..1, for jitter. */
  readonly random: () => number;
  readonly logger: Logger;
}

export interface Terminal {
  /** Tells every event in order, until the signal. Never rejects. */
  run(signal: AbortSignal): Promise<void>;
  /** New events were committed. */
  wake(): void;
  /** Why nothing is told just now, in a sentence; null while all is well. */
  trouble(): string | null;
}

/** Tells a terminal, a line for each event. The first start begins with the events that come then, not with old ones. */
export function createTerminal({ log, write, clock, random, logger }: TerminalOptions): Terminal {
  const bell = new Bell(clock);
  const storeRetry = new StoreRetry({ clock, random, logger });

  const begin = async (): Promise<number> => {
    const cursor = await log.cursor(target);
    if (cursor !== null) return cursor;
    const end = await log.end();
    await log.moveCursor(target, end);
    return end;
  };

  /** Tells the events after `cursor`; the new cursor, or null if stopped. */
  const tellAfter = async (cursor: number, signal: AbortSignal): Promise<number | null> => {
    const batch = await storeRetry.run('read the event log', signal, () => log.readAfter(cursor, readLimit));
    let passed: number | null = batch === null ? null : cursor;
    for (const { position, event } of batch ?? []) {
      if (isTold(event)) {
        write(renderLine(event));
        // After each line, so that a crash repeats one at most.
        if ((await moveTo(position, signal)) === null) return null;
      }
      passed = position;
    }
    return passed === null || passed === cursor ? passed : moveTo(passed, signal);
  };

  const moveTo = (position: number, signal: AbortSignal): Promise<number | null> =>
    storeRetry.run('save how far it has told', signal, async () => {
      await log.moveCursor(target, position);
      return position;
    });

  return {
    async run(signal) {
      let cursor = await storeRetry.run('read how far it has told', signal, begin);
      const stopped = (): boolean => signal.aborted;
      while (cursor !== null && !stopped()) {
        const before: number = cursor;
        cursor = await tellAfter(before, signal);
        if (cursor === before && !stopped()) await bell.wait(pollMs, signal);
      }
    },
    wake: () => bell.ring(),
    trouble: () => (storeRetry.trouble === null ? null : `terminal: ${storeRetry.trouble}`),
  };
}

/**
 * Whether the terminal tells this event: only if its incident was major or worse, so that "restored" follows an event
 * that was told. A country that is only unstable is told to channels that ask for it, a notice to the operator, and a
 * part of a combined event by that event.
 */
export function isTold(event: IncidentEvent): boolean {
  if (event.kind === 'unstable' || event.kind === 'notice' || event.partOf !== null) return false;
  return event.worst === 'major' || event.worst === 'down';
}
