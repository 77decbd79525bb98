/** The whole pipeline on one core, compared with JSON.parse alone on the same bytes. */
import { createRisLiveDecoder, ElemBatch } from '../../src/core/bgp/index.js';
import { blockCount, blockMessages, blockMs, postpone, type Messages } from '../worlds/messages.js';
import { interleaved, timed } from '../rounds.js';
import type { Watch } from '../worlds/watch.js';

const rounds = 15;
/** The number of messages that the socket hands over at once: 64 KB. */
const turnMessages = 96;

export interface CoreTimes {
  readonly parseMicros: number;
  readonly pipelineMicros: number;
  readonly decodeMicros: number;
}

/** Microseconds a message. A round is a block of messages, and one tick. */
export async function measureCore(watch: Watch, { texts }: Messages): Promise<CoreTimes> {
  const decoder = createRisLiveDecoder(watch.peers);
  const batch = new ElemBatch(8192);
  const scratch = new ElemBatch(8192);
  let next = 0;
  const block = (): readonly Buffer[] => texts.slice(next, next + blockMessages);
  const medians = await interleaved(rounds, [
    {
      name: 'parse',
      run: () => {
        const own = block();
        return timed(() => {
          for (const text of own) parse(text);
        });
      },
    },
    {
      name: 'decode',
      run: () => {
        const own = block();
        return timed(() => {
          for (const text of own) {
            decoder.decode(text, scratch);
            scratch.clear();
          }
        });
      },
    },
    {
      name: 'pipeline',
      run: () => {
        const own = block();
        const ms = timed(() => {
          for (let at = 0; at < own.length; at++) {
            decoder.decode(own[at], batch);
            if ((at + 1) % turnMessages !== 0 && at + 1 !== own.length) continue;
            watch.updates(batch);
            batch.clear();
          }
        });
        postpone(own, (blockCount * blockMs) / 1000);
        next = (next + blockMessages) % texts.length;
        return ms;
      },
    },
  ]);
  if (decoder.counters.fallbacks > 0)
    throw new Error(`the scanner left ${decoder.counters.fallbacks} messages to JSON.parse`);
  const micros = (name: string): number => (medians.get(name)! * 1000) / blockMessages;
  return { parseMicros: micros('parse'), decodeMicros: micros('decode'), pipelineMicros: micros('pipeline') };
}

export function parse(text: Buffer): unknown {
  return JSON.parse(text.toString('utf8'));
}
