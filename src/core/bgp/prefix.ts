/**
 * A prefix as one exact number, its sentinel code: (1 << length) | top bits. IPv4 to /32 (33 bits), IPv6 to /48 (49
 * bits). The code of the covering prefix is a shift to the right; 1 is the default route.
 */
import { AddressReader, asciiBytes, formatIpv4, formatIpv6 } from './address.js';
import type { FamilyIndex } from './elem.js';

/** 2 to the power of its index. */
const power = Float64Array.from({ length: 49 }, (_, exponent) => 2 ** exponent);

/** Longest IPv6 prefix that has a code; longer ones are not counted anywhere and travel as text. */
export const longestIpv6Code = 48;

/** The code of an IPv4 prefix; bits after `length` (0..32) are dropped. */
export function ipv4Code(bits: number, length: number): number {
  return length === 0 ? 1 : power[length] + (bits >>> (32 - length));
}

/** The code of an IPv6 prefix from its first three groups; bits after `length` (0..48) are dropped. */
export function ipv6Code(group0: number, group1: number, group2: number, length: number): number {
  return power[length] + Math.floor((group0 * 0x1_0000_0000 + group1 * 0x1_0000 + group2) / power[48 - length]);
}

/** Reads prefixes from ASCII bytes. One reader is reused for every prefix. */
export class PrefixReader {
  family: FamilyIndex = 0;
  /** The sentinel code, or -1 for an IPv6 prefix longer than /48, whose text longText() gives. */
  code = 0;
  #length = 0;
  readonly #address = new AddressReader();

  /**
   * Reads the prefix that begins at `start`; returns the position after it, or -1 where none begins. Host bits are
   * dropped.
   */
  read(bytes: Uint8Array, start: number): number {
    const address = this.#address;
    let pos = address.read(bytes, start);
    if (pos < 0 || bytes[pos++] !== 0x2f) return -1;
    let length = bytes[pos++] - 0x30;
    if (!(length >= 0 && length <= 9)) return -1;
    for (let digits = 0; ; digits++) {
      const digit = bytes[pos] - 0x30;
      if (!(digit >= 0 && digit <= 9)) break;
      if (length === 0 || digits === 2) return -1;
      length = length * 10 + digit;
      pos++;
    }
    if (address.family === 0) {
      if (length > 32) return -1;
      this.family = 0;
      this.code = ipv4Code(address.ipv4, length);
      return pos;
    }
    if (length > 128) return -1;
    this.family = 1;
    this.#length = length;
    const groups = address.groups;
    this.code = length > longestIpv6Code ? -1 : ipv6Code(groups[0], groups[1], groups[2], length);
    return pos;
  }

  /** Canonical text of the IPv6 prefix read last, if it has no code. */
  longText(): string {
    return formatLongIpv6(this.#address.groups, this.#length);
  }
}

/** Canonical text of an IPv6 prefix of any length; the bits after `length` are cleared in `groups`. */
export function formatLongIpv6(groups: Uint16Array, length: number): string {
  for (let index = 0; index < 8; index++) {
    const bits = Math.min(16, Math.max(0, length - index * 16));
    groups[index] &= 0xffff << (16 - bits);
  }
  return `${formatIpv6(groups)}/${length}`;
}

const reader = new PrefixReader();

/**
 * Family and sentinel code of a prefix in CIDR notation; host bits are dropped, IPv6 may be in any spelling.
 * null: no prefix, or an IPv6 one longer than /48.
 */
export function parsePrefix(text: string): { readonly family: FamilyIndex; readonly code: number } | null {
  const { bytes, length } = asciiBytes(text);
  if (length <= 0 || reader.read(bytes, 0) !== length || reader.code < 0) return null;
  return { family: reader.family, code: reader.code };
}

/** The length of the prefix with this code. */
export function prefixLength(code: number): number {
  const high = Math.floor(code / 0x1_0000_0000);
  return high > 0 ? 63 - Math.clz32(high) : 31 - Math.clz32(code);
}

/** CIDR notation of a sentinel code; IPv6 as RFC 5952 has it. */
export function formatPrefix(family: FamilyIndex, code: number): string {
  const length = prefixLength(code);
  const bits = code - power[length];
  if (family === 0) return `${formatIpv4(bits * power[32 - length])}/${length}`;
  const top = bits * power[48 - length];
  const groups = new Uint16Array(8);
  groups[0] = Math.floor(top / 0x1_0000_0000);
  groups[1] = Math.floor(top / 0x1_0000) % 0x1_0000;
  groups[2] = top % 0x1_0000;
  return `${formatIpv6(groups)}/${length}`;
}
