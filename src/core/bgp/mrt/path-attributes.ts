/** The path attributes that say where a route comes from (RFC 4271 sections 4.3 and 5.1.2, RFC 6793). */
import { uint16, uint32 } from '../octets.js';

export const AttributeType = { asPath: 2, mpReach: 14, mpUnreach: 15, as4Path: 17 } as const;
const extendedLength = 0x10;
const Segment = { set: 1, sequence: 2, confedSequence: 3, confedSet: 4 } as const;
/** Stands for a 4-octet ASN where only two octets fit (RFC 6793 section 9). */
const asTrans = 23456;

/** Walks a field of path attributes: the one at hand is `type`, its value start..end. */
export class AttributeWalk {
  type = 0;
  start = 0;
  end = 0;
  /** The attributes do not fill the field exactly. */
  malformed = false;
  #bytes: Uint8Array = new Uint8Array(0);
  #fieldEnd = 0;

  begin(bytes: Uint8Array, start: number, end: number): void {
    this.#bytes = bytes;
    this.end = start;
    this.#fieldEnd = end;
    this.malformed = false;
  }

  /** Moves to the next attribute; false if none follows, or it is not complete. */
  next(): boolean {
    const bytes = this.#bytes;
    const pos = this.end;
    if (pos === this.#fieldEnd) return false;
    const long = (bytes[pos] & extendedLength) !== 0;
    const start = pos + (long ? 4 : 3);
    if (start <= this.#fieldEnd) {
      const end = start + (long ? uint16(bytes, pos + 2) : bytes[pos + 2]);
      if (end <= this.#fieldEnd) {
        this.type = bytes[pos + 1];
        this.start = start;
        this.end = end;
        return true;
      }
    }
    this.malformed = true;
    return false;
  }
}

/**
 * The origin of an AS_PATH or AS4_PATH: the last ASN, of a trailing AS_SET the first; 0 for an empty path, -1 for a
 * malformed one. Confederation segments are the neighbour's own affair.
 */
export function pathOrigin(bytes: Uint8Array, start: number, end: number, asnOctets: 2 | 4): number {
  let origin = 0;
  for (let pos = start; pos < end;) {
    if (pos + 2 > end) return -1;
    const type = bytes[pos];
    const octets = bytes[pos + 1] * asnOctets;
    pos += 2;
    if (pos + octets > end || type < Segment.set || type > Segment.confedSet) return -1;
    if (octets > 0 && type <= Segment.sequence) {
      const at = type === Segment.sequence ? pos + octets - asnOctets : pos;
      origin = asnOctets === 4 ? uint32(bytes, at) : uint16(bytes, at);
    }
    pos += octets;
  }
  return origin;
}

const walk = new AttributeWalk();

/** The origin by the attributes in start..end; 0 without an AS_PATH, -1 where they are malformed. */
export function originOf(bytes: Uint8Array, start: number, end: number, asnOctets: 2 | 4): number {
  let origin = 0;
  let as4Origin = 0;
  walk.begin(bytes, start, end);
  while (walk.next()) {
    if (walk.type === AttributeType.asPath) {
      origin = pathOrigin(bytes, walk.start, walk.end, asnOctets);
      if (origin < 0) return -1;
      if (origin !== asTrans) return origin;
    } else if (walk.type === AttributeType.as4Path) {
      as4Origin = Math.max(0, pathOrigin(bytes, walk.start, walk.end, 4));
    }
  }
  if (walk.malformed) return -1;
  return origin === asTrans && as4Origin > 0 ? as4Origin : origin;
}
