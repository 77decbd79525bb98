import type { ElemBatch, PeerIndex } from '../../core/bgp/index.js';
import { dayMs, type UnixMillis } from '../../core/time.js';

/** One stream of decoded batches. A batch is valid until the next one is requested. */
export interface Source {
  batches(): AsyncGenerator<ElemBatch, void, undefined>;
}

/** Rows from..to-1 of a batch, all of one source, in the merged order. */
export interface MergedRun {
  readonly batch: ElemBatch;
  readonly from: number;
  readonly to: number;
  readonly at: UnixMillis;
}

/**
 * The time of a message that is further than this from the message before it is believed only if the next message
 * confirms it. If not, the timestamp is broken: the message is applied at its place in the file and moves no clock.
 */
export const longestSilenceMs = 7 * dayMs;

/** A source being read. `key` is its newest time so far, so that a late row is merged where it stands in the file. */
interface Reading {
  readonly position: number;
  readonly rows: AsyncGenerator<ElemBatch, void, undefined>;
  batch: ElemBatch;
  row: number;
  key: UnixMillis;
}

/**
 * Merges sources by (timestamp, collector, position in file); among sources of one collector the first given comes
 * first. A run ends where another source comes first, and at every multiple of `tickMs`, so that a tick can be taken
 * there; `at` is the time of its first row.
 */
export async function* merge(sources: readonly Source[], peers: PeerIndex, tickMs: number): AsyncGenerator<MergedRun> {
  const readings: Reading[] = [];
  try {
    for (const [position, source] of sources.entries()) {
      const rows = source.batches();
      const first = await next(rows);
      if (first !== null) readings.push({ position, rows, batch: first, row: 0, key: firstKey(first) });
    }
    yield* mergeReadings(readings, peers, tickMs);
  } finally {
    // If the consumer stops early, the files are still open.
    for (const { rows } of readings) await rows.return();
  }
}

async function* mergeReadings(readings: Reading[], peers: PeerIndex, tickMs: number): AsyncGenerator<MergedRun> {
  while (readings.length > 0) {
    const reading = readings.reduce((best, other) => (precedes(other, best, peers) ? other : best));
    const { batch, row: from, key: at } = reading;
    const otherAt = readings.reduce((time, other) => (other === reading ? time : Math.min(time, other.key)), Infinity);
    const end = Math.min(otherAt, (Math.floor(at / tickMs) + 1) * tickMs);
    let to = from;
    do {
      to++;
      if (to < batch.length) reading.key = laterOf(reading.key, batch, to);
    } while (to < batch.length && reading.key < end);
    yield { batch, from, to, at };
    reading.row = to;
    if (to < batch.length) continue;
    const more = await next(reading.rows);
    if (more === null) readings.splice(readings.indexOf(reading), 1);
    else {
      reading.batch = more;
      reading.row = 0;
      reading.key = laterOf(reading.key, more, 0);
    }
  }
}

/** The first time in a batch that the next message confirms; if none is confirmed, the first time. */
function firstKey(batch: ElemBatch): UnixMillis {
  for (let row = 0; row < batch.length; row++) if (isConfirmed(batch, row)) return batch.at[row];
  return batch.at[0];
}

function laterOf(key: UnixMillis, batch: ElemBatch, row: number): UnixMillis {
  const at = batch.at[row];
  if (at <= key) return key;
  return at - key <= longestSilenceMs || isConfirmed(batch, row) ? at : key;
}

/** Whether the next message (the next row with another time) has a time near this one's. False at a batch's end. */
function isConfirmed({ at, length }: ElemBatch, row: number): boolean {
  let next = row + 1;
  while (next < length && at[next] === at[row]) next++;
  return next < length && Math.abs(at[next] - at[row]) <= longestSilenceMs;
}

function precedes(a: Reading, b: Reading, peers: PeerIndex): boolean {
  if (a.key !== b.key) return a.key < b.key;
  const [first, second] = [collectorOf(a, peers), collectorOf(b, peers)];
  return first === second ? a.position < b.position : first < second;
}

function collectorOf({ batch, row }: Reading, peers: PeerIndex): string {
  return peers.at(batch.peer[row]).collector;
}

async function next(rows: AsyncGenerator<ElemBatch, void, undefined>): Promise<ElemBatch | null> {
  for (;;) {
    const { done, value } = await rows.next();
    if (done === true) return null;
    if (value.length > 0) return value;
  }
}

/** Skips and counts updates that are older than the RIB of their collector. */
export class StaleFilter {
  dropped = 0;
  readonly #ribAt = new Map<string, UnixMillis>();
  readonly #peers: PeerIndex;

  constructor(peers: PeerIndex) {
    this.#peers = peers;
  }

  ribLoaded(collector: string, at: UnixMillis): void {
    this.#ribAt.set(collector, Math.max(at, this.#ribAt.get(collector) ?? -Infinity));
  }

  newestRib(): UnixMillis | null {
    return this.#ribAt.size === 0 ? null : Math.max(...this.#ribAt.values());
  }

  /** Hands the rows that are not older than their RIB to `apply`, in as few pieces as possible. */
  pass({ batch, from, to }: MergedRun, apply: (from: number, to: number) => void): void {
    let start = from;
    for (let row = from; row < to; row++) {
      const ribAt = this.#ribAt.get(this.#peers.at(batch.peer[row]).collector);
      if (ribAt === undefined || batch.at[row] >= ribAt) continue;
      if (row > start) apply(start, row);
      start = row + 1;
      this.dropped++;
    }
    if (to > start) apply(start, to);
  }
}
