/**
 * Writes MRT records (RFC 6396) from simple objects, for loopback archives and replays. A file is a concatenation of
 * records.
 */
import ipaddr from 'ipaddr.js';

export interface MrtSession {
  /** The peer's address, IPv4 or IPv6. */
  readonly address: string;
  readonly asn: number;
}
export interface MrtUpdate {
  readonly peer: MrtSession;
  /** AS path, one AS_SEQUENCE. Required if anything is announced. */
  readonly path?: readonly number[];
  /** Prefixes of both families. */
  readonly announce?: readonly string[];
  readonly withdraw?: readonly string[];
}

/** A peer, by its position in the peer table, and its path. */
interface MrtEntry {
  readonly peer: number;
  readonly path: readonly number[];
}

const u8 = (value: number): number[] => [value & 0xff];
const u16 = (value: number): number[] => [(value >>> 8) & 0xff, value & 0xff];
const u32 = (value: number): number[] => [...u16(value >>> 16), ...u16(value)];
const counted = (octets: readonly number[]): number[] => [...u16(octets.length), ...octets];
const isIpv6 = (text: string): boolean => text.includes(':');
/** ipaddr.js tries to read every address as IPv6 first, which is slow. */
const addressOctets = (address: string): number[] =>
  isIpv6(address) ? ipaddr.IPv6.parse(address).toByteArray() : address.split('.').map(Number);

/** A cache: every peer of a world sends the same few thousand prefixes. */
const knownOctets = new Map<string, readonly number[]>();
const mostKnown = 10_000;

function prefixOctets(prefix: string): readonly number[] {
  const known = knownOctets.get(prefix);
  if (known !== undefined) return known;
  const [address, bits] = prefix.split('/');
  const length = Number(bits);
  const octets = [length, ...addressOctets(address).slice(0, Math.ceil(length / 8))];
  if (knownOctets.size === mostKnown) knownOctets.clear();
  knownOctets.set(prefix, octets);
  return octets;
}

/** One record. A time with a fraction of a second turns a BGP4MP into a BGP4MP_ET. */
export function mrtRecord(at: number, type: number, subtype: number, body: readonly number[]): Uint8Array {
  const seconds = Math.floor(at / 1000);
  const micros = Math.round((at - seconds * 1000) * 1000);
  const extended = type === 16 && micros > 0;
  const whole = extended ? [...u32(micros), ...body] : body;
  return Uint8Array.from([
    ...u32(seconds),
    ...u16(extended ? 17 : type),
    ...u16(subtype),
    ...u32(whole.length),
    ...whole,
  ]);
}

function attribute(flags: number, type: number, value: readonly number[]): number[] {
  return [flags | 0x10, type, ...counted(value)];
}

function pathAttributes(path: readonly number[]): number[] {
  const segment = path.length === 0 ? [] : [2, path.length, ...path.flatMap(u32)];
  return [...attribute(0x40, 1, [0]), ...attribute(0x40, 2, segment)];
}

/** PEER_INDEX_TABLE. It comes before the RIB records, which name peers by their position in it. */
export function mrtPeerTable(at: number, peers: readonly MrtSession[]): Uint8Array {
  const entries = peers.flatMap(({ address, asn }) => [
    isIpv6(address) ? 3 : 2,
    10,
    0,
    0,
    1,
    ...addressOctets(address),
    ...u32(asn),
  ]);
  return mrtRecord(at, 13, 1, [10, 0, 0, 254, ...u16(0), ...u16(peers.length), ...entries]);
}

/** RIB_IPV4_UNICAST or RIB_IPV6_UNICAST: one prefix, with an entry for each peer that has it. */
export function mrtRib(at: number, prefix: string, entries: readonly MrtEntry[]): Uint8Array {
  return mrtRibs(at, entries)(prefix);
}

/** mrtRib() for many prefixes that the same peers have on the same paths. */
export function mrtRibs(at: number, entries: readonly MrtEntry[]): (prefix: string) => Uint8Array {
  const rows = entries.flatMap(({ peer, path }) => [
    ...u16(peer),
    ...u32(Math.floor(at / 1000)),
    ...counted(pathAttributes(path)),
  ]);
  return (prefix) =>
    mrtRecord(at, 13, isIpv6(prefix) ? 4 : 2, [...u32(0), ...prefixOctets(prefix), ...u16(entries.length), ...rows]);
}

function session({ address, asn }: MrtSession): number[] {
  const collector = isIpv6(address) ? '2001:db8::fe' : '192.0.2.254';
  return [
    ...u32(asn),
    ...u32(12654),
    ...u16(0),
    ...u16(isIpv6(address) ? 2 : 1),
    ...addressOctets(address),
    ...addressOctets(collector),
  ];
}

/** BGP4MP_MESSAGE_AS4 around one BGP message of the type and body given. */
export function mrtMessage(
  at: number,
  peer: MrtSession,
  messageType: number,
  body: readonly number[],
  subtype = 4,
): Uint8Array {
  const marker = Array.from({ length: 16 }, () => 0xff);
  return mrtRecord(at, 16, subtype, [
    ...session(peer),
    ...marker,
    ...u16(19 + body.length),
    ...u8(messageType),
    ...body,
  ]);
}

/** An UPDATE. IPv6 goes into MP_REACH_NLRI and MP_UNREACH_NLRI (RFC 4760). */
export function mrtUpdate(at: number, { peer, path = [], announce = [], withdraw = [] }: MrtUpdate): Uint8Array {
  const octets = (prefixes: readonly string[], ipv6: boolean): number[] =>
    prefixes.filter((text) => isIpv6(text) === ipv6).flatMap(prefixOctets);
  const reach = octets(announce, true);
  const unreach = octets(withdraw, true);
  const attributes = [
    ...(announce.length > 0 ? pathAttributes(path) : []),
    ...(reach.length > 0 ? attribute(0x80, 14, [...u16(2), 1, 16, ...addressOctets('2001:db8::1'), 0, ...reach]) : []),
    ...(unreach.length > 0 ? attribute(0x80, 15, [...u16(2), 1, ...unreach]) : []),
  ];
  return mrtMessage(at, peer, 2, [
    ...counted(octets(withdraw, false)),
    ...counted(attributes),
    ...octets(announce, false),
  ]);
}

/** BGP4MP_STATE_CHANGE_AS4: states by RFC 4271's machine, 1 Idle .. 6 Established. */
export function mrtStateChange(at: number, peer: MrtSession, from: number, to: number): Uint8Array {
  return mrtRecord(at, 16, 5, [...session(peer), ...u16(from), ...u16(to)]);
}
