import { ElemBatch } from '../../../core/bgp/index.js';
import type { PeerIndex, UnixMillis } from '../../../core/bgp/index.js';

const segmentRows = 16_384;

interface Held {
  /** through: files and stream have met, so rows pass. dropped: rows are of no use until `hold`. */
  mode: 'buffering' | 'through' | 'dropped';
  segments: ElemBatch[];
  /** Rows up to this time were dropped because the buffer was full. */
  lostTo: UnixMillis;
}

/**
 * Keeps the stream's rows of each collector until the archive's files have caught up with them. If it is full, the
 * oldest rows are dropped, and that collector's files have to reach further. A row takes 26 bytes.
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

  /** `notAfter`: no row of the collector so far is newer, whatever time it claims. */
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
   * Keeps the rows, except those of collectors that are through: `pass` gets those, in a batch that is reused. Returns the
   * collectors that lost old rows.
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

  /** Keeps this collector's rows from the next one on, and forgets those kept before. */
  hold(collector: string): void {
    const held = this.#held.get(collector)!;
    this.#clear(held);
    held.mode = 'buffering';
  }

  /** Rows of the collector up to this time were dropped, so its files must reach beyond it; -Infinity: none were. */
  lostTo(collector: string): UnixMillis {
    return this.#held.get(collector)!.lostTo;
  }

  /** Forgets rows before this time, because files have given them. */
  trim(collector: string, before: UnixMillis): void {
    const held = this.#held.get(collector)!;
    while (held.segments.length > 1 && newestAt(held.segments[0]) < before) this.#rows -= held.segments.shift()!.length;
  }

  /** Passes this collector's kept rows from `since` on, in order, and from now on every row as it comes. */
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

  /** Forgets this collector's rows, and keeps none until `hold`. */
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

/** The last row need not be the newest, and its clock may be wrong. */
function newestAt({ at, length }: ElemBatch): UnixMillis {
  let newest = -Infinity;
  for (let row = 0; row < length; row++) newest = Math.max(newest, at[row]);
  return newest;
}
