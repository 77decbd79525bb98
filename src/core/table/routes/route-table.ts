import type { FamilyIndex } from '../../bgp/index.js';
import { isCounted } from './exclusions.js';
import type { IdNotes } from './id-notes.js';
import type { KnownPrefixes, PrefixListener } from './known-prefixes.js';
import { PeerColumn } from './peer-column.js';
import { Verdicts } from './verdicts.js';
import { verdictsChangedWithout, type ChangedVerdict } from './without.js';

/** One family's routes: which peer sees which prefix. Kept by peer, so that losing a peer is one sequential pass. */
export class RouteTable {
  readonly verdicts: Verdicts;
  readonly prefixes: KnownPrefixes;
  readonly ids: KnownPrefixes['ids'];
  readonly #family: FamilyIndex;
  readonly #columns: (PeerColumn | undefined)[] = [];
  readonly #voting: (boolean | undefined)[] = [];
  /** Per watched peer: where its announcements are noted. */
  readonly #notes: (IdNotes | undefined)[] = [];

  constructor(
    family: FamilyIndex,
    listener: PrefixListener,
    settings: { readonly visibleUp: number; readonly visibleDown: number },
  ) {
    this.#family = family;
    this.verdicts = new Verdicts(family, listener, settings, (peer) => this.#columns[peer]);
    this.prefixes = this.verdicts.prefixes;
    this.ids = this.prefixes.ids;
  }

  /** The peer sees the prefix. Excluded prefixes are skipped. `id`: its id, or -1 if it had none when it was looked up. */
  announce(peer: number, code: number, origin: number, id: number): void {
    const known = id >= 0 ? id : this.ids.find(code);
    if (known >= 0) this.#addRoute(peer, known, origin);
    else if (isCounted(this.#family, code)) this.#addRoute(peer, this.prefixes.add(code), origin);
  }

  /** announce(), in the order of a RIB. */
  announceInOrder(peer: number, code: number, origin: number): void {
    const id = this.ids.findInOrder(code);
    if (id >= 0) this.#addRoute(peer, id, origin);
    else if (isCounted(this.#family, code)) this.#addRoute(peer, this.prefixes.add(code), origin);
  }

  #addRoute(peer: number, id: number, origin: number): void {
    const { prefixes, verdicts } = this;
    const voting = this.#voting[peer] === true;
    if (voting || !prefixes.hasVerdicts || verdicts.voters === 0) prefixes.origins[id] = origin;
    const isNew = this.#column(peer).add(id, this.ids.size);
    const notes = this.#notes[peer];
    if (notes !== undefined) {
      notes.add(id, this.ids.size);
      if (isNew) notes.fresh++;
    }
    if (isNew && voting) verdicts.addVote(id);
  }

  withdraw(peer: number, code: number, id: number): void {
    const known = id >= 0 ? id : this.ids.find(code);
    if (known < 0 || this.#columns[peer]?.delete(known) !== true) return;
    if (this.#voting[peer] === true) this.verdicts.dropVote(known);
  }

  /** How many counted prefixes the peer sees. */
  sizeOf(peer: number): number {
    return this.#columns[peer]?.size ?? 0;
  }

  /** The peer sees nothing from here on. It must not be voting. */
  forget(peer: number): void {
    this.#columns[peer] = undefined;
  }

  /** The peer keeps only the routes whose bit, by id, is set in `bits`. It must not be voting. */
  retain(peer: number, bits: Uint32Array): void {
    this.#columns[peer]?.retain(bits);
  }

  /** How many of the peer's routes have their bit set in `bits`. */
  sharedWith(peer: number, bits: Uint32Array): number {
    return this.#columns[peer]?.sharedWith(bits) ?? 0;
  }

  /** Notes the peer's announcements in `notes` from here on; undefined: nowhere. */
  note(peer: number, notes: IdNotes | undefined): void {
    if (notes !== undefined) this.#column(peer);
    if (peer < this.#notes.length) this.#notes[peer] = notes;
  }

  /** The id of a prefix, known or new; -1 for a prefix that is not counted. */
  idOf(code: number): number {
    const known = this.ids.find(code);
    return known >= 0 || !isCounted(this.#family, code) ? known : this.prefixes.add(code);
  }

  /** The peer's routes begin or cease to count as votes. Verdicts follow at the next recount. */
  setVoting(peer: number, voting: boolean): void {
    if ((this.#voting[peer] ?? false) === voting) return;
    this.#voting[peer] = voting;
    this.verdicts.countColumn(this.#columns[peer], voting ? 1 : -1);
  }

  /** The peer's routes; undefined if it never had any. */
  column(peer: number): PeerColumn | undefined {
    return this.#columns[peer];
  }

  /** Takes over a peer's column of a kept table, after the prefixes and before it votes. */
  restoreColumn(peer: number, column: PeerColumn): void {
    this.#column(peer);
    this.#columns[peer] = column;
  }

  /** The verdicts that would differ without each of these sets of voters; between the thresholds they stay. */
  verdictsWithout(asides: readonly (readonly number[])[]): ChangedVerdict[][] {
    const { verdicts } = this;
    const {
      origins,
      verdicts: ups,
      ids: { codes, size },
    } = this.prefixes;
    const sets = asides.map((peers) => ({
      columns: peers.map((peer) => this.#column(peer)),
      ...verdicts.thresholdsOf(verdicts.voters - peers.length),
    }));
    return verdictsChangedWithout(sets, verdicts.counts, ups, size).map((ids) =>
      ids.map((id) => ({ id, code: codes[id], origin: origins[id], up: ups[id] === 0 })),
    );
  }

  /** How many voters see the prefix: for tests and questions, not for the hot path. */
  seenBy(code: number): number {
    const id = this.ids.find(code);
    return id < 0 ? 0 : this.verdicts.counts[id];
  }

  /** Whether the peer sees the prefix: for tests and questions, not for the hot path. */
  sees(peer: number, code: number): boolean {
    const id = this.ids.find(code);
    return id >= 0 && this.#columns[peer]?.has(id) === true;
  }

  #column(peer: number): PeerColumn {
    const known = this.#columns[peer];
    if (known !== undefined) return known;
    // Without holes: V8 reads those slowly.
    while (this.#columns.length < peer) this.#columns.push(undefined);
    while (this.#notes.length <= peer) this.#notes.push(undefined);
    return (this.#columns[peer] = new PeerColumn());
  }
}
