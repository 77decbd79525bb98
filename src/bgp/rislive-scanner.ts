/**
 * The fast way through a RIS Live frame: one strict pass over the bytes of an UPDATE as the server writes it, without a string
 * or an object. It knows a subset of what decodeRisLiveJson takes and gives up at the first byte it does not expect; what it
 * takes it reads the same. "Strict" is what makes that true: every byte passed over has been held to JSON's grammar.
 */
import { AddressReader } from './address.js';
import type { ElemBatch } from './elem.js';
import { hashBytes, PeerCache } from './peer-cache.js';
import type { PeerIndex } from './peer.js';
import { PrefixReader } from './prefix.js';
import { maxAsn, UpdateDraft, type PrefixList } from './rislive-message.js';

const quote = 0x22;
const comma = 0x2c;
const openArray = 0x5b;
const closeArray = 0x5d;
const closeObject = 0x7d;
const space = 0x20;
const zero = 0x30;

/** 1 for a byte that stands for itself inside a JSON string: printable ASCII but quote and backslash. */
const plain = Uint8Array.from({ length: 256 }, (_, byte) => (byte >= 0x20 && byte < 0x7f && byte !== quote && byte !== 0x5c ? 1 : 0));

const ascii = (text: string): Uint8Array => Uint8Array.from(text, (char) => char.charCodeAt(0));
const typeKey = ascii('{"type":');
const dataKey = ascii('"data":');
const keyed = {
  timestamp: ascii('"timestamp":'),
  peer: ascii('"peer":'),
  peerAsn: ascii('"peer_asn":'),
  id: ascii('"id":'),
  host: ascii('"host":'),
  type: ascii('"type":'),
  path: ascii('"path":'),
  community: ascii('"community":'),
  origin: ascii('"origin":'),
  med: ascii('"med":'),
  aggregator: ascii('"aggregator":'),
  announcements: ascii('"announcements":'),
  withdrawals: ascii('"withdrawals":'),
  raw: ascii('"raw":'),
  nextHop: ascii('{"next_hop":'),
  prefixes: ascii('"prefixes":'),
} as const;
const risMessage = ascii('"ris_message"');
const update = ascii('"UPDATE"');
const domain = ascii('.ripe.net');

/** A bit per key of `data`; the same key twice is JSON.parse's business. */
const Seen = {
  timestamp: 1,
  peer: 2,
  peerAsn: 4,
  host: 8,
  type: 16,
  id: 32,
  path: 64,
  community: 128,
  origin: 256,
  med: 512,
  aggregator: 1024,
  announcements: 2048,
  withdrawals: 4096,
  raw: 8192,
} as const;
const required = Seen.timestamp | Seen.peer | Seen.peerAsn | Seen.host | Seen.type;

export class RisLiveScanner {
  readonly #peers: PeerIndex;
  readonly #cache = new PeerCache();
  readonly #draft = new UpdateDraft();
  readonly #prefix = new PrefixReader();
  readonly #address = new AddressReader();
  #seen = 0;
  #peerStart = 0;
  #peerEnd = 0;
  #asn = 0;
  #host = 0;
  #hostStart = 0;

  constructor(peers: PeerIndex) {
    this.#peers = peers;
  }

  /** Appends the elems of the UPDATE in `bytes`. false: not of the shape it knows, and nothing has changed. */
  scan(bytes: Uint8Array, into: ElemBatch): boolean {
    let pos = skipKey(bytes, 0, typeKey);
    if (pos > 0) pos = skipComma(bytes, skip(bytes, pos, risMessage));
    if (pos > 0) pos = skipKey(bytes, pos, dataKey);
    if (pos < 0 || bytes[pos] !== 0x7b) return false;
    pos++;
    this.#seen = 0;
    this.#draft.clear();
    for (;;) {
      pos = this.#member(bytes, pos);
      if (pos < 0) return false;
      const next = bytes[pos++];
      if (next === comma) {
        if (bytes[pos] === space) pos++;
      } else if (next === closeObject) break;
      else return false;
    }
    if (bytes[pos] !== closeObject || pos + 1 !== bytes.length || (this.#seen & required) !== required) return false;
    const peer = this.#peer(bytes);
    if (peer < 0) return false;
    this.#draft.pushTo(into, peer);
    return true;
  }

  /** One member of `data`; returns the position after its value, or -1. */
  #member(bytes: Uint8Array, pos: number): number {
    switch (bytes[pos + 1]) {
      case 0x74: // t
        if (bytes[pos + 2] === 0x69) return this.#timestamp(bytes, this.#key(bytes, pos, keyed.timestamp, Seen.timestamp));
        return skip(bytes, this.#key(bytes, pos, keyed.type, Seen.type), update);
      case 0x70: // p
        if (bytes[pos + 2] === 0x61) return this.#path(bytes, this.#key(bytes, pos, keyed.path, Seen.path));
        if (bytes[pos + 5] === quote) {
          const start = this.#key(bytes, pos, keyed.peer, Seen.peer);
          const end = skipString(bytes, start);
          this.#peerStart = start + 1;
          this.#peerEnd = end - 1;
          return end;
        }
        return this.#peerAsn(bytes, this.#key(bytes, pos, keyed.peerAsn, Seen.peerAsn));
      case 0x69: // i
        return skipString(bytes, this.#key(bytes, pos, keyed.id, Seen.id));
      case 0x68: // h
        return this.#hostName(bytes, this.#key(bytes, pos, keyed.host, Seen.host));
      case 0x63: // c
        return skipPairs(bytes, this.#key(bytes, pos, keyed.community, Seen.community));
      case 0x6f: // o
        return skipString(bytes, this.#key(bytes, pos, keyed.origin, Seen.origin));
      case 0x61: // a
        if (bytes[pos + 2] === 0x6e) return this.#announcements(bytes, this.#key(bytes, pos, keyed.announcements, Seen.announcements));
        return skipString(bytes, this.#key(bytes, pos, keyed.aggregator, Seen.aggregator));
      case 0x77: // w
        return this.#prefixes(bytes, this.#key(bytes, pos, keyed.withdrawals, Seen.withdrawals), this.#draft.withdrawn);
      case 0x6d: // m
        return skipInteger(bytes, this.#key(bytes, pos, keyed.med, Seen.med));
      case 0x72: // r
        return skipString(bytes, this.#key(bytes, pos, keyed.raw, Seen.raw));
      default:
        return -1;
    }
  }

  #key(bytes: Uint8Array, pos: number, key: Uint8Array, bit: number): number {
    if ((this.#seen & bit) !== 0) return -1;
    this.#seen |= bit;
    return skipKey(bytes, pos, key);
  }

  /** Unix seconds with up to six decimals. */
  #timestamp(bytes: Uint8Array, start: number): number {
    if (start < 0) return -1;
    let pos = skipInteger(bytes, start);
    if (pos < 0 || pos - start > 10) return -1;
    let micros = 0;
    for (let digit = start; digit < pos; digit++) micros = micros * 10 + (bytes[digit] - zero);
    let decimals = 0;
    if (bytes[pos] === 0x2e) {
      pos++;
      for (; isDigit(bytes[pos]); decimals++, pos++) micros = micros * 10 + (bytes[pos] - zero);
      if (decimals === 0 || decimals > 6) return -1;
    }
    for (; decimals < 6; decimals++) micros *= 10;
    if (micros < 1e6 || micros >= 2 ** 32 * 1e6) return -1;
    this.#draft.at = micros / 1e3;
    return pos;
  }

  #peerAsn(bytes: Uint8Array, start: number): number {
    if (start < 0 || bytes[start] !== quote) return -1;
    const pos = asnAt(bytes, start + 1);
    if (pos < 0 || bytes[pos] !== quote) return -1;
    this.#asn = asnRead;
    return pos + 1;
  }

  /** rrcNN, with or without the domain. */
  #hostName(bytes: Uint8Array, start: number): number {
    if (start < 0 || bytes[start] !== quote || bytes[start + 1] !== 0x72 || bytes[start + 2] !== 0x72 || bytes[start + 3] !== 0x63) return -1;
    if (!isDigit(bytes[start + 4]) || !isDigit(bytes[start + 5])) return -1;
    this.#hostStart = start + 1;
    this.#host = (bytes[start + 4] - zero) * 10 + (bytes[start + 5] - zero);
    let pos = start + 6;
    if (bytes[pos] !== quote) pos = skip(bytes, pos, domain);
    return pos > 0 && bytes[pos] === quote ? pos + 1 : -1;
  }

  #path(bytes: Uint8Array, start: number): number {
    if (start < 0 || bytes[start] !== openArray) return -1;
    let pos = start + 1;
    if (bytes[pos] === closeArray) return pos + 1;
    for (;;) {
      if (bytes[pos] === openArray) {
        pos = asnAt(bytes, pos + 1);
        const first = asnRead;
        while (pos > 0 && bytes[pos] === comma) pos = asnAt(bytes, afterComma(bytes, pos));
        if (pos < 0 || bytes[pos++] !== closeArray) return -1;
        this.#draft.origin = first;
      } else {
        pos = asnAt(bytes, pos);
        if (pos < 0) return -1;
        this.#draft.origin = asnRead;
      }
      if (bytes[pos] !== comma) return bytes[pos] === closeArray ? pos + 1 : -1;
      pos = afterComma(bytes, pos);
    }
  }

  /** [{"next_hop":"...","prefixes":[...]}, ...] */
  #announcements(bytes: Uint8Array, start: number): number {
    if (start < 0 || bytes[start] !== openArray) return -1;
    let pos = start + 1;
    if (bytes[pos] === closeArray) return pos + 1;
    for (;;) {
      pos = skipComma(bytes, skipString(bytes, skipKey(bytes, pos, keyed.nextHop)));
      pos = this.#prefixes(bytes, skipKey(bytes, pos, keyed.prefixes), this.#draft.announced);
      if (pos < 0 || bytes[pos++] !== closeObject) return -1;
      if (bytes[pos] !== comma) return bytes[pos] === closeArray ? pos + 1 : -1;
      pos = afterComma(bytes, pos);
    }
  }

  #prefixes(bytes: Uint8Array, start: number, list: PrefixList): number {
    if (start < 0 || bytes[start] !== openArray) return -1;
    let pos = start + 1;
    if (bytes[pos] === closeArray) return pos + 1;
    for (;;) {
      if (bytes[pos] !== quote) return -1;
      pos = this.#prefix.read(bytes, pos + 1);
      if (pos < 0 || bytes[pos++] !== quote) return -1;
      list.add(this.#prefix);
      if (bytes[pos] !== comma) return bytes[pos] === closeArray ? pos + 1 : -1;
      pos = afterComma(bytes, pos);
    }
  }

  /** The peer named by the host and peer read; -1 where its address is none. */
  #peer(bytes: Uint8Array): number {
    const start = this.#peerStart;
    const end = this.#peerEnd;
    const hash = hashBytes(bytes, start, end, this.#host);
    const known = this.#cache.find(bytes, start, end, this.#host, hash);
    if (known >= 0 && this.#peers.at(known).asn === this.#asn) return known;
    if (this.#address.read(bytes, start) !== end) return -1;
    const collector = String.fromCharCode(...bytes.subarray(this.#hostStart, this.#hostStart + 5));
    const peer = this.#peers.intern(collector, this.#address.text(), this.#asn);
    if (known < 0) this.#cache.add(bytes, start, end, this.#host, hash, peer);
    return peer;
  }
}

function isDigit(byte: number): boolean {
  return byte >= zero && byte <= zero + 9;
}

/** The position after `literal`, if it stands at `pos`. Every skip takes -1 for "already lost" and hands it on. */
function skip(bytes: Uint8Array, pos: number, literal: Uint8Array): number {
  if (pos < 0) return -1;
  for (let index = 0; index < literal.length; index++) {
    if (bytes[pos + index] !== literal[index]) return -1;
  }
  return pos + literal.length;
}

/** A key with its colon, and the one space that some writers put behind it. */
function skipKey(bytes: Uint8Array, pos: number, key: Uint8Array): number {
  const end = skip(bytes, pos, key);
  return end > 0 && bytes[end] === space ? end + 1 : end;
}

function skipComma(bytes: Uint8Array, pos: number): number {
  return pos > 0 && bytes[pos] === comma ? afterComma(bytes, pos) : -1;
}

function afterComma(bytes: Uint8Array, pos: number): number {
  return bytes[pos + 1] === space ? pos + 2 : pos + 1;
}

function skipString(bytes: Uint8Array, start: number): number {
  if (start < 0 || bytes[start] !== quote) return -1;
  let pos = start + 1;
  while (plain[bytes[pos]] === 1) pos++;
  return bytes[pos] === quote ? pos + 1 : -1;
}

/** A whole number without sign or leading zeros. */
function skipInteger(bytes: Uint8Array, start: number): number {
  if (start < 0 || !isDigit(bytes[start])) return -1;
  let pos = start + 1;
  if (bytes[start] === zero) return isDigit(bytes[pos]) ? -1 : pos;
  while (isDigit(bytes[pos])) pos++;
  return pos;
}

/** What asnAt read last. */
let asnRead = 0;

/** An ASN, 1..2^32-1, without leading zeros. */
function asnAt(bytes: Uint8Array, start: number): number {
  if (start < 0) return -1;
  let value = bytes[start] - zero;
  if (!(value > 0 && value <= 9)) return -1;
  let pos = start + 1;
  for (let digit = bytes[pos] - zero; digit >= 0 && digit <= 9; digit = bytes[++pos] - zero) {
    value = value * 10 + digit;
    if (value > maxAsn) return -1;
  }
  asnRead = value;
  return pos;
}

/** [[1,2],[3,4]]: communities, held to JSON's grammar and to nothing else. */
function skipPairs(bytes: Uint8Array, start: number): number {
  if (start < 0 || bytes[start] !== openArray) return -1;
  let pos = start + 1;
  if (bytes[pos] === closeArray) return pos + 1;
  for (;;) {
    if (bytes[pos] !== openArray) return -1;
    pos = skipInteger(bytes, pos + 1);
    if (pos < 0 || bytes[pos] !== comma) return -1;
    pos = skipInteger(bytes, afterComma(bytes, pos));
    if (pos < 0 || bytes[pos++] !== closeArray) return -1;
    if (bytes[pos] !== comma) return bytes[pos] === closeArray ? pos + 1 : -1;
    pos = afterComma(bytes, pos);
  }
}
