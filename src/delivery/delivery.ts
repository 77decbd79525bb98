import type { Clock } from '../clock.js';
import type { IncidentEvent } from '../incidents/index.js';
import type { Logger } from '../observability/index.js';
import { probeDelay, retryDelay } from './back-off.js';
import type { Outbox, Send, SendResult } from './ports.js';
import { isTold } from './told.js';

/** Another process may have written the event; and a wake that got lost costs this much at most. */
const pollMs = 3_000;
const readLimit = 100;
/** A target that asks for less than this is only pacing us: that is neither trouble nor worth a warning. */
const pacingMs = 10_000;

export interface DeliveryOptions {
  readonly outbox: Outbox;
  /** The name its cursor is kept under: "terminal", "discord:<channel>". */
  readonly target: string;
  readonly send: Send;
  readonly clock: Clock;
  /** 0..1, for jitter. */
  readonly random: () => number;
  readonly logger: Logger;
  /** After every attempt; ageMs: from the tick that decided until now. */
  readonly onAttempt: (result: SendResult['kind'], ageMs: number) => void;
}

export interface Delivery {
  /** Tells every event once and in order, until the signal; resolves when the attempt under way has ended. Never rejects. */
  run(signal: AbortSignal): Promise<void>;
  /** New events were committed. */
  wake(): void;
  /** Why the target is not being told just now, in a sentence; null while all is well. */
  trouble(): string | null;
}

/** One target's reader of the event log. The cursor moves after the target has accepted, so a crash repeats an event, never skips one. */
export function createDelivery({ outbox, target, send, clock, random, logger, onAttempt }: DeliveryOptions): Delivery {
  let trouble: string | null = null;
  let woken = false;
  let idle = new AbortController();

  /**
   * Runs `act` until it succeeds; null: stopped before it did. The store being away delays, nothing else. It is tried once even when
   * stopping: what a target has just accepted shall not be told again.
   */
  const insist = async <T>(doing: string, signal: AbortSignal, act: () => Promise<T>): Promise<T | null> => {
    for (let failures = 1; failures === 1 || !signal.aborted; failures++) {
      try {
        const done = await act();
        if (failures > 1) trouble = null;
        return done;
      } catch (error) {
        trouble = `${target}: cannot ${doing}: ${String(error)}`;
        logger.warn({ err: error, target }, `delivery cannot ${doing}, trying again`);
        await clock.sleep(retryDelay(failures, random), signal);
      }
    }
    return null;
  };

  /** A target never seen before is told what comes from now on, not the old news. */
  const begin = async (): Promise<number> => {
    const cursor = await outbox.cursor(target);
    if (cursor !== null) return cursor;
    const end = await outbox.end();
    await outbox.moveCursor(target, end);
    return end;
  };

  const attempt = async (event: IncidentEvent, signal: AbortSignal): Promise<SendResult> => {
    try {
      return await send(event, signal);
    } catch (error) {
      // A bug, but one that must not lose the event nor end the process.
      logger.error({ err: error, target, event: event.id }, 'sending failed in a way nobody foresaw');
      return { kind: 'retry', afterMs: null, reason: String(error) };
    }
  };

  /** True once the target has accepted; false: stopped before. */
  const tell = async (event: IncidentEvent, signal: AbortSignal): Promise<boolean> => {
    let failures = 0;
    let refusals = 0;
    const stopped = (): boolean => signal.aborted;
    while (!stopped()) {
      const result = await attempt(event, signal);
      // An attempt cut short by the stop is no failure of the target's.
      if (stopped() && result.kind !== 'sent') break;
      onAttempt(result.kind, clock.now() - event.at);
      if (result.kind === 'sent') {
        if (trouble !== null) logger.info({ target, event: event.id }, 'telling again');
        trouble = null;
        return true;
      }
      const pacing = result.kind === 'retry' && result.afterMs !== null && result.afterMs < pacingMs;
      if (!pacing) trouble = `${target}: ${result.reason}`;
      let waitMs: number;
      if (result.kind === 'retry') {
        waitMs = result.afterMs ?? retryDelay(++failures, random);
        logger[pacing ? 'debug' : 'warn']({ target, event: event.id, waitMs: Math.round(waitMs) }, `not told yet: ${result.reason}`);
      } else {
        waitMs = probeDelay(++refusals);
        logger.error({ target, event: event.id, waitMs }, `CANNOT TELL: ${result.reason}; nothing is lost, trying again later`);
      }
      await clock.sleep(waitMs, signal);
    }
    return false;
  };

  /** Tells what stands after `cursor`; the new cursor, or null: stopped. */
  const tellAfter = async (cursor: number, signal: AbortSignal): Promise<number | null> => {
    const batch = await insist('read the event log', signal, () => outbox.readAfter(cursor, readLimit));
    if (batch === null) return null;
    let passed = cursor;
    for (const { position, event } of batch) {
      passed = position;
      if (!isTold(event)) continue;
      if (!(await tell(event, signal))) return null;
      if ((await moveTo(position, signal)) === null) return null;
      cursor = position;
    }
    return passed === cursor ? cursor : moveTo(passed, signal);
  };

  const moveTo = (position: number, signal: AbortSignal): Promise<number | null> =>
    insist('save how far it has told', signal, async () => {
      await outbox.moveCursor(target, position);
      return position;
    });

  const rest = async (signal: AbortSignal): Promise<void> => {
    idle = new AbortController();
    if (!woken && !signal.aborted) await clock.sleep(pollMs, idle.signal);
    woken = false;
  };

  const wake = (): void => {
    woken = true;
    idle.abort();
  };

  return {
    async run(signal) {
      signal.addEventListener('abort', wake, { once: true });
      let cursor = await insist('read how far it has told', signal, begin);
      while (cursor !== null && !signal.aborted) {
        const before: number = cursor;
        cursor = await tellAfter(before, signal);
        if (cursor === before) await rest(signal);
      }
      signal.removeEventListener('abort', wake);
    },
    wake,
    trouble: () => trouble,
  };
}
