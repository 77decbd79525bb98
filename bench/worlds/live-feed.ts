/** The feed while it happens, and countries that leave the Internet in it. */
import { setImmediate } from 'node:timers/promises';
import { createRisLiveDecoder, ElemBatch, ElemKind, prefixLength } from '../../src/core/bgp/index.js';
import type { CountryMap } from '../../src/core/countries/index.js';
import type { Watch } from './watch.js';

const messagesPerMs = 50;
const turnMessages = 96;
/** Two minutes of dwell, and some more. */
export const ticksToDecide = 20;

/** An IPv4 country of some size, by the prefixes that are its. */
export interface SmallCountry {
  readonly code: string;
  readonly prefixes: readonly number[];
}

export function smallCountries(map: CountryMap, codes: Float64Array): SmallCountry[] {
  const byNumber = new Map<number, number[]>();
  for (const code of codes) {
    const length = prefixLength(code);
    const number = map.ipv4[(code - 2 ** length) * 2 ** (24 - length)];
    const own = byNumber.get(number);
    if (own === undefined) byNumber.set(number, [code]);
    else own.push(code);
  }
  return [...byNumber]
    .filter(([number, { length }]) => number !== 0 && length >= 20 && length <= 2000)
    .map(([number, prefixes]) => ({ code: map.codes[number], prefixes }));
}

/**
 * 50,000 messages a second into the watch. `timeOf` says for each message what event time it carries, and undefined
 * ends the feed; it hears the message's number and when it came, in the milliseconds of performance.now(), and whether
 * all that came before is done.
 */
export async function feedLive(
  watch: Watch,
  texts: readonly Buffer[],
  timeOf: (message: number, cameAt: number, caughtUp: boolean) => number | undefined,
): Promise<void> {
  const decoder = createRisLiveDecoder(watch.peers);
  const batch = new ElemBatch(8192);
  const startedAt = performance.now();
  for (let handled = 0; ;) {
    const due = Math.floor((performance.now() - startedAt) * messagesPerMs);
    const until = Math.min(due, handled + turnMessages);
    for (; handled < until; handled++) {
      const at = timeOf(handled, startedAt + handled / messagesPerMs, handled + 1 === due);
      if (at === undefined) return;
      decoder.decode(texts[handled % texts.length], batch);
      batch.at.fill(at, 0, batch.length);
      // Not gathered over the turn: then no message would have to wait for the others.
      watch.updates(batch);
      batch.clear();
    }
    await setImmediate();
  }
}

/** Every full feed withdraws what is the country's. */
export function withdrawEverywhere(watch: Watch, { prefixes }: SmallCountry, at: number): void {
  const batch = new ElemBatch(8192);
  for (const { peer, share } of watch.sessions) {
    if (share > 0.9) for (const code of prefixes) batch.push(ElemKind.withdrawal, 0, peer, at, code, 0);
  }
  watch.updates(batch);
}
