/**
 * The fast way through a RIS Live frame: one strict pass over the bytes of an UPDATE as the server writes it, without a
 * string or an object. It knows a subset of what decodeRisLiveJson takes and gives up at the first byte it does not
 * expect; what it takes it reads the same. "Strict" is what makes that true: every byte passed over has been held to
 * JSON's grammar. It is one long file because V8 knows a buffer's address only in the module that made it: in two, it
 * took 1.35 times as long.
 */
import { AddressReader } from '../address.js';
import type { ElemBatch } from '../elem.js';
import { PeerCache } from '../peer-cache.js';
import type { PeerIndex } from '../peer.js';
import { PrefixReader } from '../prefix.js';
import { maxAsn, UpdateDraft, type PrefixList } from './message.js';

const quote = 0x22;
const comma = 0x2c;
const openArray = 0x5b;
const closeArray = 0x5d;
const closeObject = 0x7d;
const space = 0x20;
const zero = 0x30;

/** 1 for a byte that stands for itself inside a JSON string: printable ASCII but quote and backslash. */
const plain = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= 0x20 && byte < 0x7f && byte !== quote && byte !== 0x5c ? 1 : 0,
);

/**
 * The frame is read from a copy at a fixed place, with a zero behind it: V8 then knows the address of every read, four
 * bytes can be compared at once, and no read leaves the buffer. Longer frames (a BGP message has at most 64 KB, common
 * ones 1 KB) are JSON.parse's.
 */
const maxFrame = 65_536;
const frame = new Uint8Array(maxFrame + 64);
const view = new DataView(frame.buffer);

/** Text to compare four bytes at a time; the last word overlaps the one before. */
interface Literal {
  readonly length: number;
  readonly words: Int32Array;
}

function ascii(text: string): Literal {
  const bytes = new DataView(Uint8Array.from(text, (char) => char.charCodeAt(0)).buffer);
  const words = Int32Array.from({ length: Math.ceil(text.length / 4) }, (_, index) =>
    bytes.getInt32(Math.min(index * 4, text.length - 4), true),
  );
  return { length: text.length, words };
}

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
/** "],[" as the low three bytes of a word. */
const nextPair = 0x5b2c5d;

/** How many microseconds the last digit stands for, by the number of decimals. */
const microsOfDecimals = [1e6, 1e5, 1e4, 1e3, 100, 10, 1] as const;

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
  /** The seconds read last, and their ten digits: at first two words that overlap and differ, which no text has. */
  #seconds = 0;
  #first = 0;
  #second = 0;
  #third = 1;

  constructor(peers: PeerIndex) {
    this.#peers = peers;
  }

  /** Appends the elems of the UPDATE in `bytes`. false: not of the shape it knows, and nothing has changed. */
  scan(bytes: Uint8Array, into: ElemBatch): boolean {
    const { length } = bytes;
    if (length > maxFrame) return false;
    frame.set(bytes);
    frame[length] = 0;

    let pos = skipKey(0, typeKey);
    if (pos > 0) pos = skipComma(skip(pos, risMessage));
    if (pos > 0) pos = skipKey(pos, dataKey);
    if (pos < 0 || frame[pos] !== 0x7b) return false;
    pos++;
    this.#seen = 0;
    this.#draft.clear();
    for (;;) {
      pos = this.#member(pos);
      if (pos < 0) return false;
      const next = frame[pos++];
      if (next === comma) {
        if (frame[pos] === space) pos++;
      } else if (next === closeObject) break;
      else return false;
    }
    if (frame[pos] !== closeObject || pos + 1 !== length || (this.#seen & required) !== required) return false;
    const peer = this.#peer();
    if (peer < 0) return false;
    this.#draft.pushTo(into, peer);
    return true;
  }

  /** One member of `data`; returns the position after its value, or -1. */
  #member(pos: number): number {
    switch (frame[pos + 1]) {
      case 0x74: // t
        if (frame[pos + 2] === 0x69) return this.#timestamp(this.#key(pos, keyed.timestamp, Seen.timestamp));
        return skip(this.#key(pos, keyed.type, Seen.type), update);
      case 0x70: // p
        if (frame[pos + 2] === 0x61) return this.#path(this.#key(pos, keyed.path, Seen.path));
        if (frame[pos + 5] === quote) {
          const start = this.#key(pos, keyed.peer, Seen.peer);
          const end = skipString(start);
          this.#peerStart = start + 1;
          this.#peerEnd = end - 1;
          return end;
        }
        return this.#peerAsn(this.#key(pos, keyed.peerAsn, Seen.peerAsn));
      case 0x69: // i
        return skipString(this.#key(pos, keyed.id, Seen.id));
      case 0x68: // h
        return this.#hostName(this.#key(pos, keyed.host, Seen.host));
      case 0x63: // c
        return skipPairs(this.#key(pos, keyed.community, Seen.community));
      case 0x6f: // o
        return skipString(this.#key(pos, keyed.origin, Seen.origin));
      case 0x61: // a
        if (frame[pos + 2] === 0x6e)
          return this.#announcements(this.#key(pos, keyed.announcements, Seen.announcements));
        return skipString(this.#key(pos, keyed.aggregator, Seen.aggregator));
      case 0x77: // w
        return this.#prefixes(this.#key(pos, keyed.withdrawals, Seen.withdrawals), this.#draft.withdrawn);
      case 0x6d: // m
        return skipInteger(this.#key(pos, keyed.med, Seen.med));
      case 0x72: // r
        return skipString(this.#key(pos, keyed.raw, Seen.raw));
      default:
        return -1;
    }
  }

  #key(pos: number, key: Literal, bit: number): number {
    if ((this.#seen & bit) !== 0) return -1;
    this.#seen |= bit;
    return skipKey(pos, key);
  }

  /** Unix seconds with up to six decimals. The seconds are mostly those of the message before. */
  #timestamp(start: number): number {
    if (start < 0 || frame[start] === zero) return -1;
    let pos = start;
    const first = view.getInt32(start, true);
    const second = view.getInt32(start + 4, true);
    const third = view.getInt32(start + 6, true);
    let seconds = 0;
    if (first === this.#first && second === this.#second && third === this.#third) {
      pos = start + 10;
      if (isDigit(frame[pos])) return -1;
      seconds = this.#seconds;
    } else {
      for (let digit = frame[pos] - zero; digit >= 0 && digit <= 9; digit = frame[++pos] - zero)
        seconds = seconds * 10 + digit;
      if (pos === start || pos - start > 10) return -1;
      if (pos - start === 10) {
        this.#first = first;
        this.#second = second;
        this.#third = third;
        this.#seconds = seconds;
      }
    }
    let micros = seconds * 1e6;
    if (frame[pos] === 0x2e) {
      const point = pos++;
      let fraction = 0;
      for (let digit = frame[pos] - zero; digit >= 0 && digit <= 9; digit = frame[++pos] - zero)
        fraction = (Math.imul(fraction, 10) + digit) | 0;
      const decimals = pos - point - 1;
      if (decimals === 0 || decimals > 6) return -1;
      micros += fraction * microsOfDecimals[decimals];
    }
    if (micros >= 2 ** 32 * 1e6) return -1;
    this.#draft.at = micros / 1e3;
    return pos;
  }

  #peerAsn(start: number): number {
    if (start < 0 || frame[start] !== quote) return -1;
    const pos = asnAt(start + 1);
    if (pos < 0 || frame[pos] !== quote) return -1;
    this.#asn = asnRead >>> 0;
    return pos + 1;
  }

  /** rrcNN, with or without the domain. */
  #hostName(start: number): number {
    if (
      start < 0 ||
      frame[start] !== quote ||
      frame[start + 1] !== 0x72 ||
      frame[start + 2] !== 0x72 ||
      frame[start + 3] !== 0x63
    )
      return -1;
    if (!isDigit(frame[start + 4]) || !isDigit(frame[start + 5])) return -1;
    this.#hostStart = start + 1;
    this.#host = (frame[start + 4] - zero) * 10 + (frame[start + 5] - zero);
    let pos = start + 6;
    if (frame[pos] !== quote) pos = skip(pos, domain);
    return pos > 0 && frame[pos] === quote ? pos + 1 : -1;
  }

  #path(start: number): number {
    if (start < 0 || frame[start] !== openArray) return -1;
    let pos = start + 1;
    if (frame[pos] === closeArray) return pos + 1;
    for (;;) {
      let last: number;
      if (frame[pos] === openArray) {
        pos = asnAt(pos + 1);
        last = asnRead;
        while (pos > 0 && frame[pos] === comma) pos = asnAt(afterComma(pos));
        if (pos < 0 || frame[pos++] !== closeArray) return -1;
      } else {
        pos = asnAt(pos);
        if (pos < 0) return -1;
        last = asnRead;
      }
      if (frame[pos] !== comma) {
        this.#draft.origin = last >>> 0;
        return frame[pos] === closeArray ? pos + 1 : -1;
      }
      pos = afterComma(pos);
    }
  }

  /** [{"next_hop":"...","prefixes":[...]}, ...] */
  #announcements(start: number): number {
    if (start < 0 || frame[start] !== openArray) return -1;
    let pos = start + 1;
    if (frame[pos] === closeArray) return pos + 1;
    for (;;) {
      pos = skipComma(skipString(skipKey(pos, keyed.nextHop)));
      pos = this.#prefixes(skipKey(pos, keyed.prefixes), this.#draft.announced);
      if (pos < 0 || frame[pos++] !== closeObject) return -1;
      if (frame[pos] !== comma) return frame[pos] === closeArray ? pos + 1 : -1;
      pos = afterComma(pos);
    }
  }

  #prefixes(start: number, list: PrefixList): number {
    if (start < 0 || frame[start] !== openArray) return -1;
    let pos = start + 1;
    if (frame[pos] === closeArray) return pos + 1;
    for (;;) {
      if (frame[pos] !== quote) return -1;
      pos = this.#prefix.read(frame, pos + 1);
      if (pos < 0 || frame[pos++] !== quote) return -1;
      list.add(this.#prefix);
      if (frame[pos] !== comma) return frame[pos] === closeArray ? pos + 1 : -1;
      pos = afterComma(pos);
    }
  }

  /** The peer named by the host and peer read; -1 if its address is not valid. */
  #peer(): number {
    const start = this.#peerStart;
    const end = this.#peerEnd;
    const known = this.#cache.find(view, start, end, this.#host);
    if (known >= 0 && this.#peers.at(known).asn === this.#asn) return known;
    if (this.#address.read(frame, start) !== end) return -1;
    const collector = String.fromCharCode(...frame.subarray(this.#hostStart, this.#hostStart + 5));
    const peer = this.#peers.intern(collector, this.#address.text(), this.#asn);
    if (known < 0) this.#cache.add(view, start, end, this.#host, peer);
    return peer;
  }
}

function isDigit(byte: number): boolean {
  return byte >= zero && byte <= zero + 9;
}

/** The position after `literal`, if it stands at `pos`. Every skip takes -1 for "already lost" and hands it on. */
function skip(pos: number, { length, words }: Literal): number {
  if (pos < 0) return -1;
  const last = words.length - 1;
  for (let index = 0; index < last; index++) {
    if (view.getInt32(pos + index * 4, true) !== words[index]) return -1;
  }
  return view.getInt32(pos + length - 4, true) === words[last] ? pos + length : -1;
}

/** A key with its colon, and the one space that some writers put behind it. */
function skipKey(pos: number, key: Literal): number {
  const end = skip(pos, key);
  return end > 0 && frame[end] === space ? end + 1 : end;
}

function skipComma(pos: number): number {
  return pos > 0 && frame[pos] === comma ? afterComma(pos) : -1;
}

function afterComma(pos: number): number {
  return frame[pos + 1] === space ? pos + 2 : pos + 1;
}

function skipString(start: number): number {
  if (start < 0 || frame[start] !== quote) return -1;
  let pos = start + 1;
  while ((plain[frame[pos]] & plain[frame[pos + 1]] & plain[frame[pos + 2]] & plain[frame[pos + 3]]) === 1) pos += 4;
  while (plain[frame[pos]] === 1) pos++;
  return frame[pos] === quote ? pos + 1 : -1;
}

/** A whole number without sign or leading zeros. */
function skipInteger(start: number): number {
  if (start < 0 || !isDigit(frame[start])) return -1;
  let pos = start + 1;
  if (frame[start] === zero) return isDigit(frame[pos]) ? -1 : pos;
  while (isDigit(frame[pos])) pos++;
  return pos;
}

/** What asnAt read last, as an int32: of an ASN beyond 2^31 - 1 the same bits. */
let asnRead = 0;

/** An ASN, 1..2^32-1, without leading zeros. Nine digits are whole numbers to the processor too; more are rare. */
function asnAt(start: number): number {
  if (start < 0) return -1;
  let value = frame[start] - zero;
  if (!(value > 0 && value <= 9)) return -1;
  let pos = start + 1;
  for (let digit = frame[pos] - zero; digit >= 0 && digit <= 9; digit = frame[++pos] - zero) {
    if (pos - start === 9) return longAsnAt(start, value);
    value = (Math.imul(value, 10) + digit) | 0;
  }
  asnRead = value;
  return pos;
}

/** An ASN of ten digits, `nine` the first of them. */
function longAsnAt(start: number, nine: number): number {
  const value = nine * 10 + frame[start + 9] - zero;
  if (value > maxAsn || isDigit(frame[start + 10])) return -1;
  asnRead = value | 0;
  return start + 10;
}

/**
 * [[1,2],[3,4]]: communities, held to JSON's grammar and to nothing else. They are half of the stream's bytes: hence
 * numbers of up to five digits, all a community has, in straight lines.
 */
function skipPairs(start: number): number {
  if (start < 0 || frame[start] !== openArray) return -1;
  let pos = start + 1;
  if (frame[pos] === closeArray) return pos + 1;
  if (frame[pos++] !== openArray) return -1;
  for (;;) {
    pos = skipFiveDigits(pos);
    if (frame[pos] !== comma) return -1;
    pos = skipFiveDigits(afterComma(pos));
    if ((view.getInt32(pos, true) & 0xffffff) === nextPair) {
      pos += 3;
      continue;
    }
    if (frame[pos] !== closeArray) return -1;
    if (frame[++pos] !== comma) return frame[pos] === closeArray ? pos + 1 : -1;
    pos = afterComma(pos);
    if (frame[pos++] !== openArray) return -1;
  }
}

/**
 * The position after a whole number of one to five digits; where none stands, that of a byte that cannot follow one.
 */
function skipFiveDigits(start: number): number {
  const four = view.getInt32(start, true) ^ 0x30303030;
  // The high bit of every byte that is no digit, up to the first.
  const others = (four | (four + 0x76767676)) & 0x80808080;
  if ((four & 0xff) === 0) return start + 1;
  if (others === 0) return isDigit(frame[start + 4]) ? start + 5 : start + 4;
  const digits = (31 - Math.clz32(others & -others)) >> 3;
  return digits === 0 ? start - 1 : start + digits;
}
