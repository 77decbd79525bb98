import type { Clock } from '../clock.js';
import type { Logger } from '../observability/index.js';
import { Bell } from '../waiting/index.js';
import { probeDelay, retryBackOff } from './delays.js';
import type { Message, Send } from './ports.js';

/** Further notices are only logged while this many wait. */
const mostWaiting = 20;

export interface OperatorOptions {
  readonly send: Pick<Send, 'post'>;
  /** null: notices are only logged. */
  readonly channelId: string | null;
  readonly clock: Clock;
  /** 0..1, for jitter. */
  readonly random: () => number;
  readonly logger: Logger;
}

export interface Operator {
  /** Posts the notices, until the signal. */
  run(signal: AbortSignal): Promise<void>;
  /** Logs a notice at once, and posts it in the operator's channel as soon as possible. */
  notify(text: string): void;
}

/** Tells the bot's operator about the bot's own trouble. A notice that is not posted before the end is in the log. */
export function createOperator({ send, channelId, clock, random, logger }: OperatorOptions): Operator {
  const waiting: Message[] = [];
  const bell = new Bell(clock);
  const backOff = retryBackOff(random);
  let count = 0;

  const tell = async (operatorChannelId: string, message: Message, signal: AbortSignal): Promise<void> => {
    for (let failures = 1; !signal.aborted; failures++) {
      const result = await send.post(operatorChannelId, message, signal);
      if (result.kind === 'sent') return;
      if (result.kind !== 'retry')
        logger.error({ channelId: operatorChannelId }, `OPERATOR_CHANNEL_ID: ${result.reason}`);
      if (result.kind === 'refused') return;
      const waitMs = result.kind === 'retry' ? (result.afterMs ?? backOff(failures)) : probeDelay(failures);
      await clock.sleep(waitMs, signal);
    }
  };

  return {
    async run(signal) {
      if (channelId === null) return;
      while (!signal.aborted) {
        const next = waiting.shift();
        if (next === undefined) await bell.wait(Infinity, signal);
        else await tell(channelId, next, signal);
      }
    },
    notify(text) {
      logger.warn(`to the operator: ${text}`);
      if (channelId === null || waiting.length >= mostWaiting) return;
      waiting.push({ kind: 'notice', id: `notice-${clock.now()}-${++count}`, text });
      bell.ring();
    },
  };
}
