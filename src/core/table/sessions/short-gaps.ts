import type { FamilyIndex, PeerIndex, UnixMillis } from '../../bgp/index.js';
import { IdNotes, wordsFor } from '../routes/id-notes.js';

/** If a collector has more gaps than this to fill, later ones are added to the last. */
const maxGaps = 16;

/**
 * The prefixes that a peer announced or withdrew since a gap, by family; `all`: its session began or ended since, so
 * everything older is out of date.
 */
type Touched = readonly [IdNotes, IdNotes] | 'all';

interface ShortGap {
  /** Event time of its end. */
  to: UnixMillis;
  /** By peer, until the collector's next gap. */
  readonly touched: Map<number, Touched>;
}

/**
 * Short gaps in the streams of collectors, which files will fill: which pairs (prefix, peer) were touched live since
 * each. What a file says of those is out of date.
 */
export class ShortGaps {
  readonly #peers: PeerIndex;
  /** By collector, oldest first; never empty. */
  readonly #open = new Map<string, ShortGap[]>();

  constructor(peers: PeerIndex) {
    this.#peers = peers;
  }

  get isOpen(): boolean {
    return this.#open.size > 0;
  }

  /** Notes what is touched from now on. What came before `to` may be filled in. */
  begin(collector: string, to: UnixMillis): void {
    const gaps = this.#open.get(collector);
    if (gaps === undefined) this.#open.set(collector, [{ to, touched: new Map() }]);
    else if (gaps.length < maxGaps) gaps.push({ to, touched: new Map() });
    else gaps[gaps.length - 1].to = to;
  }

  /** The collector's gaps up to `upTo` are filled. */
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

  /** Whether the pair was touched after what was said at `at`, in a gap. */
  isTouched(peer: number, at: UnixMillis, family: FamilyIndex, id: number): boolean {
    return this.#since(peer, at).some((touched) => touched === 'all' || touched[family].has(id));
  }

  /**
   * The prefixes of the peer that were touched after what was said at `at`, as bits by family; `all` of them.
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

  #newest(peer: number): ShortGap | undefined {
    return this.#open.get(this.#peers.at(peer).collector)?.at(-1);
  }

  /** What the peer touched after the first gap that `at` may lie in; after the last gap if it lies in none. */
  #since(peer: number, at: UnixMillis): Touched[] {
    const gaps = this.#open.get(this.#peers.at(peer).collector) ?? [];
    const later = gaps.filter(({ to }, place) => to >= at || place === gaps.length - 1);
    return later.map(({ touched }) => touched.get(peer)).filter((touched) => touched !== undefined);
  }
}
