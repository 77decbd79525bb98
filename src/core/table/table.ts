import {
  ElemKind,
  families,
  type ElemBatch,
  type Family,
  type FamilyIndex,
  type PeerIndex,
  type UnixMillis,
} from '../bgp/index.js';
import { Electorate, type OutOfVote } from './votes/electorate.js';
import { ShortGaps } from './sessions/short-gaps.js';
import type { KeptTable } from './snapshot/kept-table.js';
import type { PrefixListener } from './routes/known-prefixes.js';
import type { PeerStatus } from './sessions/session.js';
import { viewsOf, type PeerView } from './votes/peer-view.js';
import { RouteTable } from './routes/route-table.js';
import { Sessions } from './sessions/sessions.js';
import type { TableSettings } from './settings.js';
import { piecesOf, type SnapshotPiece } from './snapshot/snapshot.js';
import type { TableTransfer } from './sessions/transfers.js';
import { usabilityOf, VoterHistory, type Usability } from './votes/usability.js';
import type { ChangedVerdict } from './routes/without.js';

export interface TableOptions {
  readonly peers: PeerIndex;
  readonly settings: TableSettings;
  /** How many collectors were chosen. */
  readonly configuredCollectors: number;
  readonly listener: PrefixListener;
}

/**
 * A collector is lost when it has been silent for a minute, or half a minute late: of these last ticks it may not have
 * told.
 */
const unheardTicks = 12;

/** Who sees what, who votes, and whether that is enough to judge by. */
export class Table {
  readonly routes: readonly [RouteTable, RouteTable];
  readonly #peers: PeerIndex;
  readonly #settings: TableSettings;
  readonly #configuredCollectors: number;
  readonly #sessions: Sessions;
  readonly #shortGaps: ShortGaps;
  /** Reused by every apply(). */
  #ids = new Int32Array(1024);
  readonly #electorate: Electorate;
  readonly #history: readonly [VoterHistory, VoterHistory];
  #usability: [Usability, Usability];
  #assumeUp: (family: FamilyIndex, id: number) => boolean = () => false;
  #gapped = false;
  #nextFullFeedAt = -Infinity;
  /** How often each collector's tables were forgotten. */
  readonly #resets = new Map<string, number>();
  /** Of the last tick. */
  #now: UnixMillis = -Infinity;

  constructor({ peers, settings, configuredCollectors, listener }: TableOptions) {
    this.#peers = peers;
    this.#settings = settings;
    this.#configuredCollectors = configuredCollectors;
    this.routes = [new RouteTable(0, listener, settings), new RouteTable(1, listener, settings)];
    this.#electorate = new Electorate(this.routes, peers, settings);
    this.#sessions = new Sessions({
      routes: this.routes,
      peers,
      settings,
      removeVote: (peer) => this.#electorate.removeVote(peer),
    });
    this.#shortGaps = new ShortGaps(peers);
    this.#history = [new VoterHistory(settings.voterHistoryMs), new VoterHistory(settings.voterHistoryMs)];
    const none = usabilityOf(0, 0, configuredCollectors, 0, settings);
    this.#usability = [none, none];
  }

  /** Applies the batch's rows from..to-1 in their order. */
  apply(batch: ElemBatch, from: number, to: number): void {
    if (this.#shortGaps.isOpen) this.#noteTouched(batch, from, to);
    const { kind, family, peer, prefix, origin } = batch;
    const [ipv4, ipv6] = this.routes;
    const { fastPath } = this.#sessions;
    const ids = this.#look(batch, from, to);
    for (let row = from; row < to; row++) {
      const code = prefix[row];
      const who = peer[row];
      switch (kind[row]) {
        case ElemKind.announcement:
          if (fastPath[who] !== true) this.#sessions.onAnnouncement(who, batch.at[row]);
          if (code > 0) (family[row] === 0 ? ipv4 : ipv6).announce(who, code, origin[row], ids[row - from]);
          break;
        case ElemKind.withdrawal:
          if (code > 0) (family[row] === 0 ? ipv4 : ipv6).withdraw(who, code, ids[row - from]);
          break;
        case ElemKind.rib:
          this.#sessions.inRib(who);
          if (code > 0) (family[row] === 0 ? ipv4 : ipv6).announceInOrder(who, code, origin[row]);
          break;
        case ElemKind.peerUp:
          this.#sessions.peerUp(who, batch.at[row]);
          break;
        case ElemKind.peerDown:
          this.#sessions.peerDown(who, batch.at[row]);
          break;
      }
    }
  }

  /**
   * Ids of the rows' prefixes, -1 where there was none yet. All of them before any is used: so the processor waits for
   * the memory of many at a time.
   */
  #look({ kind, family, prefix }: ElemBatch, from: number, to: number): Int32Array {
    if (this.#ids.length < to - from) this.#ids = new Int32Array((to - from) * 2);
    const ids = this.#ids;
    const [ipv4, ipv6] = [this.routes[0].ids, this.routes[1].ids];
    for (let row = from; row < to; row++) {
      const what = kind[row];
      if (what === ElemKind.announcement || what === ElemKind.withdrawal)
        ids[row - from] = (family[row] === 0 ? ipv4 : ipv6).find(prefix[row]);
    }
    return ids;
  }

  /** The stream has a gap that is too long to judge on: usability stays `gap` until a new table takes over. */
  freeze(): void {
    this.#gapped = true;
  }

  /** The collector is in a gap: its peers are unknown, but their routes are kept, and kept up by apply(). */
  loseCollector(collector: string, at: UnixMillis): void {
    this.#sessions.lose(collector, at);
  }

  /** What it said in its gap was applied: its tables are whole again, and its peers vote from the next tick on. */
  rejoinCollector(collector: string): void {
    this.#sessions.rejoin(collector);
  }

  /** Its tables are forgotten: a RIB of it follows. It counts as lost until it rejoins. */
  resetCollector(collector: string): void {
    this.#shortGaps.end(collector, Infinity);
    this.#resets.set(collector, (this.#resets.get(collector) ?? 0) + 1);
    this.#sessions.reset(collector, this.#now);
  }

  /**
   * A short gap of the collector's stream ended at `to`. It is judged on and filled later: from now on it is noted which
   * pairs apply() touches.
   */
  noteTouched(collector: string, to: UnixMillis): void {
    this.#shortGaps.begin(collector, to);
  }

  /** Takes the rows from..to-1 of files for such a gap, in their order. What was said later stays as it is. */
  fill(batch: ElemBatch, from: number, to: number): void {
    for (let row = from; row < to; row++) {
      const { [row]: who } = batch.peer;
      const { [row]: at } = batch.at;
      const { [row]: kind } = batch.kind;
      if (kind === ElemKind.peerUp || kind === ElemKind.peerDown) {
        const touched = this.#shortGaps.touchedOf(who, at, [this.routes[0].ids.size, this.routes[1].ids.size]);
        if (touched !== 'all') this.#sessions.lateReset(who, at, kind === ElemKind.peerUp, touched);
        continue;
      }
      const { [row]: code } = batch.prefix;
      if (code <= 0 || (kind !== ElemKind.announcement && kind !== ElemKind.withdrawal)) continue;
      const family = batch.family[row] as FamilyIndex;
      const id = this.routes[family].idOf(code);
      if (id < 0 || this.#shortGaps.isTouched(who, at, family, id)) continue;
      if (kind === ElemKind.withdrawal) this.routes[family].withdraw(who, code, id);
      else {
        this.#sessions.onAnnouncement(who, at);
        this.routes[family].announce(who, code, batch.origin[row], id);
      }
    }
  }

  /** The collector's short gaps up to `upTo` are filled: their notes are dropped. */
  endFill(collector: string, upTo: UnixMillis): void {
    this.#shortGaps.end(collector, upTo);
  }

  /** The load is over: voters are chosen and, as soon as they are enough, verdicts made. */
  judge(at: UnixMillis, assumeUp: (family: FamilyIndex, id: number) => boolean): void {
    this.#nextFullFeedAt = at;
    this.#assumeUp = assumeUp;
    this.settle(at);
  }

  /** All that it knows, in pieces: see snapshot.ts. It may change between them. */
  pieces(): Generator<SnapshotPiece, void, undefined> {
    return piecesOf({
      peers: this.#peers,
      routes: this.routes,
      full: this.#electorate.full,
      history: this.#history,
      resets: this.#resets,
      session: (peer) => this.#sessions.kept(peer),
    });
  }

  /**
   * Takes over, as an empty table, a part at each step, to the last, what was kept of the collectors in `positions`.
   * They are in a gap since those times: they rejoin when what they said since was applied. The load ends with judge();
   * until then verdicts stand still.
   */
  *restore(kept: KeptTable, positions: ReadonlyMap<string, UnixMillis>): Generator<void, void, undefined> {
    const { peers, families: heads } = kept.head;
    const here = peers.map(([collector, address, asn]) =>
      positions.has(collector) ? this.#peers.intern(collector, address, asn) : null,
    );
    for (const family of [0, 1] as const) {
      for (const rows of kept.rows(family)) {
        this.routes[family].prefixes.restore(rows);
        yield;
      }
    }
    for (const { peer, state, former, columns, seen } of kept.peers) {
      const who = here[peer];
      if (who === null) continue;
      for (const family of [0, 1] as const) this.routes[family].restoreColumn(who, columns[family]);
      this.#sessions.restore(who, state, former, seen);
    }
    for (const family of [0, 1] as const) {
      const { full, history, historyAt, judging } = heads[family];
      this.#history[family].restore(history, historyAt);
      this.#electorate.full[family] = new Set(full.flatMap((peer) => here[peer] ?? []));
      if (judging) this.routes[family].verdicts.resume();
    }
    for (const [collector, at] of positions) this.#sessions.lose(collector, at);
    this.#sessions.watch(this.#electorate.full, Math.min(...positions.values()));
  }

  /**
   * To be called at every tick, before anything is read: who is not believed any more is out, whose table is whole
   * again votes.
   */
  settle(at: UnixMillis): void {
    this.#now = at;
    const changed = this.#sessions.tick(at);
    if (changed || at >= this.#nextFullFeedAt) {
      this.#nextFullFeedAt = at + this.#settings.fullFeedEveryMs;
      this.#electorate.chooseFullFeeds(this.#sessions, at);
      this.#sessions.watch(this.#electorate.full, at);
      this.#electorate.elect(this.#sessions);
    }
    for (const family of [0, 1] as const) {
      this.#history[family].record(at, this.routes[family].verdicts.voters);
      this.#usability[family] = this.#judgeUsability(family);
      const isUsable = this.#usability[family].kind === 'usable';
      this.routes[family].verdicts.freeze(!isUsable);
      // A load that too few voters came out of is judged when there are enough.
      if (isUsable && !this.routes[family].prefixes.hasVerdicts)
        this.routes[family].verdicts.make((id) => this.#assumeUp(family, id));
      this.routes[family].verdicts.recount(this.#electorate.absent(this.#sessions, family), unheardTicks);
    }
  }

  usability(family: FamilyIndex): Usability {
    return this.#usability[family];
  }

  /**
   * The verdicts that would be others without each collector in turn; not without one that leaves fewer than
   * `minVoters`.
   */
  withoutEachCollector(
    family: FamilyIndex,
    minVoters: number,
  ): { readonly collector: string; readonly turned: readonly ChangedVerdict[] }[] {
    const byCollector = new Map<string, number[]>();
    for (const peer of this.#electorate.voters[family]) {
      const { collector } = this.#peers.at(peer);
      byCollector.set(collector, [...(byCollector.get(collector) ?? []), peer]);
    }
    const asides = [...byCollector]
      .filter(([, peers]) => this.#electorate.voters[family].size - peers.length >= minVoters)
      .sort(([a], [b]) => (a < b ? -1 : 1));
    const turned = this.routes[family].verdictsWithout(asides.map(([, peers]) => peers));
    return asides.map(([collector], index) => ({ collector, turned: turned[index] }));
  }

  status(peer: number): PeerStatus {
    return this.#sessions.status(peer);
  }

  /** Every session that is known, by collector and address, and what it is good for. Reads no routes. */
  peers(): PeerView[] {
    return viewsOf({
      peers: this.#peers,
      sessions: this.#sessions,
      electorate: this.#electorate,
      settings: this.#settings,
      sizeOf: (peer) => [this.routes[0].sizeOf(peer), this.routes[1].sizeOf(peer)],
    });
  }

  /** Peers that vote, and full feeds that could, by family. */
  counts(): Record<Family, { readonly voters: number; readonly fullFeedPeers: number }> {
    const of = (family: FamilyIndex): { voters: number; fullFeedPeers: number } => ({
      voters: this.routes[family].verdicts.voters,
      fullFeedPeers: [...this.#electorate.full[family]].filter((peer) => this.#sessions.isHealthy(peer)).length,
    });
    return { [families[0]]: of(0), [families[1]]: of(1) } as Record<Family, { voters: number; fullFeedPeers: number }>;
  }

  /** Which full feeds are known, and why some of them are out. */
  outOfVote(): OutOfVote {
    return this.#electorate.outOfVote(this.#sessions);
  }

  /**
   * Since the start: sessions that began anew, by what told so, and those that withdrew too much of their table at
   * once.
   */
  get sessionCounters(): {
    readonly resetsByState: number;
    readonly resetsByVolume: number;
    readonly massWithdrawals: number;
  } {
    return { ...this.#sessions.counters };
  }

  /** The latest tables that were sent again without a word of the session's state, in order. */
  get transfers(): readonly TableTransfer[] {
    return this.#sessions.transfers.list;
  }

  #noteTouched({ kind, family, peer, prefix }: ElemBatch, from: number, to: number): void {
    for (let row = from; row < to; row++) {
      const what = kind[row];
      if (what === ElemKind.peerUp || what === ElemKind.peerDown) this.#shortGaps.touchAll(peer[row]);
      if ((what !== ElemKind.announcement && what !== ElemKind.withdrawal) || prefix[row] <= 0) continue;
      const routes = this.routes[family[row]];
      const id = routes.idOf(prefix[row]);
      if (id >= 0) this.#shortGaps.touch(peer[row], family[row] as FamilyIndex, id, routes.ids.size);
    }
  }

  #judgeUsability(family: FamilyIndex): Usability {
    const collectors = new Set([...this.#electorate.voters[family]].map((peer) => this.#peers.at(peer).collector)).size;
    const { voters } = this.routes[family].verdicts;
    if (this.#gapped) return { kind: 'unusable', reason: 'gap', voters, collectors, needed: 0 };
    const usability = usabilityOf(
      voters,
      collectors,
      this.#configuredCollectors,
      this.#history[family].median(),
      this.#settings,
    );
    const isGap =
      usability.kind === 'unusable' &&
      [...this.#electorate.full[family]].some((peer) => this.#sessions.isLost(this.#peers.at(peer).collector));
    return isGap ? { ...usability, reason: 'gap' } : usability;
  }
}
