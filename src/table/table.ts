import { ElemKind, families, type ElemBatch, type Family, type FamilyIndex, type PeerIndex, type UnixMillis } from '../bgp/index.js';
import type { PeerColumn } from './peer-column.js';
import { RouteTable, type VerdictSink } from './route-table.js';
import type { TableSettings } from './settings.js';
import { usabilityOf, VoterHistory, type Usability } from './usability.js';
import type { Turned } from './without.js';
import { elect, fullFeeds, type Candidate } from './voters.js';

/**
 * What we know of a session. `no-table`: it was in no RIB, so what it does not announce means nothing, and it never votes. `up`: its
 * table is whole. `unknown`: lost, and its routes with it: that is not a withdrawal. `warming`: back, and sending its table again.
 */
export type PeerStatus =
  | { readonly kind: 'no-table' }
  | { readonly kind: 'up' }
  | { readonly kind: 'unknown'; readonly since: UnixMillis }
  | { readonly kind: 'warming'; readonly since: UnixMillis };

const noTable: PeerStatus = { kind: 'no-table' };
const up: PeerStatus = { kind: 'up' };

interface Session {
  status: PeerStatus;
  /** Its table by family when it was last whole, while it is unknown or warming. */
  former: readonly [PeerColumn, PeerColumn] | null;
}

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
  readonly #sessions: (Session | undefined)[] = [];
  /** Per peer, whether its elems may go straight into its column. */
  readonly #plain: (boolean | undefined)[] = [];
  /** Reused by every apply(). */
  #ids = new Int32Array(1024);
  readonly #full: [Set<number>, Set<number>] = [new Set(), new Set()];
  readonly #voters: [Set<number>, Set<number>] = [new Set(), new Set()];
  readonly #history: readonly [VoterHistory, VoterHistory];
  #usability: [Usability, Usability];
  #lenient: (family: FamilyIndex, owner: number) => boolean = () => false;
  #gapped = false;
  #electionDue = false;
  #nextFullFeedAt = -Infinity;

  constructor({ peers, settings, configuredCollectors, sink }: TableOptions) {
    this.#peers = peers;
    this.#settings = settings;
    this.#configuredCollectors = configuredCollectors;
    this.routes = [new RouteTable(0, sink, settings), new RouteTable(1, sink, settings)];
    this.#history = [new VoterHistory(settings.voterHistoryMs), new VoterHistory(settings.voterHistoryMs)];
    const none = usabilityOf(0, 0, configuredCollectors, 0, settings);
    this.#usability = [none, none];
  }

  /** Applies the batch's rows from..to-1 in their order. */
  apply(batch: ElemBatch, from: number, to: number): void {
    const { kind, family, peer, prefix, origin } = batch;
    const [ipv4, ipv6] = this.routes;
    const ids = this.#look(batch, from, to);
    for (let row = from; row < to; row++) {
      const code = prefix[row];
      const who = peer[row];
      switch (kind[row]) {
        case ElemKind.announcement:
          if (this.#plain[who] !== true) this.#stir(who, batch.at[row]);
          if (code > 0) (family[row] === 0 ? ipv4 : ipv6).announce(who, code, origin[row], ids[row - from]);
          break;
        case ElemKind.withdrawal:
          if (code > 0) (family[row] === 0 ? ipv4 : ipv6).withdraw(who, code, ids[row - from]);
          break;
        case ElemKind.rib:
          if (this.#sessions[who]?.status !== up) this.#inRib(who);
          if (code > 0) (family[row] === 0 ? ipv4 : ipv6).announceInOrder(who, code, origin[row]);
          break;
        case ElemKind.peerUp:
          this.#peerUp(who, batch.at[row]);
          break;
        case ElemKind.peerDown:
          this.#peerDown(who, batch.at[row]);
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

  /** The load is over: voters are chosen and, as soon as they are enough, verdicts made. */
  judge(at: UnixMillis, lenient: (family: FamilyIndex, owner: number) => boolean): void {
    this.#endWarming(at);
    this.#chooseFullFeeds(at);
    this.#elect();
    this.#lenient = lenient;
    this.settle(at);
  }

  /** To be called at every tick, before anything is read: peers whose table is whole again vote, voters are renewed, verdicts settled. */
  settle(at: UnixMillis): void {
    this.#endWarming(at);
    if (at >= this.#nextFullFeedAt) {
      this.#chooseFullFeeds(at);
      this.#electionDue = true;
    }
    if (this.#electionDue) this.#elect();
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

  /** The verdicts that would be others without each collector in turn; not without one that leaves fewer than `minVoters`. */
  withoutEachCollector(family: FamilyIndex, minVoters: number): { readonly collector: string; readonly turned: readonly Turned[] }[] {
    const byCollector = new Map<string, number[]>();
    for (const peer of this.#voters[family]) {
      const { collector } = this.#peers.at(peer);
      byCollector.set(collector, [...(byCollector.get(collector) ?? []), peer]);
    }
    const asides = [...byCollector].filter(([, peers]) => this.#voters[family].size - peers.length >= minVoters).sort(([a], [b]) => (a < b ? -1 : 1));
    const turned = this.routes[family].verdictsWithout(asides.map(([, peers]) => peers));
    return asides.map(([collector], index) => ({ collector, turned: turned[index] }));
  }

  status(peer: number): PeerStatus {
    return this.#sessions[peer]?.status ?? noTable;
  }

  /** Peers that vote, and full feeds, by family. */
  counts(): Record<Family, { readonly voters: number; readonly fullFeedPeers: number }> {
    const of = (family: FamilyIndex): { voters: number; fullFeedPeers: number } => ({
      voters: this.#voters[family].size,
      fullFeedPeers: this.#full[family].size,
    });
    return { [families[0]]: of(0), [families[1]]: of(1) } as Record<Family, { voters: number; fullFeedPeers: number }>;
  }

  /** The first elem of a session that is not plainly up: an announcement after a loss means that it is back, whatever was not said. */
  #stir(peer: number, at: UnixMillis): void {
    const session = this.#session(peer);
    if (session.status.kind === 'unknown') this.#peerUp(peer, at);
    else if (session.status.kind !== 'warming') this.#plain[peer] = true;
  }

  #inRib(peer: number): void {
    const session = this.#session(peer);
    session.status = up;
    session.former = null;
    this.#plain[peer] = true;
  }

  #peerDown(peer: number, at: UnixMillis): void {
    const session = this.#session(peer);
    if (session.status.kind === 'unknown') return;
    const wasWhole = session.status.kind === 'up';
    const sawTable = session.status.kind !== 'no-table';
    this.#unseat(peer);
    const columns = this.#takeColumns(peer);
    if (!sawTable) return;
    // A table that never came back whole is no measure of the next.
    if (wasWhole && (session.former === null || sizeOf(columns) > sizeOf(session.former))) session.former = columns;
    session.status = { kind: 'unknown', since: at };
    this.#plain[peer] = false;
  }

  #peerUp(peer: number, at: UnixMillis): void {
    this.#peerDown(peer, at);
    const session = this.#session(peer);
    if (session.status.kind !== 'unknown') return;
    session.status = { kind: 'warming', since: at };
  }

  #endWarming(at: UnixMillis): void {
    this.#sessions.forEach((session, peer) => {
      if (session === undefined) return;
      const { status, former } = session;
      if (status.kind !== 'warming' || former === null) return;
      const back = this.#tableIsBack(peer, former);
      if (!back && at - status.since < this.#settings.warmingMs) return;
      session.status = up;
      if (back) session.former = null;
      this.#plain[peer] = true;
      this.#nextFullFeedAt = at;
    });
  }

  /** Whether enough of a returning peer's former table, in both families together, was seen again. */
  #tableIsBack(peer: number, former: readonly [PeerColumn, PeerColumn]): boolean {
    let before = 0;
    let seen = 0;
    for (const family of [0, 1] as const) {
      before += former[family].size;
      seen += this.routes[family].seenAgain(peer, former[family]);
    }
    return seen >= this.#settings.warmingShare * before;
  }

  #takeColumns(peer: number): readonly [PeerColumn, PeerColumn] {
    return [this.routes[0].takeColumn(peer), this.routes[1].takeColumn(peer)];
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
    const candidates: Candidate[] = [];
    this.#sessions.forEach((session, peer) => {
      if (session?.status.kind !== 'up') return;
      candidates.push({ peer: this.#peers.at(peer), size: this.routes[family].sizeOf(peer) });
    });
    return candidates;
  }

  #chooseFullFeeds(at: UnixMillis): void {
    this.#nextFullFeedAt = at + this.#settings.fullFeedEveryMs;
    for (const family of [0, 1] as const) {
      this.#full[family] = fullFeeds(this.#candidates(family), this.#full[family], this.#settings);
    }
  }

  #elect(): void {
    this.#electionDue = false;
    for (const family of [0, 1] as const) {
      const elected = elect(this.#candidates(family), this.#full[family]);
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
    return usabilityOf(voters, collectors, this.#configuredCollectors, this.#history[family].median(), this.#settings);
  }

  #session(peer: number): Session {
    return (this.#sessions[peer] ??= { status: noTable, former: null });
  }
}

function sizeOf([ipv4, ipv6]: readonly [PeerColumn, PeerColumn]): number {
  return ipv4.size + ipv6.size;
}
