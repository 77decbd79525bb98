import type { FamilyIndex, PeerIndex, UnixMillis } from '../bgp/index.js';
import { countOf, wordsFor, type IdNotes } from './id-notes.js';
import { bothFamilies, statusOf, type PeerStatus, type Progress, type SessionState, type Sizes, type Watch } from './peer-status.js';
import { RecentNotes } from './recent-notes.js';
import { RecentSizes } from './recent-sizes.js';
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
  /** The peer's table is not whole any more: it must not vote. Called before its routes are touched. */
  readonly unseat: (peer: number) => void;
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
  readonly #unseat: (peer: number) => void;
  readonly #states: (SessionState | undefined)[] = [];
  /** What a table had when it was last whole, while it is not. */
  readonly #former: (Sizes | undefined)[] = [];
  /** Collectors in a gap, and since when. */
  readonly #lost = new Map<string, UnixMillis>();
  /** Some verdicts fell by a peer that is not believed any more. */
  #fellFalsely = false;
  #changed = false;
  /** Zeros, but in use. */
  #scratch = new Uint32Array(0);

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
    else if (state.kind === 'up') this.#lookWithin(peer, state.watches, at);
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
    if (this.#states[peer]?.kind === 'down') this.#become(peer, returning(at));
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
    this.#become(peer, isUp || spoke ? returning(at) : { kind: 'down', since: at });
  }

  lose(collector: string, at: UnixMillis): void {
    if (!this.#lost.has(collector)) this.#lost.set(collector, at);
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
        const isWatched = state.watches[family] !== null;
        const wanted = full[family].has(peer) && routes.sizeOf(peer) >= this.#settings.guardedPrefixes;
        if (wanted === isWatched) continue;
        const { lossWindowMs, transferWindowMs } = this.#settings;
        const watch = wanted ? { sizes: new RecentSizes(lossWindowMs), notes: new RecentNotes(at, transferWindowMs) } : null;
        watch?.sizes.record(at, routes.sizeOf(peer));
        state.watches[family] = watch;
        routes.note(peer, watch?.notes.current);
      }
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

  #guard(peer: number, watches: readonly [Watch | null, Watch | null], at: UnixMillis): void {
    if (bothFamilies.some((family) => this.#hasDumped(peer, family, watches[family], at))) {
      this.#dump(peer, at);
      return;
    }
    if (this.#resends(peer, watches)) {
      this.#resend(peer, watches, at);
      return;
    }
    for (const family of bothFamilies) this.#turn(peer, family, watches[family], at);
  }

  /** What a lost collector's files say comes in one go: windows go by the time of the rows. */
  #lookWithin(peer: number, watches: readonly [Watch | null, Watch | null], at: UnixMillis): void {
    if (watches.some((watch) => watch?.notes.isOver(at) === true)) this.#guard(peer, watches, at);
  }

  #hasDumped(peer: number, family: FamilyIndex, watch: Watch | null, at: UnixMillis): boolean {
    if (watch === null) return false;
    return this.#routes[family].sizeOf(peer) < (1 - this.#settings.lossShare) * watch.sizes.largest(at);
  }

  #dump(peer: number, at: UnixMillis): void {
    this.counters.massWithdrawals++;
    this.#leave(peer, at);
    const sizes = this.#sizes(peer);
    this.#become(peer, { kind: 'dumped', since: at, steadySince: at, least: sizes, most: sizes });
  }

  #followDumped(peer: number, state: SessionState & { kind: 'dumped' }, at: UnixMillis): void {
    const sizes = this.#sizes(peer);
    const of = this.#former[peer] ?? sizes;
    const least: Sizes = [Math.min(sizes[0], state.least[0]), Math.min(sizes[1], state.least[1])];
    const most: Sizes = [Math.max(sizes[0], state.most[0]), Math.max(sizes[1], state.most[1])];
    const isSteady = bothFamilies.every((family) => most[family] - least[family] <= this.#settings.steadyShare * of[family]);
    const isBack = bothFamilies.every((family) => sizes[family] >= this.#settings.warmingShare * of[family]);
    if (isBack || (isSteady && at - state.steadySince >= this.#settings.steadyMs)) this.#makeWhole(peer, true);
    else if (isSteady) this.#states[peer] = { ...state, least, most };
    else this.#states[peer] = { ...state, steadySince: at, least: sizes, most: sizes };
  }

  #followReturning(peer: number, state: SessionState & { kind: 'returning' }, at: UnixMillis): void {
    const progress: Progress = { at, seen: this.#sizes(peer), of: this.#former[peer] ?? [0, 0] };
    const isBack = this.#isBack(state.progress, progress);
    if (isBack || at - state.since >= this.#settings.warmingMs) this.#makeWhole(peer, isBack);
    else this.#states[peer] = { ...state, progress };
  }

  #resends(peer: number, watches: readonly [Watch | null, Watch | null]): boolean {
    return bothFamilies.some((family) => this.#resendsIn(peer, family, watches[family]));
  }

  #resendsIn(peer: number, family: FamilyIndex, watch: Watch | null): boolean {
    if (watch === null) return false;
    const routes = this.#routes[family];
    if (this.#scratch.length < wordsFor(routes.ids.size)) this.#scratch = new Uint32Array(wordsFor(routes.ids.capacity));
    return watch.notes.hasAgain(this.#settings.transferShare * routes.sizeOf(peer), this.#scratch);
  }

  #resend(peer: number, watches: readonly [Watch | null, Watch | null], at: UnixMillis): void {
    const seen: [IdNotes | null, IdNotes | null] = [null, null];
    const left: [Watch | null, Watch | null] = [watches[0], watches[1]];
    this.#addResent(peer, seen, left);
    this.counters.resetsByVolume++;
    this.transfers.begin(this.#peers.at(peer), at);
    this.#former[peer] = this.#sizes(peer);
    this.#unseat(peer);
    this.#states[peer] = { kind: 'resending', since: at, seen, watches: left, progress: { at, seen: [0, 0], of: this.#sizes(peer) } };
  }

  /** Families that turn out to be sent again: what is announced is noted without end. */
  #addResent(peer: number, seen: [IdNotes | null, IdNotes | null], watches: [Watch | null, Watch | null]): void {
    for (const family of bothFamilies) {
      const watch = watches[family];
      if (watch === null || !this.#resendsIn(peer, family, watch)) continue;
      seen[family] = watch.notes.all(this.#routes[family].ids.size);
      watches[family] = null;
      this.#routes[family].note(peer, seen[family]);
    }
  }

  #followResending(peer: number, state: SessionState & { kind: 'resending' }, at: UnixMillis): void {
    const { seen, watches } = state;
    this.#addResent(peer, seen, watches);
    for (const family of bothFamilies) this.#turn(peer, family, watches[family], at);
    const bits = bothFamilies.map((family) => seen[family]?.asBits(this.#routes[family].ids.size) ?? null);
    const sizes = this.#sizes(peer);
    const seenOf = (family: FamilyIndex): number => {
      const own = bits[family];
      return own === null ? sizes[family] : this.#routes[family].sharedWith(peer, own);
    };
    const progress: Progress = { at, seen: [seenOf(0), seenOf(1)], of: sizes };
    const isBack = this.#isBack(state.progress, progress);
    this.transfers.follow(this.#peers.at(peer), shareOf(progress));
    if (!isBack && at - state.since < this.#settings.warmingMs) {
      this.#states[peer] = { ...state, progress };
      return;
    }
    for (const family of bothFamilies) {
      const own = bits[family];
      if (own !== null) this.#routes[family].retain(peer, own);
    }
    this.transfers.end(this.#peers.at(peer), at);
    this.#makeWhole(peer, isBack);
  }

  /**
   * Whether a table that is sent again is there, in each family: all of it, or enough of it with no more to come. A transfer that
   * is in its last twentieth still owes the same prefixes as all others; slower than the longest warming allows, it is none.
   */
  #isBack(before: Progress, { at, seen, of }: Progress): boolean {
    return bothFamilies.every((family) => {
      if (seen[family] >= of[family]) return true;
      const moves = seen[family] - before.seen[family] >= (of[family] * (at - before.at)) / this.#settings.warmingMs;
      return seen[family] >= this.#settings.warmingShare * of[family] && !moves;
    });
  }

  #turn(peer: number, family: FamilyIndex, watch: Watch | null, at: UnixMillis): void {
    if (watch === null) return;
    watch.sizes.record(at, this.#routes[family].sizeOf(peer));
    if (!watch.notes.isOver(at)) return;
    watch.notes.turn(at);
    this.#routes[family].note(peer, watch.notes.current);
  }

  #makeWhole(peer: number, isBack: boolean): void {
    this.#become(peer, { kind: 'up', watches: [null, null] });
    // A table that never came back whole is no measure of the next.
    if (isBack) this.#former[peer] = undefined;
  }

  /** Its table is whole no more: what it had is remembered, and it does not vote. */
  #leave(peer: number, at: UnixMillis): void {
    const state = this.#states[peer] ?? noTable;
    if (state.kind === 'up') {
      this.#fellFalsely ||= bothFamilies.some((family) => this.#hasDumped(peer, family, state.watches[family], at));
      const sizes = this.#sizes(peer);
      const of = (family: FamilyIndex): number =>
        Math.max(sizes[family], this.#former[peer]?.[family] ?? 0, state.watches[family]?.sizes.largest(at) ?? 0);
      this.#former[peer] = [of(0), of(1)];
    }
    this.#unseat(peer);
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

function returning(at: UnixMillis): SessionState {
  return { kind: 'returning', since: at, progress: { at, seen: [0, 0], of: [0, 0] } };
}

function shareOf({ seen, of }: Progress): number {
  const whole = of[0] + of[1];
  return whole === 0 ? 0 : (seen[0] + seen[1]) / whole;
}
