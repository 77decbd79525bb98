import type { ElemBatch, PeerIndex, UnixMillis } from '../bgp/index.js';
import { CollectorSlots } from './collector-slots.js';

/** The event time of each collector's last message, kept as batches pass by. */
export class CollectorClocks {
  readonly #slots: CollectorSlots;
  readonly #lastAt: number[] = [];

  constructor(peers: PeerIndex) {
    this.#slots = new CollectorSlots(peers);
  }

  note(batch: ElemBatch): void {
    for (let row = 0; row < batch.length; row++) this.#lastAt[this.#slots.slotOf(batch.peer[row])] = batch.at[row]!;
  }

  byCollector(): ReadonlyMap<string, UnixMillis> {
    return new Map(this.#slots.names.map((name, slot) => [name, this.#lastAt[slot]]));
  }

  /** Second-newest of the collectors' last timestamps (of one collector: its own), so that one wrong clock moves nothing. */
  eventTime(): UnixMillis | null {
    const newestFirst = [...this.#lastAt].sort((a, b) => b - a);
    return newestFirst.at(1) ?? newestFirst.at(0) ?? null;
  }
}
