/** Unix time in milliseconds, possibly fractional (RIS stamps to the microsecond). */
export type UnixMillis = number;

export type Family = 'ipv4' | 'ipv6';
/** 0 is IPv4, 1 is IPv6: the hot path's name of a family, an index into `families`. */
export type FamilyIndex = 0 | 1;
export const families: readonly [Family, Family] = ['ipv4', 'ipv6'];
export const familyNames: Readonly<Record<Family, string>> = { ipv4: 'IPv4', ipv6: 'IPv6' };
/** What a family's address space is counted in. */
export const unitNames: Readonly<Record<Family, string>> = { ipv4: '/24s', ipv6: '/48s' };

/**
 * What one elem says. `idle` moves no route (KEEPALIVE, End-of-RIB, attributes only) but tells that its collector's
 * clock moved.
 */
export const ElemKind = { rib: 0, announcement: 1, withdrawal: 2, peerUp: 3, peerDown: 4, idle: 5 } as const;
export type ElemKindCode = (typeof ElemKind)[keyof typeof ElemKind];

/**
 * Decoded elems in reused columns: the hot path makes no object per elem. Rows 0..length-1 are valid.
 *
 * `prefix` is the sentinel code: (1 << length) | top bits, one exact number per prefix within a family (IPv4 to /32,
 * IPv6 to /48; see prefix.ts). An IPv6 prefix longer than /48 has none: its column is -1 - k and its text
 * longPrefixes[k]. `origin` is the last ASN of the AS path (the first of a trailing AS_SET), 0 where unknown; only for
 * rib and announcement. For peerUp, peerDown and idle `prefix`, `origin` and `family` are 0.
 */
export class ElemBatch {
  length = 0;
  kind: Uint8Array;
  family: Uint8Array;
  peer: Uint32Array;
  at: Float64Array;
  prefix: Float64Array;
  origin: Uint32Array;
  longPrefixes: string[] = [];

  constructor(capacity = 4096) {
    this.kind = new Uint8Array(capacity);
    this.family = new Uint8Array(capacity);
    this.peer = new Uint32Array(capacity);
    this.at = new Float64Array(capacity);
    this.prefix = new Float64Array(capacity);
    this.origin = new Uint32Array(capacity);
  }

  get capacity(): number {
    return this.kind.length;
  }

  clear(): void {
    this.length = 0;
    if (this.longPrefixes.length > 0) this.longPrefixes = [];
  }

  /** The `prefix` column's value for an IPv6 prefix that has no sentinel code. */
  addLongPrefix(text: string): number {
    return -this.longPrefixes.push(text);
  }

  /** Takes back what was appended since the batch had `length` rows and `longPrefixes` long prefixes. */
  rollBack(length: number, longPrefixes: number): void {
    this.length = length;
    this.longPrefixes.length = longPrefixes;
  }

  push(kind: ElemKindCode, family: FamilyIndex, peer: number, at: UnixMillis, prefix: number, origin: number): void {
    const row = this.length;
    if (row === this.kind.length) this.#grow();
    this.kind[row] = kind;
    this.family[row] = family;
    this.peer[row] = peer;
    this.at[row] = at;
    this.prefix[row] = prefix;
    this.origin[row] = origin;
    this.length = row + 1;
  }

  /** Appends the rows from..to of another batch. */
  append(other: ElemBatch, from = 0, to = other.length): void {
    for (let row = from; row < to; row++) {
      let prefix = other.prefix[row];
      if (prefix < 0) prefix = this.addLongPrefix(other.longPrefixes[-1 - prefix]);
      this.push(
        other.kind[row] as ElemKindCode,
        other.family[row] as FamilyIndex,
        other.peer[row],
        other.at[row],
        prefix,
        other.origin[row],
      );
    }
  }

  #grow(): void {
    const capacity = this.kind.length * 2;
    const wider = <T extends Uint8Array | Uint32Array | Float64Array>(old: T, made: T): T => {
      made.set(old);
      return made;
    };
    this.kind = wider(this.kind, new Uint8Array(capacity));
    this.family = wider(this.family, new Uint8Array(capacity));
    this.peer = wider(this.peer, new Uint32Array(capacity));
    this.at = wider(this.at, new Float64Array(capacity));
    this.prefix = wider(this.prefix, new Float64Array(capacity));
    this.origin = wider(this.origin, new Uint32Array(capacity));
  }
}

/** The stream was not seen: by one collector's sessions, or (collector null) by any. Times are event times. */
export interface FeedGap {
  readonly kind: 'gap';
  readonly collector: string | null;
  readonly from: UnixMillis;
  readonly to: UnixMillis;
}
