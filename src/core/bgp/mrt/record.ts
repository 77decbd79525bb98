/** An MRT record (RFC 6396) on its way to elems, and what can be wrong with it. */
import type { ElemBatch, FamilyIndex, UnixMillis } from '../elem.js';
import { formatIpv4, formatIpv6 } from '../address.js';
import { uint16 } from '../octets.js';
import { PeerCache } from '../peer-cache.js';
import type { PeerIndex } from '../peer.js';

/** Why a record was dropped whole; the last two are of the file. */
export const mrtProblems = [
  'truncated-record',
  'address-family',
  'no-peer-table',
  'peer-index',
  'bgp-message',
  'attributes',
  'prefixes',
  'record-too-long',
  'truncated-file',
] as const;
export type MrtProblem = (typeof mrtProblems)[number];

/** `skipped`: whole and well, but of a kind that says nothing about unicast routes. */
export type MrtOutcome = 'decoded' | 'skipped' | MrtProblem;

/** Bounds of one record's body, and its header. */
export interface MrtRecord {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  readonly subtype: number;
  readonly at: UnixMillis;
}

/** Decodes the records of one MRT type; on any other outcome than `decoded` what it appended is to be rolled back. */
export type MrtRecordDecoder = (record: MrtRecord, into: ElemBatch) => MrtOutcome;

export const safiUnicast = 1;

/** The family of an AFI (RFC 4760), or -1. */
export function familyOf(afi: number): FamilyIndex | -1 {
  return afi === 1 ? 0 : afi === 2 ? 1 : -1;
}

export const addressOctets = [4, 16] as const;

export function addressText(bytes: Uint8Array, pos: number, family: FamilyIndex): string {
  if (family === 0)
    return formatIpv4((bytes[pos] << 24) | (bytes[pos + 1] << 16) | (bytes[pos + 2] << 8) | bytes[pos + 3]);
  return formatIpv6(Uint16Array.from({ length: 8 }, (_, index) => uint16(bytes, pos + index * 2)));
}

/** The peers of one collector's records, by the octets of their addresses. */
export class CollectorPeers {
  readonly #cache = new PeerCache();
  readonly #address = new Uint8Array(16);
  readonly #key = new DataView(this.#address.buffer);
  readonly #peers: PeerIndex;
  readonly #collector: string;

  constructor(peers: PeerIndex, collector: string) {
    this.#peers = peers;
    this.#collector = collector;
  }

  intern(bytes: Uint8Array, pos: number, family: FamilyIndex, asn: number): number {
    const length = addressOctets[family];
    for (let octet = 0; octet < length; octet++) this.#address[octet] = bytes[pos + octet];
    const known = this.#cache.find(this.#key, 0, length, family);
    if (known >= 0 && this.#peers.at(known).asn === asn) return known;
    const peer = this.#peers.intern(this.#collector, addressText(bytes, pos, family), asn);
    if (known < 0) this.#cache.add(this.#key, 0, length, family, peer);
    return peer;
  }
}
