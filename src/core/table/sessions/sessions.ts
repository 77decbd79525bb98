import type { PeerIndex, UnixMillis } from '../../bgp/index.js';
import { FullFeedWatch, Scratch } from './full-feed-watch.js';
import { countOf } from '../routes/id-notes.js';
import { bothFamilies, type Dumped, type Resending, type Returning, type Watches } from './peer-status.js';
import { afterDump, isBack, isOverdue, noProgress, progressToKeep, shareOf, type Progress } from './recovery.js';
import type { RouteTable } from '../routes/route-table.js';
import type { SessionStates } from './session-states.js';
import type { TableSettings } from '../settings.js';

/** Ticks are 10 s apart. */
const tickMs = 10_000;

export interface SessionsOptions {
  readonly routes: readonly [RouteTable, RouteTable];
  readonly peers: PeerIndex;
  readonly settings: TableSettings;
  readonly states: SessionStates;
}

/**
 * What moves a session's state: its messages, and what its table does as a whole. A session's word alone is not
 * believed: a full feed that sends its table again, or withdraws a good part of it at once, is known by the volume.
 */
export class Sessions {
  /** Sessions that began anew, as the volume says; and that withdrew too much at once. */
  readonly counters = { resetsByVolume: 0, massWithdrawals: 0 };
  readonly #routes: readonly [RouteTable, RouteTable];
  readonly #peers: PeerIndex;
  readonly #settings: TableSettings;
  readonly #states: SessionStates;
  /** Some verdicts fell by a peer that is not believed any more. */
  #fellFalsely = false;
  readonly #scratch = new Scratch();

  constructor({ routes, peers, settings, states }: SessionsOptions) {
    this.#routes = routes;
    this.#peers = peers;
    this.#settings = settings;
    this.#states = states;
  }

  /** A row of its collector's RIB: its table is whole. */
  inRib(peer: number): void {
    if (this.#states.of(peer).kind !== 'up') this.#states.makeWhole(peer, true);
  }

  /**
   * An announcement of a peer that is not plain: after a loss it means that the session is back, whatever was not said.
   */
  stir(peer: number, at: UnixMillis): void {
    const state = this.#states.of(peer);
    if (state.kind === 'down') this.peerUp(peer, at);
    else if (this.#states.lostSince(peer) === undefined) this.#states.plain[peer] = true;
    // What a lost collector's files say comes in one go: windows go by the time of the rows.
    else if (state.kind === 'up' && state.watches.some((watch) => watch?.isDue(at) === true))
      this.#guard(peer, state.watches, at);
  }

  peerDown(peer: number, at: UnixMillis): void {
    const state = this.#states.of(peer);
    if (state.kind === 'down') return;
    this.#leave(peer, at);
    for (const family of bothFamilies) this.#routes[family].forget(peer);
    if (state.kind !== 'no-table') this.#states.become(peer, { kind: 'down', since: at });
  }

  peerUp(peer: number, at: UnixMillis): void {
    this.peerDown(peer, at);
    if (this.#states.of(peer).kind === 'down')
      this.#states.become(peer, { kind: 'returning', since: at, progress: noProgress(at) });
  }

  /**
   * The peer's session began or ended at `at`, as is learned only now: of its routes only those in `touched`, bits by
   * family, are newer.
   */
  resetWithin(peer: number, at: UnixMillis, isUp: boolean, touched: readonly [Uint32Array, Uint32Array]): void {
    const state = this.#states.of(peer);
    this.#leave(peer, at);
    for (const family of bothFamilies) this.#routes[family].retain(peer, touched[family]);
    if (state.kind === 'no-table') return;
    const spoke = bothFamilies.some((family) => countOf(touched[family]) > 0);
    this.#states.become(
      peer,
      isUp || spoke ? { kind: 'returning', since: at, progress: noProgress(at) } : { kind: 'down', since: at },
    );
  }

  /** Full feeds by family are watched from here on, all others no longer. */
  watch(full: readonly [ReadonlySet<number>, ReadonlySet<number>], at: UnixMillis): void {
    for (const peer of this.#states.whole()) {
      const state = this.#states.of(peer);
      if (state.kind !== 'up') continue;
      for (const family of bothFamilies) {
        const routes = this.#routes[family];
        const wanted = full[family].has(peer) && routes.sizeOf(peer) >= this.#settings.guardedPrefixes;
        if (wanted === (state.watches[family] !== null)) continue;
        state.watches[family] = wanted ? new FullFeedWatch(peer, routes, at, this.#settings) : null;
        if (!wanted) routes.note(peer, undefined);
      }
    }
  }

  /** Guards and recoveries as of a tick. True: some table is whole that was not, or not whole that was. */
  tick(at: UnixMillis): boolean {
    for (const [peer, state] of this.#states.heard()) {
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
    if (this.#fellFalsely)
      for (const family of bothFamilies)
        this.#routes[family].verdicts.raiseFallen(this.#settings.lossWindowMs / tickMs);
    this.#fellFalsely = false;
    return this.#states.takeChanged();
  }

  #guard(peer: number, watches: Watches, at: UnixMillis): void {
    if (watches.some((watch) => watch?.hasDumped(at) === true)) this.#dump(peer, at);
    else if (
      bothFamilies.some((family) => watches[family]?.sendsAgain(this.#scratch.for(this.#routes[family])) === true)
    )
      this.#resend(peer, watches, at);
    else for (const watch of watches) watch?.record(at);
  }

  #dump(peer: number, at: UnixMillis): void {
    this.counters.massWithdrawals++;
    this.#leave(peer, at);
    const sizes = this.#states.sizes(peer);
    this.#states.become(peer, { kind: 'dumped', since: at, steadySince: at, least: sizes, most: sizes });
  }

  #followDumped(peer: number, state: Dumped, at: UnixMillis): void {
    const sizes = this.#states.sizes(peer);
    const next = afterDump(state, at, sizes, this.#states.former(peer) ?? sizes, this.#settings);
    if (next === 'back' || next === 'steady') this.#states.makeWhole(peer, true);
    else this.#states.goOn(peer, next);
  }

  #followReturning(peer: number, state: Returning, at: UnixMillis): void {
    const progress: Progress = { at, seen: this.#states.sizes(peer), of: this.#states.former(peer) ?? [0, 0] };
    const back = isBack(state.progress, progress, this.#settings);
    if (back || isOverdue(state.since, state.progress, progress, this.#settings)) this.#states.makeWhole(peer, back);
    else
      this.#states.goOn(peer, {
        ...state,
        progress: progressToKeep(state.since, state.progress, progress, this.#settings),
      });
  }

  #resend(peer: number, watches: Watches, at: UnixMillis): void {
    this.counters.resetsByVolume++;
    this.#states.transfers.begin(this.#peers.at(peer), at);
    this.#leave(peer, at);
    const state: Resending = { kind: 'resending', since: at, seen: [null, null], watches, progress: noProgress(at) };
    this.#states.goOn(peer, state);
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
    const of = this.#states.sizes(peer);
    const bits = bothFamilies.map((family) => state.seen[family]?.asBits(this.#routes[family].ids.size) ?? null);
    const seen = bothFamilies.map((family) => {
      const own = bits[family];
      return own === null ? of[family] : this.#routes[family].sharedWith(peer, own);
    });
    const progress: Progress = { at, seen: [seen[0], seen[1]], of };
    this.#states.transfers.follow(this.#peers.at(peer), shareOf(progress));
    const back = isBack(state.progress, progress, this.#settings);
    if (!back && !isOverdue(state.since, state.progress, progress, this.#settings)) {
      this.#states.goOn(peer, {
        ...state,
        progress: progressToKeep(state.since, state.progress, progress, this.#settings),
      });
      return;
    }
    for (const family of bothFamilies) {
      const own = bits[family];
      if (own !== null) this.#routes[family].retain(peer, own);
    }
    this.#states.transfers.end(this.#peers.at(peer), at);
    this.#states.makeWhole(peer, back);
  }

  #leave(peer: number, at: UnixMillis): void {
    if (this.#states.leave(peer, at)) this.#fellFalsely = true;
  }
}
