export { canonicalAddress } from './address.js';
export { ElemBatch, ElemKind, families } from './elem.js';
export type { ElemKindCode, Family, FamilyIndex, FeedGap, UnixMillis } from './elem.js';
export { elemsOf } from './elems.js';
export type { Announcement, Elem, Idle, PeerState, RibEntry, StreamEvent, Withdrawal } from './elems.js';
export { PeerIndex } from './peer.js';
export type { Peer } from './peer.js';
export { formatPrefix, parsePrefix, prefixLength } from './prefix.js';
