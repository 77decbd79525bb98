import type { ElemBatch, UnixMillis } from './elem.js';
import type { PeerIndex } from './peer.js';

/**
 * Event time T: the second-newest of the last timestamps of the collectors not in a gap (where only one was chosen its
 * own), so that one wrong clock moves nothing. It never goes back.
 */
export class EventTime {
  readonly #peers: PeerIndex;
  readonly #collectors = new Map<string, number>();
  readonly #collectorOf: number[] = [];
  readonly #last: number[] = [];
  readonly #lost: boolean[] = [];
  readonly #alone: boolean;
  #now: UnixMillis = -Infinity;

  /** `collectors`: how many were chosen. */
  constructor(peers: PeerIndex, collectors: number) {
    this.#peers = peers;
    this.#alone = collectors === 1;
  }

  get now(): UnixMillis {
    return this.#now;
  }

  observe(batch: ElemBatch, from = 0, to = batch.length): UnixMillis {
    const last = this.#last;
    for (let row = from; row < to; row++) {
      const peer = batch.peer[row];
      const collector = this.#collectorOf[peer] ?? this.#meet(peer);
      const at = batch.at[row];
      if (at > last[collector]) last[collector] = at;
    }
    let newest = -Infinity;
    let second = -Infinity;
    for (let collector = 0; collector < last.length; collector++) {
      if (this.#lost[collector]) continue;
      const at = last[collector];
      if (at > newest) {
        second = newest;
        newest = at;
      } else if (at > second) second = at;
    }
    const now = this.#alone ? newest : second;
    if (now > this.#now) this.#now = now;
    return this.#now;
  }

  /** A gap of the collector begins: until it is over its time does not count. */
  lose(collector: string): void {
    this.#lost[this.#numberOf(collector)] = true;
  }

  rejoin(collector: string): void {
    this.#lost[this.#numberOf(collector)] = false;
  }

  #meet(peer: number): number {
    return (this.#collectorOf[peer] = this.#numberOf(this.#peers.at(peer).collector));
  }

  #numberOf(name: string): number {
    let collector = this.#collectors.get(name);
    if (collector === undefined) {
      collector = this.#last.push(-Infinity) - 1;
      this.#lost.push(false);
      this.#collectors.set(name, collector);
    }
    return collector;
  }
}
