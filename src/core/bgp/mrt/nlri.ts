/**
 * Prefixes as BGP encodes them (RFC 4271 section 4.3): a length in bits and as many octets as it needs; ADD-PATH (RFC
 * 7911) puts a path id before.
 */
import type { ElemBatch, ElemKindCode, FamilyIndex, UnixMillis } from '../elem.js';
import { formatLongIpv6, ipv4Code, ipv6Code, longestIpv6Code } from '../prefix.js';

const maxLength = [32, 128] as const;
const pathIdOctets = 4;
const groups = new Uint16Array(8);

/** The position after the prefix at `pos`, or -1 where it does not fit before `end` or its length is impossible. */
export function prefixEnd(bytes: Uint8Array, pos: number, end: number, family: FamilyIndex): number {
  if (pos >= end) return -1;
  const length = bytes[pos];
  const after = pos + 1 + ((length + 7) >> 3);
  return length <= maxLength[family] && after <= end ? after : -1;
}

/** The batch's `prefix` value of the prefix at `pos`, which prefixEnd() has accepted. */
export function prefixColumn(bytes: Uint8Array, pos: number, family: FamilyIndex, into: ElemBatch): number {
  const length = bytes[pos];
  const octets = (length + 7) >> 3;
  if (family === 0) {
    let bits = 0;
    for (let index = 1; index <= 4; index++) bits = (bits << 8) | (index <= octets ? bytes[pos + index] : 0);
    return ipv4Code(bits, length);
  }
  for (let index = 0; index < 8; index++) {
    const high = index * 2 < octets ? bytes[pos + 1 + index * 2] : 0;
    const low = index * 2 + 1 < octets ? bytes[pos + 2 + index * 2] : 0;
    groups[index] = (high << 8) | low;
  }
  if (length > longestIpv6Code) return into.addLongPrefix(formatLongIpv6(groups, length));
  return ipv6Code(groups[0], groups[1], groups[2], length);
}

/** Octets before each prefix of a field: 0, or 4 for a path id. -1: the field can be read neither way. */
export type PathIdOctets = 0 | 4 | -1;

/**
 * Whether the prefixes in start..end carry path ids. The record's subtype says so (`declared`), but BIRD writes them
 * under the subtype without; so a field that reads badly as declared and well the other way is read the other way.
 */
export function pathIdsIn(
  bytes: Uint8Array,
  start: number,
  end: number,
  family: FamilyIndex,
  declared: boolean,
): PathIdOctets {
  const expected = declared ? pathIdOctets : 0;
  const asDeclared = reading(bytes, start, end, family, expected);
  if (asDeclared === 'good') return expected;
  const other = declared ? 0 : pathIdOctets;
  if (reading(bytes, start, end, family, other) === 'good') return other;
  return asDeclared === 'doubtful' ? expected : -1;
}

/**
 * Doubtful: bits set behind a prefix's length, or two default routes. Legal, but nobody sends that: it is what path ids
 * look like.
 */
function reading(
  bytes: Uint8Array,
  start: number,
  end: number,
  family: FamilyIndex,
  idOctets: 0 | 4,
): 'good' | 'doubtful' | 'bad' {
  let doubtful = false;
  let defaults = 0;
  for (let pos = start; pos < end;) {
    pos += idOctets;
    const after = prefixEnd(bytes, pos, end, family);
    if (after < 0) return 'bad';
    const length = bytes[pos];
    if (length === 0 && ++defaults > 1) doubtful = true;
    if ((length & 7) !== 0 && (bytes[after - 1] & (0xff >> (length & 7))) !== 0) doubtful = true;
    pos = after;
  }
  return doubtful ? 'doubtful' : 'good';
}

/** Appends an elem for each prefix of a field that pathIdsIn() has accepted. */
export function pushPrefixes(
  field: {
    readonly bytes: Uint8Array;
    readonly start: number;
    readonly end: number;
    readonly family: FamilyIndex;
    readonly pathIds: PathIdOctets;
  },
  kind: ElemKindCode,
  peer: number,
  at: UnixMillis,
  origin: number,
  into: ElemBatch,
): void {
  const { bytes, end, family, pathIds } = field;
  for (let pos = field.start; pos < end;) {
    pos += pathIds;
    into.push(kind, family, peer, at, prefixColumn(bytes, pos, family, into), origin);
    pos = prefixEnd(bytes, pos, end, family);
  }
}
