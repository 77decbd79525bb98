import type { FamilyIndex, PeerIndex, UnixMillis } from '../bgp/index.js';
import { FullFeedWatch, Scratch } from './full-feed-watch.js';
import { countOf, IdNotes } from './id-notes.js';
import {
  bothFamilies, statusOf,
  type Dumped, type KeptState, type PeerStatus, type Resending, type Returning, type SessionState, type Sizes, type Watches,
} from './peer-status.js';
import { afterDump, isBack, isOverdue, noProgress, progressToKeep, shareOf, type Progress } from './recovery.js';
import type { RouteTable } from './route-table.js';
import type { TableSettings } from './settings.js';
import { Transfers } from './transfers.js';

const noTable: SessionState = { kind: 'no-table' };
/** Ticks are 10 s apart. */
const tickMs = 10_000;

export interface SessionsOptions {
  readonly routes: readonly [RouteTable, RouteTable];
  readonly peers: PeerIndex;
  readonly settings: TableSettings;
  /** The peer's table is not whole any more: it must not vote. Called before its routes are touched. Tells whether it did. */
  readonly unseat: (peer: number) => boolean;
}

/**
 * What is known of every session: whether its table is whole, and if not, why and since when. It believes neither a session's word
 * alone: a full feed that sends its table again, or withdraws a good part of it at once, is known by the volume.
 */
export class Sessions {
  /** Per peer, whether its announcements may go straight into its column; else to be told of first, by stir(). */
  readonly plain: (boolean | undefined)[] = [];
  readonly transfers = new Transfers();
  /** Sessions that began anew, as their messages say or as the volume does; and that withdrew too much at once. */
  readonly counters = { resetsByState: 0, resetsByVolume: 0, massWithdrawals: 0 };
  readonly #routes: readonly [RouteTable, RouteTable];
  readonly #peers: PeerIndex;
  readonly #settings: TableSettings;
  readonly #unseat: (peer: number) => boolean;
  readonly #states: (SessionState | undefined)[] = [];
  /** What a table had when it was last whole, while it is not. */
  readonly #former: (Sizes | undefined)[] = [];
  /** Collectors in a gap, and since when. */
  readonly #lost = new Map<string, UnixMillis>();
  /** Some verdicts fell by a peer that is not believed any more. */
  #fellFalsely = false;
  #changed = false;
  readonly #scratch = new Scratch();

  constructor({ routes, peers, settings, unseat }: SessionsOptions) {
    this.#routes = routes;
    this.#peers = peers;
    this.#settings = settings;
    this.#unseat = unseat;
  }

  status(peer: number): PeerStatus {
    return statusOf(this.#states[peer] ?? noTable, this.#lostSince(peer));
  }

  /** Its table is whole, and its collector in no gap. */
  isHealthy(peer: number): boolean {
    return this.#states[peer]?.kind === 'up' && this.#lostSince(peer) === undefined;
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

  /** A row of its collector's RIB: its table is whole. */
  inRib(peer: number): void {
    if (this.#states[peer]?.kind === 'up') return;
    this.#become(peer, { kind: 'up', watches: [null, null] });
    this.#former[peer] = undefined;
  }

  /** An announcement of a peer that is not plain: after a loss it means that the session is back, whatever was not said. */
  stir(peer: number, at: UnixMillis): void {
    const state = this.#states[peer] ?? noTable;
    if (state.kind === 'down') this.peerUp(peer, at);
    else if (this.#lostSince(peer) === undefined) this.plain[peer] = true;
    // What a lost collector's files say comes in one go: windows go by the time of the rows.
    else if (state.kind === 'up' && state.watches.some((watch) => watch?.isDue(at) === true)) this.#guard(peer, state.watches, at);
  }

  peerDown(peer: number, at: UnixMillis): void {
    const state = this.#states[peer] ?? noTable;
    if (state.kind === 'down') return;
    this.#leave(peer, at);
    for (const family of bothFamilies) this.#routes[family].forget(peer);
    if (state.kind !== 'no-table') this.#become(peer, { kind: 'down', since: at });
  }

  peerUp(peer: number, at: UnixMillis): void {
    this.peerDown(peer, at);
    if (this.#states[peer]?.kind === 'down') this.#become(peer, { kind: 'returning', since: at, progress: noProgress(at) });
  }

  /**
   * The peer's session began or ended at `at`, as is learned only now: of its routes only those in `touched`, bits by family, are newer.
   */
  resetWithin(peer: number, at: UnixMillis, isUp: boolean, touched: readonly [Uint32Array, Uint32Array]): void {
    const state = this.#states[peer] ?? noTable;
    this.#leave(peer, at);
    for (const family of bothFamilies) this.#routes[family].retain(peer, touched[family]);
    if (state.kind === 'no-table') return;
    const spoke = bothFamilies.some((family) => countOf(touched[family]) > 0);
    this.#become(peer, isUp || spoke ? { kind: 'returning', since: at, progress: noProgress(at) } : { kind: 'down', since: at });
  }

  lose(collector: string, at: UnixMillis): void {
    if (!this.#lost.has(collector)) this.#lost.set(collector, at);
    this.#changed = true;
    for (const peer of this.#of(collector)) {
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
    for (const peer of this.#of(collector)) {
      this.#become(peer, noTable);
      this.#former[peer] = undefined;
      for (const family of bothFamilies) this.#routes[family].forget(peer);
    }
  }

  /** Full feeds by family are watched from here on, all others no longer. */
  watch(full: readonly [ReadonlySet<number>, ReadonlySet<number>], at: UnixMillis): void {
    for (const peer of this.whole()) {
      const state = this.#states[peer];
      if (state?.kind !== 'up') continue;
      for (const family of bothFamilies) {
        const routes = this.#routes[family];
        const wanted = full[family].has(peer) && routes.sizeOf(peer) >= this.#settings.guardedPrefixes;
        if (wanted === (state.watches[family] !== null)) continue;
        state.watches[family] = wanted ? new FullFeedWatch(peer, routes, at, this.#settings) : null;
        if (!wanted) routes.note(peer, undefined);
      }
    }
  }

  /** What a snapshot keeps of a session, and of a table that is sent again what was seen, by family; null: nothing is known of it. */
  kept(peer: number): { readonly state: KeptState; readonly former: Sizes | null; readonly seen: readonly [IdNotes | null, IdNotes | null] } | null {
    const state = this.#states[peer];
    if (state === undefined) return null;
    const former = this.#former[peer] ?? null;
    if (state.kind === 'up') return { state: { kind: 'up' }, former, seen: [null, null] };
    if (state.kind !== 'resending') return { state, former, seen: [null, null] };
    const { kind, since, progress, seen } = state;
    return { state: { kind, since, progress }, former, seen };
  }

  /** Takes over what was kept, after the peer's routes. */
  restore(peer: number, state: KeptState, former: Sizes | null, seen: readonly [Uint32Array | null, Uint32Array | null]): void {
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

  /** Guards and recoveries as of a tick. True: some table is whole that was not, or not whole that was. */
  tick(at: UnixMillis): boolean {
    for (const [peer, state] of this.#states.entries()) {
      if (state === undefined || this.#lostSince(peer) !== undefined) continue;
      switch (state.kind) {
        case 'up':
          this.#guard(peer, state.watches, at);
          break;
        case 'dumped':
          this.#followDumped(peer, state, at);
          break;
        case 'returning':
          this.#followReturning(peer, state, at);
          break;
        case 'resending':
          this.#followResending(peer, state, at);
          break;
      }
    }
    if (this.#fellFalsely) for (const family of bothFamilies) this.#routes[family].raiseFallen(this.#settings.lossWindowMs / tickMs);
    this.#fellFalsely = false;
    const changed = this.#changed;
    this.#changed = false;
    return changed;
  }

  #guard(peer: number, watches: Watches, at: UnixMillis): void {
    if (watches.some((watch) => watch?.hasDumped(at) === true)) this.#dump(peer, at);
    else if (bothFamilies.some((family) => watches[family]?.sendsAgain(this.#scratch.for(this.#routes[family])) === true)) this.#resend(peer, watches, at);
    else for (const watch of watches) watch?.record(at);
  }

  #dump(peer: number, at: UnixMillis): void {
    this.counters.massWithdrawals++;
    this.#leave(peer, at);
    const sizes = this.#sizes(peer);
    this.#become(peer, { kind: 'dumped', since: at, steadySince: at, least: sizes, most: sizes });
  }

  #followDumped(peer: number, state: Dumped, at: UnixMillis): void {
    const sizes = this.#sizes(peer);
    const next = afterDump(state, at, sizes, this.#former[peer] ?? sizes, this.#settings);
    if (next === 'back' || next === 'steady') this.#makeWhole(peer, true);
    else this.#states[peer] = next;
  }

  #followReturning(peer: number, state: Returning, at: UnixMillis): void {
    const progress: Progress = { at, seen: this.#sizes(peer), of: this.#former[peer] ?? [0, 0] };
    const back = isBack(state.progress, progress, this.#settings);
    if (back || isOverdue(state.since, state.progress, progress, this.#settings)) this.#makeWhole(peer, back);
    else this.#states[peer] = { ...state, progress: progressToKeep(state.since, state.progress, progress, this.#settings) };
  }

  #resend(peer: number, watches: Watches, at: UnixMillis): void {
    this.counters.resetsByVolume++;
    this.transfers.begin(this.#peers.at(peer), at);
    this.#leave(peer, at);
    const state: Resending = { kind: 'resending', since: at, seen: [null, null], watches, progress: noProgress(at) };
    this.#states[peer] = state;
    this.#followResent(peer, state);
  }

  /** Families that turn out to be sent again: what is announced is noted for as long as it takes. */
  #followResent(peer: number, { seen, watches }: Resending): void {
    for (const family of bothFamilies) {
      const routes = this.#routes[family];
      const watch = watches[family];
      if (watch?.sendsAgain(this.#scratch.for(routes)) !== true) continue;
      watches[family] = null;
      seen[family] = watch.announced();
      routes.note(peer, seen[family]);
    }
  }

  #followResending(peer: number, state: Resending, at: UnixMillis): void {
    this.#followResent(peer, state);
    for (const watch of state.watches) watch?.record(at);
    const of = this.#sizes(peer);
    const bits = bothFamilies.map((family) => state.seen[family]?.asBits(this.#routes[family].ids.size) ?? null);
    const seen = bothFamilies.map((family) => {
      const own = bits[family];
      return own === null ? of[family] : this.#routes[family].sharedWith(peer, own);
    });
    const progress: Progress = { at, seen: [seen[0], seen[1]], of };
    this.transfers.follow(this.#peers.at(peer), shareOf(progress));
    const back = isBack(state.progress, progress, this.#settings);
    if (!back && !isOverdue(state.since, state.progress, progress, this.#settings)) {
      this.#states[peer] = { ...state, progress: progressToKeep(state.since, state.progress, progress, this.#settings) };
      return;
    }
    for (const family of bothFamilies) {
      const own = bits[family];
      if (own !== null) this.#routes[family].retain(peer, own);
    }
    this.transfers.end(this.#peers.at(peer), at);
    this.#makeWhole(peer, back);
  }

  #makeWhole(peer: number, isBack: boolean): void {
    this.#become(peer, { kind: 'up', watches: [null, null] });
    // A table that never came back whole is no measure of the next.
    if (isBack) this.#former[peer] = undefined;
  }

  /** Its table is whole no more: what it had is remembered, and it does not vote. */
  #leave(peer: number, at: UnixMillis): void {
    const state = this.#states[peer] ?? noTable;
    let dumped = false;
    if (state.kind === 'up') {
      dumped = state.watches.some((watch) => watch?.hasDumped(at) === true);
      const former = this.#sizes(peer).map((size, family) => Math.max(size, this.#former[peer]?.[family] ?? 0, state.watches[family]?.largest(at) ?? 0));
      this.#former[peer] = [former[0], former[1]];
    }
    if (this.#unseat(peer) && dumped) this.#fellFalsely = true;
    this.#changed = true;
  }

  #become(peer: number, state: SessionState): void {
    const before = this.#states[peer] ?? noTable;
    if (before.kind === 'up' || before.kind === 'resending') for (const family of bothFamilies) this.#routes[family].note(peer, undefined);
    if (before.kind === 'resending' && state.kind !== 'up') this.transfers.end(this.#peers.at(peer), null);
    const wasThere = before.kind === 'up' || before.kind === 'dumped' || before.kind === 'resending';
    if (state.kind === 'down' || (state.kind === 'returning' && wasThere)) this.counters.resetsByState++;
    this.#states[peer] = state;
    this.plain[peer] = false;
    this.#changed = true;
  }

  #sizes(peer: number): Sizes {
    return [this.#routes[0].sizeOf(peer), this.#routes[1].sizeOf(peer)];
  }

  #lostSince(peer: number): UnixMillis | undefined {
    return this.#lost.size === 0 ? undefined : this.#lost.get(this.#peers.at(peer).collector);
  }

  *#of(collector: string): Generator<number> {
    for (const [peer, state] of this.#states.entries()) if (state !== undefined && this.#peers.at(peer).collector === collector) yield peer;
  }
}
