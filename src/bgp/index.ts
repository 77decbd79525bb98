export { ElemBatch, ElemKind, families } from './elem.js';
export type { ElemKindCode, Family, FamilyIndex, FeedGap, UnixMillis } from './elem.js';
export { PeerIndex } from './peer.js';
export type { Peer } from './peer.js';
