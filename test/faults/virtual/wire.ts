/** Writes the truth as bytes: RIS Live's frames, and the archive's RIBs and update files (MRT, RFC 6396). */
import ipaddr from 'ipaddr.js';
import { mrtMessage, mrtPeerTable, mrtStateChange } from '../../support/feed/mrt-writer.js';
import type { Model } from '../model.js';
import type { TrueMessage } from '../truth.js';

/**
 * A RIS Live frame as ris-message.ts writes it, put together by hand, because a schedule has ten thousand. `shiftMs`:
 * how wrong its collector's clock is.
 */
export function frameOf(
  { peers, prefixes }: Model,
  { at, peer, kind, announce, withdraw, via }: TrueMessage,
  shiftMs: number,
): Uint8Array {
  const { collector, address, asn } = peers[peer];
  const head =
    `{"type":"ris_message","data":{"timestamp":${(at + shiftMs) / 1000},"peer":"${address}","peer_asn":"${asn}",` +
    `"id":"${address}-${Math.floor(at)}","host":"${collector}.ripe.net"`;
  if (kind === 'up' || kind === 'down') return Buffer.from(`${head},"type":"STATE","state":"${kind}"}}`, 'latin1');
  const texts = (indexes: readonly number[]): string =>
    indexes.length === 0 ? '' : `"${indexes.map((index) => prefixes[index].text).join('","')}"`;
  const announced = announce.length === 0 ? '' : `{"next_hop":"${address}","prefixes":[${texts(announce)}]}`;
  const path = announce.length === 0 ? '' : `${asn},${via},${prefixes[announce[0]].origin}`;
  return Buffer.from(
    `${head},"type":"UPDATE","path":[${path}],"community":[],"announcements":[${announced}],` +
      `"withdrawals":[${texts(withdraw)}]}}`,
    'latin1',
  );
}

/** The update file of one collector's messages. */
export function updatesFile(model: Model, messages: readonly TrueMessage[]): Buffer {
  return Buffer.concat(messages.flatMap((message) => recordsOf(model, message)));
}

function recordsOf(
  { peers, prefixes }: Model,
  { at, peer: index, kind, announce, withdraw, via }: TrueMessage,
): Uint8Array[] {
  const peer = peers[index];
  if (kind === 'up') return [mrtStateChange(at, peer, 5, 6)];
  if (kind === 'down') return [mrtStateChange(at, peer, 6, 1)];
  if (kind === 'idle') return [mrtMessage(at, peer, 4, [])];
  // One origin per message, as a router sends them.
  const byOrigin = new Map<number, number[]>();
  for (const prefix of announce) {
    const { origin } = prefixes[prefix];
    const own = byOrigin.get(origin);
    if (own === undefined) byOrigin.set(origin, [prefix]);
    else own.push(prefix);
  }
  const octetsOf = (indexes: readonly number[], family: 0 | 1): number[] =>
    indexes
      .filter((prefix) => prefixes[prefix].family === family)
      .flatMap((prefix) => octetsOfPrefix(prefixes[prefix].text));
  const bodies: number[][] = [];
  for (const [origin, own] of byOrigin)
    bodies.push(updateBody([peer.asn, via, origin], octetsOf(own, 0), octetsOf(own, 1), [], []));
  if (withdraw.length > 0) bodies.push(updateBody([], [], [], octetsOf(withdraw, 0), octetsOf(withdraw, 1)));
  return bodies.map((body) => mrtMessage(at, peer, 2, body));
}

const u16 = (value: number): number[] => [value >>> 8, value & 0xff];
const u32 = (value: number): number[] => [...u16(value >>> 16), ...u16(value & 0xffff)];
const attribute = (flags: number, type: number, value: readonly number[]): number[] => [
  flags | 0x10,
  type,
  ...u16(value.length),
  ...value,
];
/** 2001:db8::1 */
const nextHop6 = [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];

const pathAttributes = (path: readonly number[]): number[] => [
  ...attribute(0x40, 1, [0]),
  ...attribute(0x40, 2, [2, path.length, ...path.flatMap(u32)]),
];

function updateBody(
  path: readonly number[],
  announce4: readonly number[],
  announce6: readonly number[],
  withdraw4: readonly number[],
  withdraw6: readonly number[],
): number[] {
  const attributes = [
    ...(path.length > 0 ? pathAttributes(path) : []),
    ...(announce6.length > 0 ? attribute(0x80, 14, [...u16(2), 1, 16, ...nextHop6, 0, ...announce6]) : []),
    ...(withdraw6.length > 0 ? attribute(0x80, 15, [...u16(2), 1, ...withdraw6]) : []),
  ];
  return [...u16(withdraw4.length), ...withdraw4, ...u16(attributes.length), ...attributes, ...announce4];
}

const octets = new Map<string, readonly number[]>();

/**
 * The octets of a prefix in BGP: its length, and as many octets as that needs. Cached, because parsing is slow and the
 * prefixes are few.
 */
function octetsOfPrefix(text: string): readonly number[] {
  let known = octets.get(text);
  if (known === undefined) {
    const [address, length] = ipaddr.parseCIDR(text);
    octets.set(text, (known = [length, ...address.toByteArray().slice(0, Math.ceil(length / 8))]));
  }
  return known;
}

/** A RIB of one collector. `has`: whether a peer (by its index in the model) has a prefix. */
export function ribFile(
  { peers, prefixes }: Model,
  collector: string,
  at: number,
  has: (peer: number, prefix: number) => boolean,
): Buffer {
  const own = peers.filter((peer) => peer.collector === collector);
  const seconds = Math.floor(at / 1000);
  // All entries have the same length: position, time, and the attributes of a path of three.
  const attributesOctets = pathAttributes([0, 0, 0]).length;
  const entryOctets = 8 + attributesOctets;
  const file = Buffer.alloc(prefixes.length * (12 + 4 + 17 + 2 + own.length * entryOctets));
  let pos = 0;
  for (const prefix of prefixes) {
    const start = pos;
    const code = octetsOfPrefix(prefix.text);
    pos = file.writeUInt32BE(prefix.index, start + 12);
    for (const octet of code) pos = file.writeUInt8(octet, pos);
    const countAt = pos;
    pos += 2;
    let count = 0;
    const template = Buffer.from(pathAttributes([0, 3_000 + (prefix.index % 97), prefix.origin]));
    for (const [place, peer] of own.entries()) {
      if (!has(peer.index, prefix.index)) continue;
      count++;
      pos = file.writeUInt16BE(place, pos);
      pos = file.writeUInt32BE(seconds, pos);
      pos = file.writeUInt16BE(attributesOctets, pos);
      template.copy(file, pos);
      // The first AS of a path is the peer's own.
      file.writeUInt32BE(peer.asn, pos + attributesOctets - 12);
      pos += attributesOctets;
    }
    if (count === 0) {
      pos = start;
      continue;
    }
    file.writeUInt16BE(count, countAt);
    file.writeUInt32BE(seconds, start);
    file.writeUInt16BE(13, start + 4);
    file.writeUInt16BE(prefix.family === 0 ? 2 : 4, start + 6);
    file.writeUInt32BE(pos - start - 12, start + 8);
  }
  return Buffer.concat([mrtPeerTable(at, own), file.subarray(0, pos)]);
}
