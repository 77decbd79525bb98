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

/** Names every peer seen by a small integer, for the whole life of a table. */
export class PeerIndex {
  readonly #peers: Peer[] = [];
  readonly #byKey = new Map<string, number>();

  get size(): number {
    return this.#peers.length;
  }

  at(index: number): Peer {
    return this.#peers[index];
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
    return index;
  }
}
