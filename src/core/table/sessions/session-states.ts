import type { FamilyIndex, PeerIndex, UnixMillis } from '../../bgp/index.js';
import { IdNotes } from '../routes/id-notes.js';
import {
  bothFamilies,
  statusOf,
  type KeptState,
  type PeerStatus,
  type SessionState,
  type Sizes,
} from './peer-status.js';
import { shareOf } from './recovery.js';
import type { RouteTable } from '../routes/route-table.js';
import { Transfers } from './transfers.js';

const noTable: SessionState = { kind: 'no-table' };

export interface SessionStatesOptions {
  readonly routes: readonly [RouteTable, RouteTable];
  readonly peers: PeerIndex;
  /**
   * The peer's table is not whole any more: it must not vote. Called before its routes are touched. Tells whether it
   * did.
   */
  readonly unseat: (peer: number) => boolean;
}

/**
 * What is known of every session: whether its table is whole, and if not, why and since when; and which collectors are
 * in a gap.
 */
export class SessionStates {
  /**
   * Per peer, whether its announcements may go straight into its column; else to be told of first, by Sessions.stir().
   */
  readonly plain: (boolean | undefined)[] = [];
  readonly transfers = new Transfers();
  /** Sessions that began anew, as their messages say. */
  resetsByState = 0;
  readonly #routes: readonly [RouteTable, RouteTable];
  readonly #peers: PeerIndex;
  readonly #unseat: (peer: number) => boolean;
  readonly #states: (SessionState | undefined)[] = [];
  /** What a table had when it was last whole, while it is not. */
  readonly #former: (Sizes | undefined)[] = [];
  /** Collectors in a gap, and since when. */
  readonly #lost = new Map<string, UnixMillis>();
  #changed = false;

  constructor({ routes, peers, unseat }: SessionStatesOptions) {
    this.#routes = routes;
    this.#peers = peers;
    this.#unseat = unseat;
  }

  status(peer: number): PeerStatus {
    return statusOf(this.of(peer), this.lostSince(peer));
  }

  /** Its table is whole, and its collector in no gap. */
  isHealthy(peer: number): boolean {
    return this.#states[peer]?.kind === 'up' && this.lostSince(peer) === undefined;
  }

  /** Peers whose table is whole, as far as their collectors were heard. */
  *whole(): Generator<number> {
    for (const [peer, state] of this.#states.entries()) if (state?.kind === 'up') yield peer;
  }

  isLost(collector: string): boolean {
    return this.#lost.has(collector);
  }

  /** Sizes of its table when it was last whole, while it is not. */
  former(peer: number): Sizes | undefined {
    return this.#former[peer];
  }

  /** How much of its table a warming peer has sent again, as of the last tick; of all else null. */
  seenShare(peer: number): number | null {
    const state = this.#states[peer];
    return state?.kind === 'returning' || state?.kind === 'resending' ? shareOf(state.progress) : null;
  }

  of(peer: number): SessionState {
    return this.#states[peer] ?? noTable;
  }

  /** All of which anything is known, and whose collectors are in no gap. */
  *heard(): Generator<readonly [number, SessionState]> {
    for (const [peer, state] of this.#states.entries())
      if (state !== undefined && this.lostSince(peer) === undefined) yield [peer, state];
  }

  /** In a gap since then; undefined: in none. */
  lostSince(peer: number): UnixMillis | undefined {
    return this.#lost.size === 0 ? undefined : this.#lost.get(this.#peers.at(peer).collector);
  }

  sizes(peer: number): Sizes {
    return [this.#routes[0].sizeOf(peer), this.#routes[1].sizeOf(peer)];
  }

  lose(collector: string, at: UnixMillis): void {
    if (!this.#lost.has(collector)) this.#lost.set(collector, at);
    this.#changed = true;
    for (const peer of this.#sessionsOf(collector)) {
      this.#unseat(peer);
      this.plain[peer] = false;
    }
  }

  rejoin(collector: string): void {
    this.#changed = this.#lost.delete(collector) || this.#changed;
  }

  /** The collector's tables are forgotten; it counts as lost until it rejoins. */
  reset(collector: string, at: UnixMillis): void {
    this.lose(collector, at);
    for (const peer of this.#sessionsOf(collector)) {
      this.become(peer, noTable);
      this.#former[peer] = undefined;
      for (const family of bothFamilies) this.#routes[family].forget(peer);
    }
  }

  /** Its table is whole. */
  makeWhole(peer: number, isBack: boolean): void {
    this.become(peer, { kind: 'up', watches: [null, null] });
    // A table that never came back whole is no measure of the next.
    if (isBack) this.#former[peer] = undefined;
  }

  /**
   * Its table is whole no more: what it had is remembered, and it does not vote. Tells whether it was a voter that
   * withdrew too much, so that some verdicts fell by it.
   */
  leave(peer: number, at: UnixMillis): boolean {
    const state = this.of(peer);
    let dumped = false;
    if (state.kind === 'up') {
      dumped = state.watches.some((watch) => watch?.hasDumped(at) === true);
      const former = this.sizes(peer).map((size, family) =>
        Math.max(size, this.#former[peer]?.[family] ?? 0, state.watches[family]?.largest(at) ?? 0),
      );
      this.#former[peer] = [former[0], former[1]];
    }
    this.#changed = true;
    return this.#unseat(peer) && dumped;
  }

  /** The session's state is another from here on. */
  become(peer: number, state: SessionState): void {
    const before = this.of(peer);
    if (before.kind === 'up' || before.kind === 'resending')
      for (const family of bothFamilies) this.#routes[family].note(peer, undefined);
    if (before.kind === 'resending' && state.kind !== 'up') this.transfers.end(this.#peers.at(peer), null);
    const wasThere = before.kind === 'up' || before.kind === 'dumped' || before.kind === 'resending';
    if (state.kind === 'down' || (state.kind === 'returning' && wasThere)) this.resetsByState++;
    this.#states[peer] = state;
    this.plain[peer] = false;
    this.#changed = true;
  }

  /** It goes on in the same state, with other numbers. */
  goOn(peer: number, state: SessionState): void {
    this.#states[peer] = state;
  }

  /** Whether some table is whole, since this was asked last, that was not, or not whole that was. */
  takeChanged(): boolean {
    const changed = this.#changed;
    this.#changed = false;
    return changed;
  }

  /**
   * What a snapshot keeps of a session, and of a table that is sent again what was seen, by family; null: nothing is
   * known of it.
   */
  kept(
    peer: number,
  ): {
    readonly state: KeptState;
    readonly former: Sizes | null;
    readonly seen: readonly [IdNotes | null, IdNotes | null];
  } | null {
    const state = this.#states[peer];
    if (state === undefined) return null;
    const former = this.#former[peer] ?? null;
    if (state.kind === 'up') return { state: { kind: 'up' }, former, seen: [null, null] };
    if (state.kind !== 'resending') return { state, former, seen: [null, null] };
    const { kind, since, progress, seen } = state;
    return { state: { kind, since, progress }, former, seen };
  }

  /** Takes over what was kept, after the peer's routes. */
  restore(
    peer: number,
    state: KeptState,
    former: Sizes | null,
    seen: readonly [Uint32Array | null, Uint32Array | null],
  ): void {
    if (former !== null) this.#former[peer] = former;
    this.plain[peer] = false;
    if (state.kind === 'up') this.#states[peer] = { kind: 'up', watches: [null, null] };
    else if (state.kind !== 'resending') this.#states[peer] = state;
    else {
      const of = (family: FamilyIndex): IdNotes | null => (seen[family] === null ? null : IdNotes.of(seen[family]));
      const notes: [IdNotes | null, IdNotes | null] = [of(0), of(1)];
      for (const family of bothFamilies) this.#routes[family].note(peer, notes[family] ?? undefined);
      this.#states[peer] = { ...state, seen: notes, watches: [null, null] };
      this.transfers.begin(this.#peers.at(peer), state.since);
    }
  }

  *#sessionsOf(collector: string): Generator<number> {
    for (const [peer, state] of this.#states.entries())
      if (state !== undefined && this.#peers.at(peer).collector === collector) yield peer;
  }
}
