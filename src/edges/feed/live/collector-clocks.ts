import type { ElemBatch, PeerIndex, UnixMillis } from '../../../core/bgp/index.js';
import { CollectorSlots } from './collector-slots.js';

/** A collector that sent nothing for this long, while another one did, counts as lost even if the socket is open. */
export const silentAfterMs = 60_000;

/** The event time of each collector's last message, kept as batches pass by. */
export class CollectorClocks {
  readonly #slots: CollectorSlots;
  readonly #lastAt: number[] = [];
  /** When that was, by our own clock. */
  readonly #heardAt: number[] = [];

  constructor(peers: PeerIndex) {
    this.#slots = new CollectorSlots(peers);
  }

  note(batch: ElemBatch, now: UnixMillis): void {
    for (let row = 0; row < batch.length; row++) {
      const slot = this.#slots.slotOf(batch.peer[row]);
      this.#lastAt[slot] = batch.at[row]!;
      this.#heardAt[slot] = now;
    }
  }

  /**
   * Second-newest of the collectors' last timestamps (of one collector: its own), so that one wrong clock moves
   * nothing. Of those that were heard to the last: one that fell silent hours ago dates nothing.
   */
  eventTime(): UnixMillis | null {
    const lastHeardAt = Math.max(...this.#heardAt);
    const newestFirst = this.#lastAt
      .filter((_, slot) => lastHeardAt - this.#heardAt[slot] < silentAfterMs)
      .sort((a, b) => b - a);
    return newestFirst.at(1) ?? newestFirst.at(0) ?? null;
  }
}
