import { eventTimeOf, type ElemBatch, type PeerIndex, type UnixMillis } from '../../../core/bgp/index.js';

/** A collector is silent if nothing of it came for this long while others were heard, whatever the socket says. */
export const silentAfterMs = 60_000;

/** When each collector was last heard: says from which event time on a connection that is lost leaves a gap. */
export class LastHeard {
  readonly #peers: PeerIndex;
  /** By collector number, as the next: the time of its last row, which goes back where its clock was set right. */
  readonly #rowAt: UnixMillis[] = [];
  /** When that row came, on our clock. */
  readonly #cameAt: UnixMillis[] = [];

  constructor(peers: PeerIndex) {
    this.#peers = peers;
  }

  note(batch: ElemBatch, now: UnixMillis): void {
    for (let row = 0; row < batch.length; row++) {
      const collector = this.#peers.collectorOf(batch.peer[row]);
      this.#rowAt[collector] = batch.at[row];
      this.#cameAt[collector] = now;
    }
  }

  /** Event time by the collectors that were not silent: what another one said hours ago dates nothing. */
  eventTime(): UnixMillis | null {
    // forEach and filter pass over collectors of which no row came.
    let newest = -Infinity;
    this.#cameAt.forEach((at) => (newest = Math.max(newest, at)));
    return eventTimeOf(this.#rowAt.filter((_, collector) => newest - this.#cameAt[collector] < silentAfterMs));
  }
}
