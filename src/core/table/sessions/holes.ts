import type { FamilyIndex, PeerIndex, UnixMillis } from '../../bgp/index.js';
import { IdNotes, wordsFor } from '../routes/id-notes.js';

/** Of a collector that has more holes than this to fill, those that follow count as one with the last. */
const maxHoles = 16;

/**
 * What a peer said since a hole: of which prefixes, by family; `all`: its session began or ended since, so nothing
 * older holds.
 */
type Touched = readonly [IdNotes, IdNotes] | 'all';

interface Hole {
  /** Event time of its end. */
  to: UnixMillis;
  /** By peer, until the next hole of the collector. */
  readonly touched: Map<number, Touched>;
}

/**
 * Holes in the stream of a collector that its files will fill: which pairs (prefix, peer) were touched live since each.
 * What the file says of those is older than what is known.
 */
export class Holes {
  readonly #peers: PeerIndex;
  /** By collector, oldest first; never empty. */
  readonly #open = new Map<string, Hole[]>();

  constructor(peers: PeerIndex) {
    this.#peers = peers;
  }

  get isOpen(): boolean {
    return this.#open.size > 0;
  }

  /** From here on what is touched is noted: what came before `to` may be filled in. */
  begin(collector: string, to: UnixMillis): void {
    const holes = this.#open.get(collector);
    if (holes === undefined) this.#open.set(collector, [{ to, touched: new Map() }]);
    else if (holes.length < maxHoles) holes.push({ to, touched: new Map() });
    else holes[holes.length - 1].to = to;
  }

  /** The holes of the collector that end at `upTo` at the latest are filled. */
  end(collector: string, upTo: UnixMillis): void {
    const left = this.#open.get(collector)?.filter(({ to }) => to > upTo) ?? [];
    if (left.length > 0) this.#open.set(collector, left);
    else this.#open.delete(collector);
  }

  touch(peer: number, family: FamilyIndex, id: number, among: number): void {
    const touched = this.#newest(peer)?.touched;
    if (touched === undefined) return;
    let own = touched.get(peer);
    if (own === 'all') return;
    if (own === undefined) touched.set(peer, (own = [new IdNotes(), new IdNotes()]));
    own[family].add(id, among);
  }

  touchAll(peer: number): void {
    this.#newest(peer)?.touched.set(peer, 'all');
  }

  /** Whether something newer is known of the pair than what was said at `at`, in a hole. */
  isTouched(peer: number, at: UnixMillis, family: FamilyIndex, id: number): boolean {
    return this.#since(peer, at).some((touched) => touched === 'all' || touched[family].has(id));
  }

  /**
   * The prefixes of the peer of which something newer is known than what was said at `at`, as bits by family; `all` of
   * them.
   */
  touchedOf(
    peer: number,
    at: UnixMillis,
    among: readonly [number, number],
  ): readonly [Uint32Array, Uint32Array] | 'all' {
    const bits = [new Uint32Array(wordsFor(among[0])), new Uint32Array(wordsFor(among[1]))] as const;
    for (const touched of this.#since(peer, at)) {
      if (touched === 'all') return 'all';
      for (const family of [0, 1] as const) touched[family].addTo(bits[family]);
    }
    return bits;
  }

  #newest(peer: number): Hole | undefined {
    return this.#open.get(this.#peers.at(peer).collector)?.at(-1);
  }

  /** What the peer touched after the first hole that `at` may lie in; after the last, where it lies in none. */
  #since(peer: number, at: UnixMillis): Touched[] {
    const holes = this.#open.get(this.#peers.at(peer).collector) ?? [];
    const later = holes.filter(({ to }, place) => to >= at || place === holes.length - 1);
    return later.map(({ touched }) => touched.get(peer)).filter((touched) => touched !== undefined);
  }
}
