import type { PeerIndex, UnixMillis } from '../../bgp/index.js';
import { tickMs } from '../../time.js';
import { countOf, type IdNotes } from '../routes/id-notes.js';
import type { RouteTable } from '../routes/route-table.js';
import type { TableSettings } from '../settings.js';
import { bothFamilies, shareOf, type Sizes } from './recovery.js';
import {
  next,
  statusOf,
  type PeerStatus,
  type SessionEffect,
  type SessionEvent,
  type SessionState,
} from './session.js';
import { Transfers } from './transfers.js';
import { WatchedFeeds } from './watched-feeds.js';

const noTable: SessionState = { kind: 'no-table' };

export interface SessionsOptions {
  readonly routes: readonly [RouteTable, RouteTable];
  readonly peers: PeerIndex;
  readonly settings: TableSettings;
  /** The peer's table is no longer whole, so it must not vote. Called before its routes change. Returns whether it did. */
  readonly removeVote: (peer: number) => boolean;
}

/** What a snapshot keeps of a session. */
export interface KeptSession {
  readonly state: SessionState;
  /** Sizes of its table when it was last whole, while it is not. */
  readonly former: Sizes | null;
  /** By family, what was seen of a table that is sent again. */
  readonly seen: readonly [IdNotes | null, IdNotes | null];
}

/**
 * Keeps the state of every session, and which collectors are in a gap. Moves states by messages, and by what a session
 * does to its table as a whole: a full feed that sends its table again, or withdraws much of it at once, has a new
 * session or a fault, even if no message says so.
 */
export class Sessions {
  /** By peer, whether its announcements need no onAnnouncement(). */
  readonly fastPath: (boolean | undefined)[] = [];
  readonly transfers = new Transfers();
  /** Sessions that began again, as a message or the volume said; and those that withdrew too much at once. */
  readonly counters = { resetsByState: 0, resetsByVolume: 0, massWithdrawals: 0 };
  readonly #routes: readonly [RouteTable, RouteTable];
  readonly #peers: PeerIndex;
  readonly #settings: TableSettings;
  readonly #removeVote: (peer: number) => boolean;
  readonly #states: (SessionState | undefined)[] = [];
  /** Sizes of a table when it was last whole, while it is not. */
  readonly #former: (Sizes | undefined)[] = [];
  readonly #feeds: WatchedFeeds;
  /** Collectors in a gap, and since when. */
  readonly #lost = new Map<string, UnixMillis>();
  /** Some table became whole, or ceased to be, since the last tick. */
  #hasChanged = false;
  /** Verdicts fell because of a peer that is no longer believed. */
  #fellFalsely = false;

  constructor({ routes, peers, settings, removeVote }: SessionsOptions) {
    this.#routes = routes;
    this.#peers = peers;
    this.#settings = settings;
    this.#removeVote = removeVote;
    this.#feeds = new WatchedFeeds(routes, settings);
  }

  status(peer: number): PeerStatus {
    return statusOf(this.#of(peer), this.#lostSince(peer));
  }

  /** Whether its table is whole, and its collector in no gap. */
  isHealthy(peer: number): boolean {
    return this.#states[peer]?.kind === 'up' && this.#lostSince(peer) === undefined;
  }

  /** Peers whose tables are whole, or were when their collectors went into a gap. */
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

  /** How much of its table a warming peer has sent again, as of the last tick; null if it is not warming. */
  seenShare(peer: number): number | null {
    const state = this.#of(peer);
    return state.kind === 'returning' || state.kind === 'resending' ? shareOf(state.progress) : null;
  }

  lose(collector: string, at: UnixMillis): void {
    if (!this.#lost.has(collector)) this.#lost.set(collector, at);
    this.#hasChanged = true;
    for (const peer of this.#sessionsOf(collector)) {
      this.#removeVote(peer);
      this.fastPath[peer] = false;
    }
  }

  rejoin(collector: string): void {
    this.#hasChanged = this.#lost.delete(collector) || this.#hasChanged;
  }

  /** Forgets the collector's tables. It counts as lost until it rejoins. */
  reset(collector: string, at: UnixMillis): void {
    this.lose(collector, at);
    for (const peer of this.#sessionsOf(collector)) this.#take(peer, { kind: 'collector-reset' });
  }

  /** The peer is in a RIB of its collector. Called for every row of it. */
  inRib(peer: number): void {
    if (this.#of(peer).kind !== 'up') this.#take(peer, { kind: 'in-rib' });
  }

  /** An announcement of a peer that is not on the fast path. If its session is down, it is back. */
  onAnnouncement(peer: number, at: UnixMillis): void {
    const { kind } = this.#of(peer);
    if (kind === 'down') this.#take(peer, { kind: 'session-up', at });
    else if (this.#lostSince(peer) === undefined) this.fastPath[peer] = true;
    // The files of a lost collector come in one go, so windows go by the time of the rows instead of ticks.
    else if (kind === 'up' && this.#feeds.isDue(peer, at)) this.#checkVolume(peer, at);
  }

  peerDown(peer: number, at: UnixMillis): void {
    this.#take(peer, { kind: 'session-down', at });
  }

  peerUp(peer: number, at: UnixMillis): void {
    this.#take(peer, { kind: 'session-up', at });
  }

  /** A file of a short gap says that the session began or ended. Only the routes in `newer`, bits by family, came later. */
  lateReset(peer: number, at: UnixMillis, isUp: boolean, newer: readonly [Uint32Array, Uint32Array]): void {
    const isBack = isUp || bothFamilies.some((family) => countOf(newer[family]) > 0);
    this.#take(peer, { kind: 'late-reset', at, isBack }, { newer });
  }

  /** Watches these full feeds, by family, from now on, and no others. */
  watch(full: readonly [ReadonlySet<number>, ReadonlySet<number>], at: UnixMillis): void {
    for (const peer of this.whole())
      for (const family of bothFamilies) this.#feeds.watch(peer, family, full[family].has(peer), at);
  }

  /** Returns whether some table became whole, or ceased to be, since the last tick. */
  tick(at: UnixMillis): boolean {
    for (const [peer, state] of this.#states.entries()) {
      if (state === undefined || this.#lostSince(peer) !== undefined) continue;
      if (state.kind === 'up') this.#checkVolume(peer, at);
      else if (state.kind === 'resending') {
        this.#feeds.noteResent(peer);
        this.#feeds.record(peer, at);
        const seen = this.#feeds.seen(peer);
        this.transfers.follow(this.#peers.at(peer), shareOf({ at, seen, of: this.#sizes(peer) }));
        this.#take(peer, { kind: 'tick', at }, { seen });
      } else if (state.kind === 'dumped' || state.kind === 'returning') this.#take(peer, { kind: 'tick', at });
    }
    if (this.#fellFalsely)
      for (const { verdicts } of this.#routes) verdicts.raiseFallen(this.#settings.lossWindowMs / tickMs);
    this.#fellFalsely = false;
    const hasChanged = this.#hasChanged;
    this.#hasChanged = false;
    return hasChanged;
  }

  /** What a snapshot keeps of a session; null if nothing is known of it. */
  kept(peer: number): KeptSession | null {
    const state = this.#states[peer];
    if (state === undefined) return null;
    return { state, former: this.#former[peer] ?? null, seen: this.#feeds.resent(peer) };
  }

  /** Takes over what a snapshot kept, after the peer's routes. */
  restore(
    peer: number,
    state: SessionState,
    former: Sizes | null,
    seen: readonly [Uint32Array | null, Uint32Array | null],
  ): void {
    if (former !== null) this.#former[peer] = former;
    this.fastPath[peer] = false;
    this.#states[peer] = state;
    if (state.kind !== 'resending') return;
    this.#feeds.restoreResent(peer, seen);
    this.transfers.begin(this.#peers.at(peer), state.since);
  }

  #checkVolume(peer: number, at: UnixMillis): void {
    if (this.#feeds.hasWithdrawnMuch(peer, at)) this.#take(peer, { kind: 'mass-withdrawal', at });
    else if (this.#feeds.sendsAgain(peer)) {
      this.#take(peer, { kind: 'table-again', at });
      this.#feeds.noteResent(peer);
    } else this.#feeds.record(peer, at);
  }

  /** Moves a session. `newer`: the routes that are newer than a late reset; `seen`: what was sent again by a tick. */
  #take(
    peer: number,
    event: SessionEvent,
    { newer, seen = [0, 0] }: { readonly newer?: readonly [Uint32Array, Uint32Array]; readonly seen?: Sizes } = {},
  ): void {
    const before = this.#of(peer);
    const { state, effects } = next(before, event, {
      settings: this.#settings,
      sizes: this.#sizes(peer),
      former: this.#former[peer],
      seen,
    });
    const at = 'at' in event ? event.at : 0;
    for (const effect of effects) this.#carryOut(effect, peer, before, at, newer);
    if (state !== before) this.#states[peer] = state;
    if (state.kind === before.kind && effects.length === 0) return;
    this.fastPath[peer] = false;
    this.#hasChanged = true;
  }

  #carryOut(
    effect: SessionEffect,
    peer: number,
    before: SessionState,
    at: UnixMillis,
    newer: readonly [Uint32Array, Uint32Array] | undefined,
  ): void {
    switch (effect) {
      case 'leave': {
        this.#leave(peer, before, at);
        return;
      }
      case 'forget-routes':
        for (const routes of this.#routes) routes.forget(peer);
        return;
      case 'keep-newer-routes':
        for (const family of bothFamilies) this.#routes[family].retain(peer, newer![family]);
        return;
      case 'keep-seen-routes': {
        this.#feeds.keepSeen(peer);
        return;
      }
      case 'forget-size':
        this.#former[peer] = undefined;
        return;
      case 'stop-watching': {
        this.#feeds.stop(peer);
        return;
      }
      case 'begin-transfer': {
        this.transfers.begin(this.#peers.at(peer), at);
        return;
      }
      case 'end-transfer': {
        this.transfers.end(this.#peers.at(peer), at);
        return;
      }
      case 'abandon-transfer': {
        this.transfers.end(this.#peers.at(peer), null);
        return;
      }
      case 'count-reset-by-state':
        this.counters.resetsByState++;
        return;
      case 'count-reset-by-volume':
        this.counters.resetsByVolume++;
        return;
      case 'count-mass-withdrawal':
        this.counters.massWithdrawals++;
        return;
    }
  }

  #leave(peer: number, before: SessionState, at: UnixMillis): void {
    const hasWithdrawnMuch = before.kind === 'up' && this.#feeds.hasWithdrawnMuch(peer, at);
    if (before.kind === 'up') {
      const [sizes, largest, former] = [this.#sizes(peer), this.#feeds.largest(peer, at), this.#former[peer] ?? [0, 0]];
      this.#former[peer] = [Math.max(sizes[0], former[0], largest[0]), Math.max(sizes[1], former[1], largest[1])];
    }
    // Only a voter that withdrew too much can have made verdicts fall.
    if (this.#removeVote(peer) && hasWithdrawnMuch) this.#fellFalsely = true;
  }

  #of(peer: number): SessionState {
    return this.#states[peer] ?? noTable;
  }

  /** In a gap since then; undefined: in none. */
  #lostSince(peer: number): UnixMillis | undefined {
    return this.#lost.size === 0 ? undefined : this.#lost.get(this.#peers.at(peer).collector);
  }

  #sizes(peer: number): Sizes {
    return [this.#routes[0].sizeOf(peer), this.#routes[1].sizeOf(peer)];
  }

  *#sessionsOf(collector: string): Generator<number> {
    for (const [peer, state] of this.#states.entries())
      if (state !== undefined && this.#peers.at(peer).collector === collector) yield peer;
  }
}
