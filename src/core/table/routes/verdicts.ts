import type { FamilyIndex } from '../../bgp/index.js';
import { AbsenteeVotes } from './absentee-votes.js';
import { KnownPrefixes, widened, type PrefixListener } from './known-prefixes.js';
import type { PeerColumn } from './peer-column.js';
import type { Thresholds } from './without.js';

type ColumnOf = (peer: number) => PeerColumn | undefined;

/**
 * One family's verdicts: how many voters see each prefix, and whether that makes it up or down. With v = count / voters
 * a prefix is up at v >= visibleUp, down at v < visibleDown, and stays as it was in between.
 */
export class Verdicts {
  readonly prefixes: KnownPrefixes;
  readonly #family: FamilyIndex;
  readonly #listener: PrefixListener;
  readonly #visibleUp: number;
  readonly #visibleDown: number;
  readonly #columnOf: ColumnOf;
  counts: Uint16Array;
  /** Number of the recount() before which the prefix last went down or last lost its majority; 0: never. */
  #lastFellAt: Uint32Array;
  /** recount() calls + 1. */
  #recounts = 1;
  voters = 0;
  #upFrom = 1;
  #downBelow = 0;
  /** The set of voters changed, so every verdict must be looked at again. */
  #stale = false;
  #frozen = false;
  readonly #absentees = new AbsenteeVotes();
  /** Counts before the first voter left since the last full recount; null: none left. */
  #countsBefore: Uint16Array | null = null;

  constructor(
    family: FamilyIndex,
    listener: PrefixListener,
    settings: { readonly visibleUp: number; readonly visibleDown: number },
    columnOf: ColumnOf,
  ) {
    this.#family = family;
    this.#listener = listener;
    this.#visibleUp = settings.visibleUp;
    this.#visibleDown = settings.visibleDown;
    this.#columnOf = columnOf;
    this.prefixes = new KnownPrefixes(family, listener);
    const { ids } = this.prefixes;
    this.counts = new Uint16Array(ids.capacity);
    this.#lastFellAt = new Uint32Array(ids.capacity);
    ids.onGrowth((capacity) => {
      this.counts = widened(this.counts, new Uint16Array(capacity));
      this.#lastFellAt = widened(this.#lastFellAt, new Uint32Array(capacity));
    });
  }

  /** A voter began to see the prefix. */
  addVote(id: number): void {
    this.#listener.voted(this.#family, id);
    const count = ++this.counts[id];
    if (count >= this.#upFrom && this.prefixes.verdicts[id] === 0 && this.#canDecide()) this.#set(id, 1);
  }

  /** A voter ceased to see the prefix. */
  dropVote(id: number): void {
    this.#listener.voted(this.#family, id);
    const count = --this.counts[id];
    if (count >= this.#upFrom || this.prefixes.verdicts[id] === 0) return;
    if (count === this.#upFrom - 1) this.#lastFellAt[id] = this.#recounts;
    if (count < this.#downBelow && this.#canDecide() && !this.#absentees.keepsUp(id, count)) this.#set(id, 0);
  }

  /** The votes of a whole column begin or cease to count. Verdicts follow at the next recount(). */
  countColumn(column: PeerColumn | undefined, step: 1 | -1): void {
    if (step === -1 && this.prefixes.hasVerdicts) this.#countsBefore ??= this.counts.slice(0, this.prefixes.ids.size);
    column?.addTo(this.counts, step);
    this.voters += step;
    ({ upFrom: this.#upFrom, downBelow: this.#downBelow } = this.thresholdsOf(this.voters));
    this.#stale = true;
  }

  /**
   * The load is over: from here on there are verdicts. A prefix between the thresholds is up if `assumeUp` says that its
   * country was last known to be normal.
   */
  make(assumeUp: (id: number) => boolean): void {
    this.prefixes.hasVerdicts = true;
    this.#stale = false;
    for (let id = 0; id < this.prefixes.ids.size; id++) {
      const count = this.counts[id];
      if (count >= this.#upFrom || (count >= this.#downBelow && count > 0 && assumeUp(id)))
        if (this.#canDecide()) this.#set(id, 1);
    }
  }

  /** Takes the restored verdicts for its own. They stay as they are until peers vote. */
  resume(): void {
    this.prefixes.hasVerdicts = true;
  }

  /**
   * Freezes all verdicts while too few peers vote: what a handful says would outlive it, because it is the "before" of
   * the hysteresis for those who vote next. After that every verdict is looked at again.
   */
  freeze(frozen: boolean): void {
    this.#stale ||= this.#frozen && !frozen;
    this.#frozen = frozen;
  }

  /**
   * Looks at every verdict again if the set of voters changed. `absent`: peers that would vote if their collectors were
   * not in a gap. They may not have told us what happened in the last `unheard` recounts.
   */
  recount(absent: ReadonlySet<number>, unheard: number): void {
    this.#recounts++;
    if (!this.prefixes.hasVerdicts || !this.#canDecide()) return;
    const { left, released } = this.#absentees.follow(absent);
    if (this.#stale || released) this.#recountAll(left, Math.max(1, this.#recounts - unheard));
    this.#countsBefore = null;
  }

  #recountAll(left: readonly number[], unheardFrom: number): void {
    this.#stale = false;
    const { verdicts, ids } = this.prefixes;
    const [low, unheard, high]: [number[], number[], number[]] = [[], [], []];
    for (let id = 0; id < ids.size; id++) {
      const count = this.counts[id];
      if (verdicts[id] === 0) {
        if (count >= this.#upFrom) high.push(id);
      } else if (count < this.#downBelow) (this.#lastFellAt[id] < unheardFrom ? low : unheard).push(id);
    }
    const columns = left.flatMap((peer) => {
      const column = this.#columnOf(peer);
      return column === undefined ? [] : [[peer, column] as const];
    });
    const leavers = {
      columns,
      thresholds: this.thresholdsOf(this.voters + columns.length),
      before: this.#countsBefore ?? this.counts,
    };
    for (const id of this.#absentees.risen(high, this.counts, leavers)) this.#set(id, 1);
    for (const id of unheard) this.#set(id, 0);
    for (const id of this.#absentees.fallen(low, this.counts, leavers)) this.#set(id, 0);
  }

  /** Raises the verdicts that fell in the last `recounts` recounts until the next one, because a peer lied to us. */
  raiseFallen(recounts: number): void {
    const { verdicts, ids } = this.prefixes;
    const from = this.#recounts - recounts;
    for (let id = 0; id < ids.size; id++)
      if (verdicts[id] === 0 && this.#lastFellAt[id] > 0 && this.#lastFellAt[id] >= from) this.#set(id, 1);
    this.#stale = true;
  }

  thresholdsOf(voters: number): Thresholds {
    // A rounding error of the share must not move a threshold that is a whole number of voters.
    return {
      upFrom: Math.max(1, Math.ceil(this.#visibleUp * voters - 1e-9)),
      downBelow: Math.ceil(this.#visibleDown * voters - 1e-9),
    };
  }

  /** Without voters nothing is known. */
  #canDecide(): boolean {
    return this.voters > 0 && !this.#frozen;
  }

  #set(id: number, verdict: 0 | 1): void {
    if (verdict === 0) this.#lastFellAt[id] = this.#recounts;
    this.#absentees.release(id);
    this.prefixes.setVerdict(id, verdict);
  }
}
