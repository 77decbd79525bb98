import type { UnixMillis } from '../../bgp/index.js';
import { IdNotes, wordsFor } from '../routes/id-notes.js';
import type { RouteTable } from '../routes/route-table.js';
import type { TableSettings } from '../settings.js';
import { FullFeedWatch } from './full-feed-watch.js';
import { bothFamilies, type Sizes } from './recovery.js';

/** By family; null: not for this one. */
type Pair<T> = [T | null, T | null];

/**
 * Watches what full feeds do to their tables as a whole, and notes what those send that send their table again. Each
 * family begins when it is seen to be sent again, and is noted instead of watched from then on.
 */
export class WatchedFeeds {
  readonly #routes: readonly [RouteTable, RouteTable];
  readonly #settings: TableSettings;
  readonly #watches = new Map<number, Pair<FullFeedWatch>>();
  readonly #resent = new Map<number, Pair<IdNotes>>();
  /** Zeros with room for all ids of both tables. */
  #scratch = new Uint32Array(0);

  constructor(routes: readonly [RouteTable, RouteTable], settings: TableSettings) {
    this.#routes = routes;
    this.#settings = settings;
  }

  /** Watches the peer's family from now on, or no longer. Small tables are not watched. */
  watch(peer: number, family: 0 | 1, isFull: boolean, at: UnixMillis): void {
    const routes = this.#routes[family];
    const wanted = isFull && routes.sizeOf(peer) >= this.#settings.guardedPrefixes;
    const watches = this.#watches.get(peer) ?? [null, null];
    if (wanted === (watches[family] !== null)) return;
    watches[family] = wanted ? new FullFeedWatch(peer, routes, at, this.#settings) : null;
    if (!wanted) routes.note(peer, undefined);
    this.#watches.set(peer, watches);
  }

  hasWithdrawnMuch(peer: number, at: UnixMillis): boolean {
    return this.#watches.get(peer)?.some((watch) => watch?.hasWithdrawnMuch(at) === true) ?? false;
  }

  sendsAgain(peer: number): boolean {
    return bothFamilies.some((family) => this.#sendsAgain(peer, family));
  }

  /** The largest sizes of its tables lately, 0 if they are not watched. */
  largest(peer: number, at: UnixMillis): Sizes {
    const watches = this.#watches.get(peer);
    return [watches?.[0]?.largest(at) ?? 0, watches?.[1]?.largest(at) ?? 0];
  }

  /** Whether a part of the window of a watch is over. */
  isDue(peer: number, at: UnixMillis): boolean {
    return this.#watches.get(peer)?.some((watch) => watch?.isDue(at) === true) ?? false;
  }

  record(peer: number, at: UnixMillis): void {
    for (const watch of this.#watches.get(peer) ?? []) watch?.record(at);
  }

  /** Families that turn out to be sent again: their announcements are noted until stop(). */
  noteResent(peer: number): void {
    for (const family of bothFamilies) {
      if (!this.#sendsAgain(peer, family)) continue;
      const watches = this.#watches.get(peer)!;
      const notes = watches[family]!.announced();
      watches[family] = null;
      const resent = this.resent(peer);
      resent[family] = notes;
      this.#resent.set(peer, resent);
      this.#routes[family].note(peer, notes);
    }
  }

  /** How much of its table was seen again. A family that is not sent again counts as seen. */
  seen(peer: number): Sizes {
    const of = (family: 0 | 1): number => {
      const bits = this.#resentBits(peer, family);
      return bits === null ? this.#routes[family].sizeOf(peer) : this.#routes[family].sharedWith(peer, bits);
    };
    return [of(0), of(1)];
  }

  /** Of a family that was sent again, keeps only the routes that were seen again. */
  keepSeen(peer: number): void {
    for (const family of bothFamilies) {
      const bits = this.#resentBits(peer, family);
      if (bits !== null) this.#routes[family].retain(peer, bits);
    }
  }

  stop(peer: number): void {
    this.#watches.delete(peer);
    this.#resent.delete(peer);
    for (const family of bothFamilies) this.#routes[family].note(peer, undefined);
  }

  /** By family, what was seen of a table that is sent again. */
  resent(peer: number): Pair<IdNotes> {
    return this.#resent.get(peer) ?? [null, null];
  }

  /** Takes such notes over from a snapshot, as bits. */
  restoreResent(peer: number, bits: readonly [Uint32Array | null, Uint32Array | null]): void {
    const of = (family: 0 | 1): IdNotes | null => (bits[family] === null ? null : IdNotes.of(bits[family]));
    const resent: Pair<IdNotes> = [of(0), of(1)];
    this.#resent.set(peer, resent);
    for (const family of bothFamilies) this.#routes[family].note(peer, resent[family] ?? undefined);
  }

  #sendsAgain(peer: number, family: 0 | 1): boolean {
    const watch = this.#watches.get(peer)?.[family];
    if (watch === null || watch === undefined) return false;
    const { size, capacity } = this.#routes[family].ids;
    if (this.#scratch.length < wordsFor(size)) this.#scratch = new Uint32Array(wordsFor(capacity));
    return watch.sendsAgain(this.#scratch);
  }

  #resentBits(peer: number, family: 0 | 1): Uint32Array | null {
    return this.#resent.get(peer)?.[family]?.asBits(this.#routes[family].ids.size) ?? null;
  }
}
