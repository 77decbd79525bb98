import type { ElemBatch, UnixMillis } from './elem.js';
import type { PeerIndex } from './peer.js';

/**
 * What time it is if the collectors' last rows have these times: the second-newest, so that one wrong clock moves
 * nothing. A single collector's own; null for none.
 */
export function eventTimeOf(times: Iterable<UnixMillis>): UnixMillis | null {
  let newest: UnixMillis | null = null;
  let second: UnixMillis | null = null;
  for (const at of times) {
    if (newest === null || at > newest) {
      second = newest;
      newest = at;
    } else if (second === null || at > second) second = at;
  }
  return second ?? newest;
}

/**
 * Event time as rows are applied. A collector counts by its newest row, unless it is in a gap. The only one left of
 * several is not believed. Event time never goes back.
 */
export class EventTime {
  readonly #peers: PeerIndex;
  /** By collector number. */
  readonly #newest: UnixMillis[] = [];
  readonly #lost: boolean[] = [];
  readonly #fewest: number;
  #now: UnixMillis = -Infinity;

  /** `collectors`: how many were chosen. */
  constructor(peers: PeerIndex, collectors: number) {
    this.#peers = peers;
    this.#fewest = Math.min(2, collectors);
  }

  get now(): UnixMillis {
    return this.#now;
  }

  observe(batch: ElemBatch, from = 0, to = batch.length): UnixMillis {
    const peers = this.#peers;
    const newest = this.#newest;
    while (newest.length < peers.collectors.length) newest.push(-Infinity);
    for (let row = from; row < to; row++) {
      const collector = peers.collectorOf(batch.peer[row]);
      if (batch.at[row] > newest[collector]) newest[collector] = batch.at[row];
    }
    const counting = newest.filter((at, collector) => at > -Infinity && !this.#lost[collector]);
    if (counting.length >= this.#fewest) this.#now = Math.max(this.#now, eventTimeOf(counting) ?? -Infinity);
    return this.#now;
  }

  /** A gap of the collector begins: until rejoin() its time does not count. */
  lose(collector: string): void {
    this.#lost[this.#peers.numberOf(collector)] = true;
  }

  rejoin(collector: string): void {
    this.#lost[this.#peers.numberOf(collector)] = false;
  }
}
