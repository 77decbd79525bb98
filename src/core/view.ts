import type { Family, FamilyIndex, PeerIndex } from './bgp/index.js';
import type { Countries, CountrySample } from './countries/index.js';
import type { GuardName, Hold, HoldCounts } from './guards/index.js';
import type { StoredState } from './incidents/index.js';
import type { Judgement } from './judgement.js';
import type {
  OutOfVote,
  PeerStatus,
  PeerView,
  Table,
  TableTransfer,
  ChangedVerdict,
  Usability,
} from './table/index.js';

export interface ViewedParts {
  readonly peers: PeerIndex;
  readonly table: Table;
  readonly countries: Countries;
  readonly judgement: Judgement;
}

/** All that can be read of a pipeline. It shows what is so when it is asked, and changes nothing. */
export class PipelineView {
  readonly #peers: PeerIndex;
  readonly #table: Table;
  readonly #countries: Countries;
  readonly #judgement: Judgement;

  constructor({ peers, table, countries, judgement }: ViewedParts) {
    this.#peers = peers;
    this.#table = table;
    this.#countries = countries;
    this.#judgement = judgement;
  }

  /** Whether the table was good enough to judge by at the last tick. */
  get usability(): Readonly<Record<Family, Usability>> {
    return { ipv4: this.#table.usability(0), ipv6: this.#table.usability(1) };
  }

  /** Peers that vote, and full feeds that could. */
  get counts(): Readonly<Record<Family, { readonly voters: number; readonly fullFeedPeers: number }>> {
    return this.#table.counts();
  }

  /** Every session, by collector and address, and what it is good for. Reads no routes. */
  get peers(): readonly PeerView[] {
    return this.#table.peers();
  }

  /** How many sessions have each status. */
  get peersByStatus(): Readonly<Record<PeerStatus['kind'], number>> {
    const counts = { up: 0, warming: 0, unknown: 0, 'no-table': 0 };
    for (let peer = 0; peer < this.#peers.size; peer++) counts[this.#table.status(peer).kind]++;
    return counts;
  }

  /** How many full feeds are known, and why some of them have no vote. */
  get outOfVote(): OutOfVote {
    return this.#table.outOfVote();
  }

  /** Since the start. */
  get sessionCounters(): Table['sessionCounters'] {
    return this.#table.sessionCounters;
  }

  /** The latest tables that were sent again although no message reported a new session, in order. */
  get transfers(): readonly TableTransfer[] {
    return this.#table.transfers;
  }

  /** What the guards held back at the last tick, and why. */
  get holds(): readonly Hold[] {
    return this.#judgement.holds;
  }

  /** How often each guard held back since the start. */
  get holdCounts(): Readonly<Record<GuardName, HoldCounts>> {
    return this.#judgement.holdCounts;
  }

  /** Whether verdicts were made, so that a registry can take over at the next tick. */
  get canSwapRegistry(): boolean {
    return this.#countries.canSwap();
  }

  /** All that is remembered of a country; undefined before its first tick. */
  state(country: string): StoredState | undefined {
    return this.#judgement.state(country);
  }

  states(): Iterable<StoredState> {
    return this.#judgement.states();
  }

  /** What the last tick measured of a country, IPv4 and IPv6; null if it never had anything. */
  samples(country: string): readonly [CountrySample, CountrySample] | null {
    return this.#countries.samples(country);
  }

  /** The verdicts that would differ without each collector that leaves at least `minVoters`. Reads the whole table. */
  withoutEachCollector(
    family: FamilyIndex,
    minVoters: number,
  ): readonly { readonly collector: string; readonly turned: readonly ChangedVerdict[] }[] {
    return this.#table.withoutEachCollector(family, minVoters);
  }
}
