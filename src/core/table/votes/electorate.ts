import type { FamilyIndex, PeerIndex, UnixMillis } from '../../bgp/index.js';
import type { RouteTable } from '../routes/route-table.js';
import type { Sessions } from '../sessions/sessions.js';
import type { TableSettings } from '../settings.js';
import { elect, fullFeeds, type Candidate } from './voters.js';

/** Full feeds of either family that are known, and how many of them are out, by why. */
export interface OutOfVote {
  readonly known: number;
  readonly out: readonly { readonly because: string; readonly count: number }[];
}

/** Which sessions are full feeds, and which of them vote, by family. */
export class Electorate {
  /** Those included that are out for a while and were one before. */
  readonly full: [Set<number>, Set<number>] = [new Set(), new Set()];
  readonly voters: [Set<number>, Set<number>] = [new Set(), new Set()];
  /** Who left the vote since its table is not known just now, and whose AS has no other vote. */
  readonly #left: [Set<number>, Set<number>] = [new Set(), new Set()];
  readonly #routes: readonly [RouteTable, RouteTable];
  readonly #peers: PeerIndex;
  readonly #settings: TableSettings;

  constructor(routes: readonly [RouteTable, RouteTable], peers: PeerIndex, settings: TableSettings) {
    this.#routes = routes;
    this.#peers = peers;
    this.#settings = settings;
  }

  /**
   * Takes a peer's votes away, and tells whether it had one. Its family's verdicts stand still until the next election
   * knows whether the other voters are enough.
   */
  removeVote(peer: number): boolean {
    let voted = false;
    for (const family of [0, 1] as const) {
      if (!this.voters[family].delete(peer)) continue;
      voted = true;
      this.#left[family].add(peer);
      this.#routes[family].setVoting(peer, false);
      this.#routes[family].verdicts.freeze(true);
    }
    return voted;
  }

  chooseFullFeeds(sessions: Sessions, at: UnixMillis): void {
    for (const family of [0, 1] as const) {
      const chosen = fullFeeds(this.#candidates(sessions, family), this.full[family], this.#settings);
      for (const peer of this.full[family]) if (this.#isOut(sessions, peer, at)) chosen.add(peer);
      this.full[family] = chosen;
    }
  }

  elect(sessions: Sessions): void {
    for (const family of [0, 1] as const) {
      const elected = elect(
        this.#candidates(sessions, family).filter(({ peer }) => sessions.isHealthy(peer.index)),
        this.full[family],
      );
      for (const peer of this.voters[family]) if (!elected.has(peer)) this.#routes[family].setVoting(peer, false);
      for (const peer of elected) if (!this.voters[family].has(peer)) this.#routes[family].setVoting(peer, true);
      this.voters[family] = elected;
      const voting = new Set([...elected].map((peer) => this.#peers.at(peer).asn));
      for (const peer of this.#left[family]) if (voting.has(this.#peers.at(peer).asn)) this.#left[family].delete(peer);
    }
  }

  /** Who would vote, but for a gap of its collector. */
  absent(sessions: Sessions, family: FamilyIndex): Set<number> {
    const { [family]: left } = this.#left;
    for (const peer of left) if (!sessions.isLost(this.#peers.at(peer).collector)) left.delete(peer);
    return left;
  }

  outOfVote(sessions: Sessions): OutOfVote {
    const known = new Set([...this.full[0], ...this.full[1]]);
    const out = new Map<string, number>();
    for (const peer of known) {
      if (sessions.isHealthy(peer)) continue;
      const status = sessions.status(peer);
      // Without a table only while its collector's is loaded.
      const because = 'because' in status ? status.because : 'collector-lost';
      out.set(because, (out.get(because) ?? 0) + 1);
    }
    return {
      known: known.size,
      out: [...out].sort(([a], [b]) => (a < b ? -1 : 1)).map(([because, count]) => ({ because, count })),
    };
  }

  #candidates(sessions: Sessions, family: FamilyIndex): Candidate[] {
    return [...sessions.whole()].map((peer) => ({
      peer: this.#peers.at(peer),
      size: this.#routes[family].sizeOf(peer),
    }));
  }

  /** Whether its table cannot be measured, but was not long ago or will be. */
  #isOut(sessions: Sessions, peer: number, at: UnixMillis): boolean {
    const status = sessions.status(peer);
    if (status.kind === 'no-table') return sessions.isLost(this.#peers.at(peer).collector);
    return (
      status.kind !== 'up' && status.because !== 'collector-lost' && at - status.since < this.#settings.voterHistoryMs
    );
  }
}
