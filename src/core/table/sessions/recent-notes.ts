import type { UnixMillis } from '../../bgp/index.js';
import { countOf, IdNotes, wordsFor } from '../routes/id-notes.js';

/** The newest three of them are the window; the one before them ends with it. */
const generations = 4;

/**
 * What a full feed announced lately: notes in four generations, each a third of the window long. It is seldom asked,
 * and then for all that a transfer sent before it was known to be one: its first prefixes are the same at every peer.
 */
export class RecentNotes {
  readonly #generationMs: number;
  /** Newest first. */
  #notes: readonly IdNotes[] = Array.from({ length: generations }, () => new IdNotes());
  #turnAt: UnixMillis;

  constructor(at: UnixMillis, windowMs: number) {
    this.#generationMs = windowMs / (generations - 1);
    this.#turnAt = at + this.#generationMs;
  }

  /** The notes that what is announced now belongs to. */
  get current(): IdNotes {
    return this.#notes[0];
  }

  get octets(): number {
    return this.#notes.reduce((sum, notes) => sum + notes.octets, 0);
  }

  isOver(at: UnixMillis): boolean {
    return at >= this.#turnAt;
  }

  /** Begins the next generation where the newest is over. */
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
   * Whether `least` ids that the table had before were announced again in the window. `scratch`: zeros, room for all
   * ids; left as zeros.
   */
  hasAgain(least: number, scratch: Uint32Array): boolean {
    const window = this.#notes.slice(0, generations - 1);
    if (window.reduce((sum, { atMost }) => sum + atMost, 0) < least) return false;
    for (const notes of window) notes.addTo(scratch);
    const distinct = countOf(scratch);
    scratch.fill(0);
    return distinct - window.reduce((sum, { fresh }) => sum + fresh, 0) >= least;
  }

  /** All that is noted. */
  all(among: number): IdNotes {
    const bits = new Uint32Array(wordsFor(among));
    for (const notes of this.#notes) notes.addTo(bits);
    return IdNotes.of(bits);
  }
}
