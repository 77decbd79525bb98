/** The batch's rows as objects, for tests and transcripts; the hot path never makes them. */
import { ElemKind, type ElemBatch, type ElemKindCode, type FamilyIndex, type UnixMillis } from './elem.js';
import type { PeerIndex } from './peer.js';
import { formatPrefix } from './prefix.js';

/** Whose session said it, and when. */
interface Said {
  readonly at: UnixMillis;
  readonly collector: string;
  /** Canonical address of the peer. */
  readonly peer: string;
  readonly peerAsn: number;
}
interface Route extends Said {
  /** CIDR notation, canonical. */
  readonly prefix: string;
  /** The last ASN of the AS path, 0 where unknown. */
  readonly origin: number;
}

export interface RibEntry extends Route {
  readonly kind: 'rib';
}
export interface Announcement extends Route {
  readonly kind: 'announcement';
}
export interface Withdrawal extends Said {
  readonly kind: 'withdrawal';
  readonly prefix: string;
}
export interface PeerState extends Said {
  readonly kind: 'peer-state';
  readonly state: 'up' | 'down';
}
export interface Idle extends Said {
  readonly kind: 'idle';
}
export type Elem = RibEntry | Announcement | Withdrawal | PeerState | Idle;

/** Every row of the batch. */
export function elemsOf(batch: ElemBatch, peers: PeerIndex): Elem[] {
  return Array.from({ length: batch.length }, (_, row) => elemAt(batch, row, peers));
}

function elemAt(batch: ElemBatch, row: number, peers: PeerIndex): Elem {
  const peer = peers.at(batch.peer[row]);
  const said: Said = { at: batch.at[row], collector: peer.collector, peer: peer.address, peerAsn: peer.asn };
  switch (batch.kind[row] as ElemKindCode) {
    case ElemKind.rib:
      return { kind: 'rib', ...said, prefix: prefixAt(batch, row), origin: batch.origin[row] };
    case ElemKind.announcement:
      return { kind: 'announcement', ...said, prefix: prefixAt(batch, row), origin: batch.origin[row] };
    case ElemKind.withdrawal:
      return { kind: 'withdrawal', ...said, prefix: prefixAt(batch, row) };
    case ElemKind.peerUp:
      return { kind: 'peer-state', state: 'up', ...said };
    case ElemKind.peerDown:
      return { kind: 'peer-state', state: 'down', ...said };
    case ElemKind.idle:
      return { kind: 'idle', ...said };
  }
}

function prefixAt(batch: ElemBatch, row: number): string {
  const code = batch.prefix[row];
  return code < 0 ? batch.longPrefixes[-1 - code] : formatPrefix(batch.family[row] as FamilyIndex, code);
}
