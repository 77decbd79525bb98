/** Feeds messages at the rate of the live stream, and lets countries leave the Internet in it. */
import { setImmediate } from 'node:timers/promises';
import { createRisLiveDecoder, ElemBatch, ElemKind, prefixLength } from '../../src/core/bgp/index.js';
import type { CountryMap } from '../../src/core/countries/index.js';
import type { Watch } from './watch.js';

const messagesPerMs = 50;
const turnMessages = 96;
/** The dwell of two minutes, and some more. */
export const ticksToDecide = 20;

/** A country of some size, and the IPv4 prefixes that belong to it. */
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
 * Feeds 50,000 messages a second into the watch. `timeOf` gives each message its event time; undefined ends the feed.
 * It gets the message's number, when it arrived (in the milliseconds of performance.now()), and whether no more
 * messages are waiting.
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
      // Each message alone, not gathered over the turn, so that none waits for the others.
      watch.updates(batch);
      batch.clear();
    }
    await setImmediate();
  }
}

/** Every full feed withdraws the country's prefixes. */
export function withdrawEverywhere(watch: Watch, { prefixes }: SmallCountry, at: number): void {
  const batch = new ElemBatch(8192);
  for (const { peer, share } of watch.sessions) {
    if (share > 0.9) for (const code of prefixes) batch.push(ElemKind.withdrawal, 0, peer, at, code, 0);
  }
  watch.updates(batch);
}
