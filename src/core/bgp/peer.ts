/** One BGP session of a RIS collector: a peer is (collector, address). */
export interface Peer {
  /** Position in its PeerIndex; what ElemBatch.peer holds. */
  readonly index: number;
  /** rrcNN, without the domain. */
  readonly collector: string;
  /** Canonical text of the peer's address (RFC 5952 for IPv6). */
  readonly address: string;
  readonly asn: number;
}

/** Numbers every peer and every collector seen, for the whole life of a table. */
export class PeerIndex {
  readonly #peers: Peer[] = [];
  readonly #byKey = new Map<string, number>();
  readonly #collectors: string[] = [];
  /** By peer: the number of its collector. */
  #collectorOf = new Uint16Array(1024);

  get size(): number {
    return this.#peers.length;
  }

  at(index: number): Peer {
    return this.#peers[index];
  }

  /** Names of the collectors, by their numbers. */
  get collectors(): readonly string[] {
    return this.#collectors;
  }

  /** The number of the peer's collector. */
  collectorOf(peer: number): number {
    return this.#collectorOf[peer];
  }

  /** The number of a collector, which it gets now if no peer of it was seen. */
  numberOf(collector: string): number {
    const number = this.#collectors.indexOf(collector);
    return number >= 0 ? number : this.#collectors.push(collector) - 1;
  }

  /** The peer's index. A session that comes back under another ASN keeps its index; the ASN seen last holds. */
  intern(collector: string, address: string, asn: number): number {
    const key = `${collector} ${address}`;
    const known = this.#byKey.get(key);
    if (known !== undefined) {
      if (this.#peers[known].asn !== asn) this.#peers[known] = { index: known, collector, address, asn };
      return known;
    }
    const index = this.#peers.length;
    this.#peers.push({ index, collector, address, asn });
    this.#byKey.set(key, index);
    if (index === this.#collectorOf.length) {
      const wider = new Uint16Array(index * 2);
      wider.set(this.#collectorOf);
      this.#collectorOf = wider;
    }
    this.#collectorOf[index] = this.numberOf(collector);
    return index;
  }
}
