import { ElemBatch } from '../../../core/bgp/index.js';
import type { PeerIndex, UnixMillis } from '../../../core/bgp/index.js';

const segmentRows = 16_384;

interface Held {
  /** through: files and stream have met; rows pass. dropped: not heard, given up, or nobody asked for it. */
  mode: 'buffering' | 'through' | 'dropped';
  segments: ElemBatch[];
  /** Rows up to here were let go for want of room. */
  lostTo: UnixMillis;
}

/**
 * Live rows kept, collector by collector, while the archive's files catch up with them. Bounded: when it is full the
 * oldest rows go, and that collector's files have to reach further. A row takes 26 bytes.
 */
export class SpliceBuffer {
  readonly #peers: PeerIndex;
  readonly #maxRows: number;
  readonly #notAfter: (collector: string) => UnixMillis;
  readonly #held: ReadonlyMap<string, Held>;
  /** By collector number. */
  readonly #byNumber: (Held | undefined)[] = [];
  readonly #passing = new ElemBatch();
  #rows = 0;

  /** `notAfter`: no row of the collector that was heard so far is newer, whatever time it claims. */
  constructor(
    peers: PeerIndex,
    collectors: readonly string[],
    maxRows: number,
    notAfter: (collector: string) => UnixMillis,
  ) {
    this.#peers = peers;
    this.#maxRows = maxRows;
    this.#notAfter = notAfter;
    this.#held = new Map(
      collectors.map((collector) => [collector, { mode: 'buffering', segments: [], lostTo: -Infinity }]),
    );
    for (const [collector, held] of this.#held) this.#byNumber[peers.numberOf(collector)] = held;
  }

  get rows(): number {
    return this.#rows;
  }

  /** Whether files and stream of all these collectors (numbers) have met: their rows need not go through here. */
  passesAll(collectors: readonly number[]): boolean {
    return collectors.every((collector) => this.#byNumber[collector]?.mode === 'through');
  }

  /**
   * Takes the rows in; those whose collector is through go to `pass` (a reused batch). Returns the collectors that lost
   * old rows.
   */
  add(batch: ElemBatch, pass: (batch: ElemBatch) => void): ReadonlySet<string> {
    for (let row = 0; row < batch.length;) {
      const held = this.#heldOf(batch.peer[row]);
      let end = row + 1;
      while (end < batch.length && this.#heldOf(batch.peer[end]) === held) end++;
      if (held?.mode === 'through') this.#passing.append(batch, row, end);
      else if (held?.mode === 'buffering') this.#keep(held, batch, row, end);
      row = end;
    }
    if (this.#passing.length > 0) pass(this.#passing);
    this.#passing.clear();
    return this.#evict();
  }

  /** This collector's rows are kept from the next one on; what was kept before is worth nothing. */
  hold(collector: string): void {
    const held = this.#held.get(collector)!;
    this.#clear(held);
    held.mode = 'buffering';
  }

  /** The collector's files must reach past this, for its rows up to here had to go; -Infinity: none had. */
  lostTo(collector: string): UnixMillis {
    return this.#held.get(collector)!.lostTo;
  }

  /** Rows stamped before this are in the files already. */
  trim(collector: string, before: UnixMillis): void {
    const held = this.#held.get(collector)!;
    while (held.segments.length > 1 && newestAt(held.segments[0]) < before) this.#rows -= held.segments.shift()!.length;
  }

  /** Gives out this collector's rows from `since` on, in order, and lets those that come later pass. */
  join(collector: string, since: UnixMillis, pass: (batch: ElemBatch) => void): void {
    const held = this.#held.get(collector)!;
    for (const segment of held.segments) {
      for (let row = 0; row < segment.length; row++) {
        if (segment.at[row] >= since) this.#passing.append(segment, row, row + 1);
      }
      if (this.#passing.length > 0) pass(this.#passing);
      this.#passing.clear();
    }
    this.#clear(held);
    held.mode = 'through';
  }

  /** This collector's rows are not wanted until `hold`. */
  drop(collector: string): void {
    const held = this.#held.get(collector)!;
    this.#clear(held);
    held.mode = 'dropped';
  }

  #heldOf(peer: number): Held | undefined {
    return this.#byNumber[this.#peers.collectorOf(peer)];
  }

  #keep(held: Held, batch: ElemBatch, from: number, to: number): void {
    let segment = held.segments.at(-1);
    if (segment === undefined || segment.length + to - from > segment.capacity) {
      segment = new ElemBatch(Math.max(segmentRows, to - from));
      held.segments.push(segment);
    }
    segment.append(batch, from, to);
    this.#rows += to - from;
  }

  #evict(): ReadonlySet<string> {
    const shortened = new Set<string>();
    while (this.#rows > this.#maxRows) {
      let oldest: [string, Held] | null = null;
      for (const entry of this.#held) {
        const first = entry[1].segments.at(0);
        if (first !== undefined && (oldest === null || first.at[0] < oldest[1].segments[0].at[0])) oldest = entry;
      }
      const [collector, held] = oldest!;
      const gone = held.segments.shift()!;
      this.#rows -= gone.length;
      held.lostTo = Math.max(held.lostTo, Math.min(newestAt(gone), this.#notAfter(collector)));
      shortened.add(collector);
    }
    return shortened;
  }

  #clear(held: Held): void {
    for (const segment of held.segments) this.#rows -= segment.length;
    held.segments = [];
    held.lostTo = -Infinity;
  }
}

/** Not that of the last row: one wrong clock must not let the others go. */
function newestAt({ at, length }: ElemBatch): UnixMillis {
  let newest = -Infinity;
  for (let row = 0; row < length; row++) newest = Math.max(newest, at[row]);
  return newest;
}
