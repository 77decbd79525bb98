/** Text of IP addresses, read from ASCII bytes: the wire's own form, so that the hot path makes no strings. */

const colon = 0x3a;
const dot = 0x2e;

/** Value of a hexadecimal digit's byte; 16 for every other byte. */
const hexValue = new Uint8Array(256).fill(16);
for (let digit = 0; digit < 16; digit++) {
  hexValue[digit.toString(16).charCodeAt(0)] = digit;
  hexValue[digit.toString(16).toUpperCase().charCodeAt(0)] = digit;
}

/** An address as it was read: which family, and its bits. One reader is reused for every address. */
export class AddressReader {
  /** 0 IPv4, 1 IPv6. */
  family: 0 | 1 = 0;
  /** The 32 bits of an IPv4 address, unsigned. */
  ipv4 = 0;
  /** The eight groups of an IPv6 address. */
  readonly groups = new Uint16Array(8);

  /** Reads the address that begins at `start`; returns the position after it, or -1 where none begins. */
  read(bytes: Uint8Array, start: number): number {
    if (bytes[start + 1] === dot || bytes[start + 2] === dot || bytes[start + 3] === dot)
      return this.#readIpv4(bytes, start);
    return this.#readIpv6(bytes, start);
  }

  /** Dotted quad, decimal, without leading zeros (they were octal once). */
  #readIpv4(bytes: Uint8Array, start: number): number {
    let pos = start;
    let bits = 0;
    for (let octet = 0; octet < 4; octet++) {
      if (octet > 0 && bytes[pos++] !== dot) return -1;
      let value = bytes[pos++] - 0x30;
      if (!(value >= 0 && value <= 9)) return -1;
      let digit = bytes[pos] - 0x30;
      if (digit >= 0 && digit <= 9) {
        if (value === 0) return -1;
        value = value * 10 + digit;
        digit = bytes[++pos] - 0x30;
        if (digit >= 0 && digit <= 9) {
          value = value * 10 + digit;
          pos++;
          if (value > 255) return -1;
        }
      }
      bits = (bits << 8) | value;
    }
    this.family = 0;
    this.ipv4 = bits >>> 0;
    return pos;
  }

  /** RFC 4291 section 2.2, forms 1 and 2; the form with a dotted tail does not occur in RIS. */
  #readIpv6(bytes: Uint8Array, start: number): number {
    const groups = this.groups;
    let pos = start;
    let count = 0;
    let gap = -1;
    if (bytes[pos] === colon) {
      if (bytes[pos + 1] !== colon) return -1;
      gap = 0;
      pos += 2;
    }
    for (;;) {
      let value = hexValue[bytes[pos]];
      if (!(value < 16)) {
        if (gap === count) break;
        return -1;
      }
      if (count === 8) return -1;
      pos++;
      for (let digits = 1; digits < 4; digits++) {
        const digit = hexValue[bytes[pos]];
        if (!(digit < 16)) break;
        value = (value << 4) | digit;
        pos++;
      }
      groups[count++] = value;
      if (bytes[pos] !== colon) break;
      pos++;
      if (bytes[pos] === colon) {
        if (gap >= 0) return -1;
        gap = count;
        pos++;
      }
    }
    if (gap < 0) {
      if (count !== 8) return -1;
    } else {
      if (count === 8) return -1;
      groups.copyWithin(8 - (count - gap), gap, count);
      groups.fill(0, gap, 8 - (count - gap));
    }
    this.family = 1;
    return pos;
  }

  /** Canonical text of the address read last. */
  text(): string {
    return this.family === 0 ? formatIpv4(this.ipv4) : formatIpv6(this.groups);
  }
}

export function formatIpv4(bits: number): string {
  return `${bits >>> 24}.${(bits >>> 16) & 255}.${(bits >>> 8) & 255}.${bits & 255}`;
}

/**
 * RFC 5952: lower case, no leading zeros, the longest run of two or more zero groups (the first of equals) shortened.
 */
export function formatIpv6(groups: Uint16Array): string {
  let gapStart = -1;
  let gapLength = 1;
  for (let index = 0; index < 8; index++) {
    let end = index;
    while (end < 8 && groups[end] === 0) end++;
    if (end - index > gapLength) {
      gapStart = index;
      gapLength = end - index;
    }
    index = Math.max(index, end);
  }
  const hex = Array.from(groups, (group) => group.toString(16));
  if (gapStart < 0) return hex.join(':');
  return `${hex.slice(0, gapStart).join(':')}::${hex.slice(gapStart + gapLength).join(':')}`;
}

// Longer than any address or prefix in full form (43): a text that does not fit is not valid.
const scratch = new Uint8Array(64);

/**
 * ASCII text as bytes in a buffer reused by the next call, with a closing zero; -1 where it cannot be an address or
 * prefix, else its length.
 */
export function asciiBytes(text: string): { readonly bytes: Uint8Array; readonly length: number } {
  if (text.length >= scratch.length) return { bytes: scratch, length: -1 };
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === 0 || code > 0x7f) return { bytes: scratch, length: -1 };
    scratch[index] = code;
  }
  scratch[text.length] = 0;
  return { bytes: scratch, length: text.length };
}

const reader = new AddressReader();

/** Canonical text of an IPv4 or IPv6 address, or null if `text` is not an address. */
export function canonicalAddress(text: string): string | null {
  const { bytes, length } = asciiBytes(text);
  return length > 0 && reader.read(bytes, 0) === length ? reader.text() : null;
}

/**
 * The eight groups of an IPv6 address in any spelling, in an array reused by the next call, or null where `text` is
 * none.
 */
export function ipv6Groups(text: string): Readonly<Uint16Array> | null {
  const { bytes, length } = asciiBytes(text);
  return length > 0 && reader.read(bytes, 0) === length && reader.family === 1 ? reader.groups : null;
}
