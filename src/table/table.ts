import { ElemKind, families, type ElemBatch, type Family, type FamilyIndex, type PeerIndex, type UnixMillis } from '../bgp/index.js';
import { Holes } from './holes.js';
import type { PeerStatus } from './peer-status.js';
import { viewsOf, type PeerView } from './peer-view.js';
import { RouteTable, type VerdictSink } from './route-table.js';
import { Sessions } from './sessions.js';
import type { TableSettings } from './settings.js';
import type { TableTransfer } from './transfers.js';
import { usabilityOf, VoterHistory, type Usability } from './usability.js';
import { elect, fullFeeds, type Candidate } from './voters.js';

export interface TableOptions {
  readonly peers: PeerIndex;
  readonly settings: TableSettings;
  /** How many collectors were chosen. */
  readonly configuredCollectors: number;
  readonly sink: VerdictSink;
}

/** Who sees what, who votes, and whether that is enough to judge by. */
export class Table {
  readonly routes: readonly [RouteTable, RouteTable];
  readonly #peers: PeerIndex;
  readonly #settings: TableSettings;
  readonly #configuredCollectors: number;
  readonly #sessions: Sessions;
  readonly #holes: Holes;
  /** Reused by every apply(). */
  #ids = new Int32Array(1024);
  /** Full feeds, those included that are out for a while and were one before. */
  readonly #full: [Set<number>, Set<number>] = [new Set(), new Set()];
  readonly #voters: [Set<number>, Set<number>] = [new Set(), new Set()];
  readonly #history: readonly [VoterHistory, VoterHistory];
  #usability: [Usability, Usability];
  #lenient: (family: FamilyIndex, owner: number) => boolean = () => false;
  #gapped = false;
  #electionDue = false;
  #nextFullFeedAt = -Infinity;
  /** Of the last tick. */
  #now: UnixMillis = -Infinity;

  constructor({ peers, settings, configuredCollectors, sink }: TableOptions) {
    this.#peers = peers;
    this.#settings = settings;
    this.#configuredCollectors = configuredCollectors;
    this.routes = [new RouteTable(0, sink, settings), new RouteTable(1, sink, settings)];
    this.#sessions = new Sessions({ routes: this.routes, peers, settings, unseat: (peer) => { this.#unseat(peer); } });
    this.#holes = new Holes(peers);
    this.#history = [new VoterHistory(settings.voterHistoryMs), new VoterHistory(settings.voterHistoryMs)];
    const none = usabilityOf(0, 0, configuredCollectors, 0, settings);
    this.#usability = [none, none];
  }

  /** Applies the batch's rows from..to-1 in their order. */
  apply(batch: ElemBatch, from: number, to: number): void {
    if (this.#holes.isOpen) this.#noteTouched(batch, from, to);
    const { kind, family, peer, prefix, origin } = batch;
    const [ipv4, ipv6] = this.routes;
    const { plain } = this.#sessions;
    const ids = this.#look(batch, from, to);
    for (let row = from; row < to; row++) {
      const code = prefix[row];
      const who = peer[row];
      switch (kind[row]) {
        case ElemKind.announcement:
          if (plain[who] !== true) this.#sessions.stir(who, batch.at[row]);
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
   * Ids of the rows' prefixes, -1 where there was none yet. All of them before any is used: so the processor waits for the memory
   * of many at a time.
   */
  #look({ kind, family, prefix }: ElemBatch, from: number, to: number): Int32Array {
    if (this.#ids.length < to - from) this.#ids = new Int32Array((to - from) * 2);
    const ids = this.#ids;
    const [ipv4, ipv6] = [this.routes[0].ids, this.routes[1].ids];
    for (let row = from; row < to; row++) {
      const what = kind[row];
      if (what === ElemKind.announcement || what === ElemKind.withdrawal) ids[row - from] = (family[row] === 0 ? ipv4 : ipv6).find(prefix[row]);
    }
    return ids;
  }

  /** A hole in the stream that is too long to judge on: frozen until a new table takes over. */
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
    this.#holes.end(collector, Infinity);
    this.#sessions.reset(collector, this.#now);
  }

  /** A hole in the collector's stream, over since `to`, is judged on and filled later: from here on it is noted which pairs apply() touches. */
  noteTouched(collector: string, to: UnixMillis): void {
    this.#holes.begin(collector, to);
  }

  /** Rows from..to-1 of files for such a hole, in their order: what is known of later stands. */
  fill(batch: ElemBatch, from: number, to: number): void {
    for (let row = from; row < to; row++) {
      const { [row]: who } = batch.peer;
      const { [row]: at } = batch.at;
      const { [row]: kind } = batch.kind;
      if (kind === ElemKind.peerUp || kind === ElemKind.peerDown) {
        const touched = this.#holes.touchedOf(who, at, [this.routes[0].ids.size, this.routes[1].ids.size]);
        if (touched !== 'all') this.#sessions.resetWithin(who, at, kind === ElemKind.peerUp, touched);
        continue;
      }
      const { [row]: code } = batch.prefix;
      if (code <= 0 || (kind !== ElemKind.announcement && kind !== ElemKind.withdrawal)) continue;
      const family = batch.family[row] as FamilyIndex;
      const id = this.routes[family].idOf(code);
      if (id < 0 || this.#holes.isTouched(who, at, family, id)) continue;
      if (kind === ElemKind.withdrawal) this.routes[family].withdraw(who, code, id);
      else {
        this.#sessions.stir(who, at);
        this.routes[family].announce(who, code, batch.origin[row], id);
      }
    }
  }

  /** The collector's holes that end at `upTo` at the latest are filled: their notes are dropped. */
  endFill(collector: string, upTo: UnixMillis): void {
    this.#holes.end(collector, upTo);
  }

  /** The load is over: voters are chosen and, as soon as they are enough, verdicts made. */
  judge(at: UnixMillis, lenient: (family: FamilyIndex, owner: number) => boolean): void {
    this.#nextFullFeedAt = at;
    this.#lenient = lenient;
    this.settle(at);
  }

  /** To be called at every tick, before anything is read: who is not believed any more is out, whose table is whole again votes. */
  settle(at: UnixMillis): void {
    this.#now = at;
    const changed = this.#sessions.tick(at);
    if (changed || at >= this.#nextFullFeedAt) {
      this.#chooseFullFeeds(at);
      this.#elect();
    } else if (this.#electionDue) this.#elect();
    for (const family of [0, 1] as const) {
      this.#history[family].record(at, this.#voters[family].size);
      this.#usability[family] = this.#judgeUsability(family);
      const isUsable = this.#usability[family].kind === 'usable';
      this.routes[family].hold(!isUsable);
      // A load that too few voters came out of is judged when there are enough.
      if (isUsable && !this.routes[family].isJudging) this.routes[family].judge((owner) => this.#lenient(family, owner));
      this.routes[family].settle();
    }
  }

  usability(family: FamilyIndex): Usability {
    return this.#usability[family];
  }

  status(peer: number): PeerStatus {
    return this.#sessions.status(peer);
  }

  /** Every session that is known, by collector and address, and what it is good for. Reads no routes. */
  peers(): PeerView[] {
    return viewsOf({
      peers: this.#peers, sessions: this.#sessions, full: this.#full, voters: this.#voters, settings: this.#settings,
      sizeOf: (peer) => [this.routes[0].sizeOf(peer), this.routes[1].sizeOf(peer)],
    });
  }

  /** Peers that vote, and full feeds that could, by family. */
  counts(): Record<Family, { readonly voters: number; readonly fullFeedPeers: number }> {
    const of = (family: FamilyIndex): { voters: number; fullFeedPeers: number } => ({
      voters: this.#voters[family].size,
      fullFeedPeers: [...this.#full[family]].filter((peer) => this.#sessions.isHealthy(peer)).length,
    });
    return { [families[0]]: of(0), [families[1]]: of(1) } as Record<Family, { voters: number; fullFeedPeers: number }>;
  }

  /** Full feeds of either family that are known, and how many of them are out, by why. */
  outOfVote(): { readonly known: number; readonly out: readonly { readonly because: string; readonly count: number }[] } {
    const known = new Set([...this.#full[0], ...this.#full[1]]);
    const out = new Map<string, number>();
    for (const peer of known) {
      if (this.#sessions.isHealthy(peer)) continue;
      const status = this.#sessions.status(peer);
      const because = 'because' in status ? status.because : 'collector-lost';
      out.set(because, (out.get(because) ?? 0) + 1);
    }
    return { known: known.size, out: [...out].sort(([a], [b]) => (a < b ? -1 : 1)).map(([because, count]) => ({ because, count })) };
  }

  /** Since the start: sessions that began anew, by what told so, and those that withdrew too much of their table at once. */
  get sessionCounters(): { readonly resetsByState: number; readonly resetsByVolume: number; readonly massWithdrawals: number } {
    return this.#sessions.counters;
  }

  /** The latest tables that were sent again without a word of the session's state, in order. */
  get transfers(): readonly TableTransfer[] {
    return this.#sessions.transfers.list;
  }

  #noteTouched({ kind, family, peer, prefix }: ElemBatch, from: number, to: number): void {
    for (let row = from; row < to; row++) {
      const what = kind[row];
      if (what === ElemKind.peerUp || what === ElemKind.peerDown) this.#holes.touchAll(peer[row]);
      if ((what !== ElemKind.announcement && what !== ElemKind.withdrawal) || prefix[row] <= 0) continue;
      const routes = this.routes[family[row]];
      const id = routes.idOf(prefix[row]);
      if (id >= 0) this.#holes.touch(peer[row], family[row] as FamilyIndex, id, routes.ids.size);
    }
  }

  #unseat(peer: number): void {
    for (const family of [0, 1] as const) {
      if (!this.#voters[family].delete(peer)) continue;
      this.routes[family].setVoting(peer, false);
      // Until the next tick knows whether the others are enough.
      this.routes[family].hold(true);
      this.#electionDue = true;
    }
  }

  #candidates(family: FamilyIndex): Candidate[] {
    return [...this.#sessions.whole()].map((peer) => ({ peer: this.#peers.at(peer), size: this.routes[family].sizeOf(peer) }));
  }

  #chooseFullFeeds(at: UnixMillis): void {
    this.#nextFullFeedAt = at + this.#settings.fullFeedEveryMs;
    for (const family of [0, 1] as const) {
      const chosen = fullFeeds(this.#candidates(family), this.#full[family], this.#settings);
      for (const peer of this.#full[family]) if (this.#isOut(peer, at)) chosen.add(peer);
      this.#full[family] = chosen;
    }
    this.#sessions.watch(this.#full, at);
  }

  /** Whether its table cannot be measured, but was not long ago or will be. */
  #isOut(peer: number, at: UnixMillis): boolean {
    const status = this.#sessions.status(peer);
    if (status.kind === 'no-table') return this.#sessions.isLost(this.#peers.at(peer).collector);
    return status.kind !== 'up' && status.because !== 'collector-lost' && at - status.since < this.#settings.voterHistoryMs;
  }

  #elect(): void {
    this.#electionDue = false;
    for (const family of [0, 1] as const) {
      const candidates = this.#candidates(family).filter(({ peer }) => this.#sessions.isHealthy(peer.index));
      const elected = elect(candidates, this.#full[family]);
      const routes = this.routes[family];
      for (const peer of this.#voters[family]) if (!elected.has(peer)) routes.setVoting(peer, false);
      for (const peer of elected) if (!this.#voters[family].has(peer)) routes.setVoting(peer, true);
      this.#voters[family] = elected;
    }
  }

  #judgeUsability(family: FamilyIndex): Usability {
    const collectors = new Set([...this.#voters[family]].map((peer) => this.#peers.at(peer).collector)).size;
    const voters = this.#voters[family].size;
    if (this.#gapped) return { kind: 'unusable', reason: 'gap', voters, collectors, needed: 0 };
    const usability = usabilityOf(voters, collectors, this.#configuredCollectors, this.#history[family].median(), this.#settings);
    const isGap = usability.kind === 'unusable' && [...this.#full[family]].some((peer) => this.#sessions.isLost(this.#peers.at(peer).collector));
    return isGap ? { ...usability, reason: 'gap' } : usability;
  }
}
