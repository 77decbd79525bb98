import type { FamilyIndex } from '../../bgp/index.js';
import { isCounted } from './exclusions.js';
import type { IdNotes } from './id-notes.js';
import { KnownPrefixes, widened, type PrefixRows, type VerdictSink } from './known-prefixes.js';
import { PeerColumn } from './peer-column.js';
import { Spared } from './spared.js';
import { turnedWithout, type Thresholds, type Turned } from './without.js';

/**
 * One family's routes: who sees which prefix, kept by peer so that losing one is one sequential pass; beside it, for
 * every prefix, how many voters see it, and its verdict. `v` is count / voters: up at >= visibleUp, down at <
 * visibleDown, as before between.
 */
export class RouteTable {
  readonly prefixes: KnownPrefixes;
  readonly ids: KnownPrefixes['ids'];
  readonly #family: FamilyIndex;
  readonly #visibleUp: number;
  readonly #visibleDown: number;
  readonly #columns: (PeerColumn | undefined)[] = [];
  readonly #voting: (boolean | undefined)[] = [];
  /** Where what a peer announces is noted, of those of whom it is. */
  readonly #notes: (IdNotes | undefined)[] = [];
  #counts: Uint16Array;
  /**
   * At which settle() a verdict went down last; of what is up, or when its voters became too few to make it so,
   * whichever was later.
   */
  #sank: Uint32Array;
  /** How often settle() was called, and one. */
  #settled = 1;
  /** Bits flipped by voters since the start, by owner. */
  readonly churn = new Float64Array(65536);
  voters = 0;
  #upFrom = 1;
  #downBelow = 0;
  #judging = false;
  #stale = false;
  #held = false;
  readonly #spared = new Spared();
  /**
   * #counts as they were when the first of the voters left that did since verdicts were last held against all; null:
   * none did.
   */
  #countsBefore: Uint16Array | null = null;

  constructor(
    family: FamilyIndex,
    sink: VerdictSink,
    settings: { readonly visibleUp: number; readonly visibleDown: number },
  ) {
    this.prefixes = new KnownPrefixes(family, sink);
    this.ids = this.prefixes.ids;
    this.#counts = new Uint16Array(this.ids.capacity);
    this.#sank = new Uint32Array(this.ids.capacity);
    this.#family = family;
    this.#visibleUp = settings.visibleUp;
    this.#visibleDown = settings.visibleDown;
  }

  /**
   * The peer sees the prefix. Excluded prefixes are passed over. `id`: its id as looked up before, -1 where it had none
   * then.
   */
  announce(peer: number, code: number, origin: number, id: number): void {
    const known = id >= 0 ? id : this.ids.find(code);
    if (known >= 0) this.#see(peer, known, origin);
    else if (isCounted(this.#family, code)) this.#see(peer, this.#add(code), origin);
  }

  /** announce(), in the order of a RIB. */
  announceInOrder(peer: number, code: number, origin: number): void {
    const id = this.ids.findInOrder(code);
    if (id >= 0) this.#see(peer, id, origin);
    else if (isCounted(this.#family, code)) this.#see(peer, this.#add(code), origin);
  }

  #see(peer: number, id: number, origin: number): void {
    const voting = this.#voting[peer] === true;
    const { prefixes } = this;
    if (voting || !this.#judging || this.voters === 0) prefixes.origins[id] = origin;
    const isNew = this.#column(peer).add(id, this.ids.size);
    const notes = this.#notes[peer];
    if (notes !== undefined) {
      notes.add(id, this.ids.size);
      if (isNew) notes.fresh++;
    }
    if (!isNew || !voting) return;
    this.churn[prefixes.owners[id]]++;
    const count = ++this.#counts[id];
    if (prefixes.verdicts[id] === 0 && count >= this.#upFrom) this.#flip(id, 1);
  }

  withdraw(peer: number, code: number, id: number): void {
    const known = id >= 0 ? id : this.ids.find(code);
    if (known < 0 || this.#columns[peer]?.delete(known) !== true) return;
    if (this.#voting[peer] !== true) return;
    const { owners, verdicts } = this.prefixes;
    this.churn[owners[known]]++;
    const count = --this.#counts[known];
    if (verdicts[known] === 1 && count < this.#upFrom) this.#sink(known, count);
  }

  /** How many counted prefixes the peer sees. */
  sizeOf(peer: number): number {
    return this.#columns[peer]?.size ?? 0;
  }

  /** The peer sees nothing from here on. It must not be voting. */
  forget(peer: number): void {
    this.#columns[peer] = undefined;
  }

  /** The peer sees no more than what has its bit set in `bits`, by id. It must not be voting. */
  retain(peer: number, bits: Uint32Array): void {
    this.#columns[peer]?.retain(bits);
  }

  /** How many of the prefixes that the peer sees have their bit set in `bits`. */
  sharedWith(peer: number, bits: Uint32Array): number {
    return this.#columns[peer]?.sharedWith(bits) ?? 0;
  }

  /** What the peer announces is noted from here on; undefined: no longer. */
  note(peer: number, notes: IdNotes | undefined): void {
    if (notes !== undefined) this.#column(peer);
    if (peer < this.#notes.length) this.#notes[peer] = notes;
  }

  /** The id of a prefix, known or new; -1 for one that is not counted. */
  idOf(code: number): number {
    const known = this.ids.find(code);
    return known >= 0 || !isCounted(this.#family, code) ? known : this.#add(code);
  }

  /** The peer's bits begin or cease to count. Verdicts follow at the next `settle`. */
  setVoting(peer: number, voting: boolean): void {
    if ((this.#voting[peer] ?? false) === voting) return;
    if (!voting && this.#judging) this.#countsBefore ??= this.#counts.slice(0, this.ids.size);
    this.#voting[peer] = voting;
    const step = voting ? 1 : -1;
    this.#columns[peer]?.addTo(this.#counts, step);
    this.voters += step;
    ({ upFrom: this.#upFrom, downBelow: this.#downBelow } = this.#thresholdsOf(this.voters));
    this.#stale = true;
  }

  /** Whether verdicts are kept. */
  get isJudging(): boolean {
    return this.#judging;
  }

  /**
   * The load is over: from here on verdicts are kept. A prefix seen by less than visibleUp of the voters but not under
   * visibleDown is up where `lenient(owner)` says that its country was last known to be normal.
   */
  judge(lenient: (owner: number) => boolean): void {
    this.#judging = true;
    this.#stale = false;
    for (let id = 0; id < this.ids.size; id++) {
      const count = this.#counts[id];
      if (count >= this.#upFrom || (count >= this.#downBelow && count > 0 && lenient(this.prefixes.owners[id])))
        this.#flip(id, 1);
    }
  }

  /**
   * Verdicts stand still while too few vote: what a handful says would outlive them, as it is "before" to whoever votes
   * next. When released, all of them are made anew from what they were.
   */
  hold(held: boolean): void {
    this.#stale ||= this.#held && !held;
    this.#held = held;
  }

  /**
   * After the set of voters changed: every verdict against the new thresholds. `absent`: who would vote, but for a gap
   * of its collector; of what was said since the settle() before the last `settles` they may know nothing.
   */
  settle(absent: ReadonlySet<number>, settles: number): void {
    this.#settled++;
    if (this.#held || !this.#judging || this.voters === 0) return;
    const { left, released } = this.#spared.follow(absent);
    if (this.#stale || released) this.#settleAll(left, Math.max(1, this.#settled - settles));
    this.#countsBefore = null;
  }

  #settleAll(left: readonly number[], unheardFrom: number): void {
    this.#stale = false;
    const { verdicts } = this.prefixes;
    const [low, unheard, high]: [number[], number[], number[]] = [[], [], []];
    for (let id = 0; id < this.ids.size; id++) {
      const count = this.#counts[id];
      if (verdicts[id] === 0) {
        if (count >= this.#upFrom) high.push(id);
      } else if (count < this.#downBelow) (this.#sank[id] < unheardFrom ? low : unheard).push(id);
    }
    const columns = left.flatMap((peer) =>
      this.#columns[peer] === undefined ? [] : [[peer, this.#columns[peer]] as const],
    );
    const leavers = {
      columns,
      thresholds: this.#thresholdsOf(this.voters + columns.length),
      before: this.#countsBefore ?? this.#counts,
    };
    for (const id of this.#spared.risen(high, this.#counts, leavers)) this.#turn(id, 1);
    for (const id of unheard) this.#turn(id, 0);
    for (const id of this.#spared.fallen(low, this.#counts, leavers)) this.#turn(id, 0);
  }

  /**
   * Verdicts that went down since the settle() before the last `settles` are up again, until the next makes them anew:
   * who made them fall was not to be believed.
   */
  raiseFallen(settles: number): void {
    const { verdicts } = this.prefixes;
    const from = this.#settled - settles;
    for (let id = 0; id < this.ids.size; id++)
      if (verdicts[id] === 0 && this.#sank[id] > 0 && this.#sank[id] >= from) this.#turn(id, 1);
    this.#stale = true;
  }

  /** The peer's table; undefined where it never had one. */
  column(peer: number): PeerColumn | undefined {
    return this.#columns[peer];
  }

  /** Takes over the next prefixes of a kept table. The route table must not know any of them yet. */
  restorePrefixes(rows: PrefixRows): void {
    for (let row = 0; row < rows.codes.length; row++) this.prefixes.restore(this.#add(rows.codes[row]), rows, row);
  }

  /** Takes over a peer's column of a table that was kept, after the prefixes and before it votes. */
  restoreColumn(peer: number, column: PeerColumn): void {
    this.#column(peer);
    this.#columns[peer] = column;
  }

  /**
   * The verdicts taken over are this table's own. They stand still until somebody votes, and are then held against the
   * voters.
   */
  resume(): void {
    this.#judging = true;
  }

  /**
   * The countries are numbered anew (`numbers`: by old number; beyond what churn counts for one that is gone), and some
   * prefixes are another's: `ownerOf` says whose each is. Churn stays with its country. Reads the whole table.
   */
  reown(numbers: Uint16Array, ownerOf: (id: number, code: number, owner: number, up: boolean) => number): void {
    this.prefixes.reown(ownerOf);
    const churn = this.churn.slice(0, numbers.length);
    this.churn.fill(0);
    for (let old = 0; old < numbers.length; old++) if (numbers[old] < 0xffff) this.churn[numbers[old]] = churn[old];
  }

  /**
   * The verdicts that would be others without each of these sets of voters; between the thresholds they stay as they
   * are.
   */
  verdictsWithout(asides: readonly (readonly number[])[]): Turned[][] {
    const {
      owners,
      origins,
      verdicts,
      ids: { codes, size },
    } = this.prefixes;
    const sets = asides.map((peers) => ({
      columns: peers.map((peer) => this.#column(peer)),
      ...this.#thresholdsOf(this.voters - peers.length),
    }));
    return turnedWithout(sets, this.#counts, verdicts, size).map((ids) =>
      ids.map((id) => ({ id, code: codes[id], owner: owners[id], origin: origins[id], up: verdicts[id] === 0 })),
    );
  }

  /** How many voters see the prefix: for tests and questions, not for the hot path. */
  seenBy(code: number): number {
    const id = this.ids.find(code);
    return id < 0 ? 0 : this.#counts[id];
  }

  /** Whether the peer sees the prefix: for tests and questions too. */
  sees(peer: number, code: number): boolean {
    const id = this.ids.find(code);
    return id >= 0 && this.#columns[peer]?.has(id) === true;
  }

  #thresholdsOf(voters: number): Thresholds {
    // A rounding error of the share must not move a threshold that is a whole number of voters.
    return {
      upFrom: Math.max(1, Math.ceil(this.#visibleUp * voters - 1e-9)),
      downBelow: Math.ceil(this.#visibleDown * voters - 1e-9),
    };
  }

  #flip(id: number, verdict: 0 | 1): void {
    // Without voters nothing is known.
    if (this.voters === 0 || this.#held) return;
    if (verdict === 1 || !this.#spared.outlasts(id, this.#counts[id])) this.#turn(id, verdict);
  }

  #sink(id: number, count: number): void {
    if (count === this.#upFrom - 1) this.#sank[id] = this.#settled;
    if (count < this.#downBelow) this.#flip(id, 0);
  }

  #turn(id: number, verdict: 0 | 1): void {
    if (verdict === 0) this.#sank[id] = this.#settled;
    this.#spared.forget(id);
    this.prefixes.turn(id, verdict);
  }

  #add(code: number): number {
    const id = this.prefixes.add(code);
    if (id < this.#counts.length) return id;
    this.#counts = widened(this.#counts, new Uint16Array(this.ids.capacity));
    this.#sank = widened(this.#sank, new Uint32Array(this.ids.capacity));
    return id;
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
