import type { UnixMillis } from '../../bgp/index.js';
import { tickMs } from '../../time.js';
import { countOf, IdNotes, wordsFor } from '../routes/id-notes.js';
import type { RouteTable } from '../routes/route-table.js';
import type { TableSettings } from '../settings.js';

/** One family of a full feed, watched for what it does to its table as a whole. */
export class FullFeedWatch {
  readonly #peer: number;
  readonly #routes: RouteTable;
  readonly #settings: TableSettings;
  readonly #sizes: RecentSizes;
  readonly #notes: RecentNotes;

  constructor(peer: number, routes: RouteTable, at: UnixMillis, settings: TableSettings) {
    this.#peer = peer;
    this.#routes = routes;
    this.#settings = settings;
    this.#sizes = new RecentSizes(settings.lossWindowMs);
    this.#sizes.record(at, routes.sizeOf(peer));
    this.#notes = new RecentNotes(at, settings.transferWindowMs);
    routes.note(peer, this.#notes.current);
  }

  /** The largest size of its table in the last `lossWindowMs`. */
  largest(at: UnixMillis): number {
    return this.#sizes.largest(at);
  }

  hasWithdrawnMuch(at: UnixMillis): boolean {
    return this.#routes.sizeOf(this.#peer) < (1 - this.#settings.lossShare) * this.largest(at);
  }

  /**
   * Whether so much of the table was announced again that a new session must have begun. `scratch`: zeros with room for
   * all ids.
   */
  sendsAgain(scratch: Uint32Array): boolean {
    return this.#notes.hasAgain(this.#settings.transferShare * this.#routes.sizeOf(this.#peer), scratch);
  }

  /** What was announced since a table transfer may have begun. */
  announced(): IdNotes {
    return this.#notes.all(this.#routes.ids.size);
  }

  /** A part of the window is over. */
  isDue(at: UnixMillis): boolean {
    return this.#notes.isOver(at);
  }

  record(at: UnixMillis): void {
    this.#sizes.record(at, this.#routes.sizeOf(this.#peer));
    if (!this.#notes.isOver(at)) return;
    this.#notes.turn(at);
    this.#routes.note(this.#peer, this.#notes.current);
  }
}

/** The sizes of a table at the ticks of the last `spanMs`. */
class RecentSizes {
  readonly #spanMs: number;
  readonly #at: Float64Array;
  readonly #sizes: Uint32Array;
  #next = 0;

  constructor(spanMs: number) {
    this.#spanMs = spanMs;
    const length = Math.ceil(spanMs / tickMs) + 1;
    this.#at = new Float64Array(length).fill(-Infinity);
    this.#sizes = new Uint32Array(length);
  }

  record(at: UnixMillis, size: number): void {
    this.#at[this.#next] = at;
    this.#sizes[this.#next] = size;
    this.#next = (this.#next + 1) % this.#at.length;
  }

  /** 0 if nothing was recorded. */
  largest(at: UnixMillis): number {
    let largest = 0;
    for (const [place, size] of this.#sizes.entries())
      if (size > largest && this.#at[place] >= at - this.#spanMs) largest = size;
    return largest;
  }
}

/** The newest three generations are the window; the fourth ends with it. */
const generations = 4;

/**
 * What a full feed announced lately: notes in four generations, each a third of the window long. A transfer is seen
 * some time after it began. Then all that it has sent is wanted, because its first prefixes are the same at every peer.
 */
class RecentNotes {
  readonly #generationMs: number;
  /** Newest first. */
  #notes: readonly IdNotes[] = Array.from({ length: generations }, () => new IdNotes());
  #turnAt: UnixMillis;

  constructor(at: UnixMillis, windowMs: number) {
    this.#generationMs = windowMs / (generations - 1);
    this.#turnAt = at + this.#generationMs;
  }

  /** The notes for announcements from now on. */
  get current(): IdNotes {
    return this.#notes[0];
  }

  isOver(at: UnixMillis): boolean {
    return at >= this.#turnAt;
  }

  /** Begins the next generation if the newest is over. */
  turn(at: UnixMillis): void {
    for (let turns = 0; at >= this.#turnAt && turns < generations; turns++) {
      const oldest = this.#notes[generations - 1];
      oldest.clear();
      this.#notes = [oldest, ...this.#notes.slice(0, -1)];
      this.#turnAt += this.#generationMs;
    }
    if (at >= this.#turnAt) this.#turnAt = at + this.#generationMs;
  }

  /**
   * Whether at least `least` prefixes that the table already had were announced again in the window. `scratch`: zeros
   * with room for all ids; left as zeros.
   */
  hasAgain(least: number, scratch: Uint32Array): boolean {
    const window = this.#notes.slice(0, generations - 1);
    if (window.reduce((sum, { atMost }) => sum + atMost, 0) < least) return false;
    for (const notes of window) notes.addTo(scratch);
    const distinct = countOf(scratch);
    scratch.fill(0);
    return distinct - window.reduce((sum, { fresh }) => sum + fresh, 0) >= least;
  }

  /** The ids of all generations. */
  all(among: number): IdNotes {
    const bits = new Uint32Array(wordsFor(among));
    for (const notes of this.#notes) notes.addTo(bits);
    return IdNotes.of(bits);
  }
}
