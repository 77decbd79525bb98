import type { UnixMillis } from '../../bgp/index.js';
import { wordsFor, type IdNotes } from '../routes/id-notes.js';
import { RecentNotes } from './recent-notes.js';
import { RecentSizes } from './recent-sizes.js';
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

  /** The largest size of its table that is remembered. */
  largest(at: UnixMillis): number {
    return this.#sizes.largest(at);
  }

  hasDumped(at: UnixMillis): boolean {
    return this.#routes.sizeOf(this.#peer) < (1 - this.#settings.lossShare) * this.largest(at);
  }

  /**
   * Whether so much of the table was announced again that its session must have begun anew. `scratch`: zeros with room
   * for all ids.
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

/** Zeros with room for all ids of both tables, made anew only as these grow. */
export class Scratch {
  #bits = new Uint32Array(0);

  for(routes: RouteTable): Uint32Array {
    if (this.#bits.length < wordsFor(routes.ids.size)) this.#bits = new Uint32Array(wordsFor(routes.ids.capacity));
    return this.#bits;
  }
}
