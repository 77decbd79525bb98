/** A RIB file as a collector writes it: TABLE_DUMP_V2 (RFC 6396), gzip. */
import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { prefixLength } from '../../src/core/bgp/index.js';
import { mrtPeerTable } from '../../test/support/feed/mrt-writer.js';
import { seededRandom } from '../../test/support/random.js';
import { below } from './random.js';
import { originOf } from './sessions.js';

export const ribPrefixes = 200_000;
export const ribPeers = 40;

/** One RIB of `ribPeers` peers. */
export async function writeRib(file: string, prefixes: Float64Array, at: number): Promise<void> {
  const peers = Array.from({ length: ribPeers }, (_, index) => ({
    address: `195.66.225.${index + 1}`,
    asn: 1000 + index * 37,
  }));
  function* records(): Generator<Uint8Array> {
    yield mrtPeerTable(at, peers);
    yield* ribRecords(prefixes, at, peers, ribPrefixes);
  }
  await pipeline(Readable.from(chunked(records())), createGzip({ level: 6 }), createWriteStream(file));
}

/**
 * The records of `count` of the prefixes, evenly spread, for a table of these peers. An entry has ORIGIN, AS_PATH,
 * NEXT_HOP, COMMUNITIES and, for one route in three, LARGE_COMMUNITY: some 100 octets with its header.
 */
export function* ribRecords(
  prefixes: Float64Array,
  at: number,
  peers: readonly { readonly asn: number }[],
  count: number,
): Generator<Uint8Array> {
  const step = Math.floor(prefixes.length / count);
  const random = seededRandom(23);
  const paths = Array.from({ length: 2048 }, () =>
    Array.from({ length: 2 + below(random, 4) }, () => 1 + below(random, 400_000)),
  );
  const communities = Array.from({ length: 1024 }, () =>
    Array.from({ length: 2 + below(random, 12) }, () => below(random, 2 ** 32)),
  );

  const buffer = Buffer.alloc(1 << 16);
  function record(sequence: number, code: number): Uint8Array {
    const length = prefixLength(code);
    const origin = originOf(code);
    let pos = 12;
    pos = buffer.writeUInt32BE(sequence, pos);
    pos = buffer.writeUInt8(length, pos);
    const address = Buffer.alloc(4);
    address.writeUInt32BE(((code - 2 ** length) * 2 ** (32 - length)) >>> 0);
    pos += address.copy(buffer, pos, 0, (length + 7) >> 3);
    const countAt = pos;
    pos += 2;
    let entries = 0;
    for (let peer = 0; peer < peers.length; peer++) {
      if (random() < 0.02) continue;
      entries++;
      pos = entry(pos, peer, origin);
    }
    buffer.writeUInt16BE(entries, countAt);
    buffer.writeUInt32BE(at / 1000, 0);
    buffer.writeUInt16BE(13, 4);
    buffer.writeUInt16BE(2, 6);
    buffer.writeUInt32BE(pos - 12, 8);
    return Uint8Array.prototype.slice.call(buffer, 0, pos);
  }

  function entry(start: number, peer: number, origin: number): number {
    // Routes with the same origin and peer have the same attributes, as in the real table.
    const alike = origin * 131 + peer;
    const path = paths[alike % paths.length];
    const own = communities[(alike >>> 2) % communities.length];
    let pos = buffer.writeUInt16BE(peer, start);
    pos = buffer.writeUInt32BE(at / 1000 - below(random, 5_000_000), pos);
    const lengthAt = pos;
    pos += 2;
    pos = attribute(pos, 0x40, 1, 1);
    pos = buffer.writeUInt8(0, pos);
    pos = attribute(pos, 0x50, 2, 2 + (path.length + 2) * 4);
    buffer[pos++] = 2;
    buffer[pos++] = path.length + 2;
    for (const asn of [peers[peer].asn, ...path, origin]) pos = buffer.writeUInt32BE(asn, pos);
    pos = attribute(pos, 0x40, 3, 4);
    pos = buffer.writeUInt32BE(0xc342e101 + peer, pos);
    pos = attribute(pos, 0xc0, 8, own.length * 4);
    for (const community of own) pos = buffer.writeUInt32BE(community, pos);
    if (alike % 3 === 0) {
      pos = attribute(pos, 0xc0, 32, 24);
      for (const word of own.slice(0, 2))
        for (const value of [origin, word, peer]) pos = buffer.writeUInt32BE(value, pos);
    }
    buffer.writeUInt16BE(pos - lengthAt - 2, lengthAt);
    return pos;
  }

  function attribute(pos: number, flags: number, type: number, length: number): number {
    buffer[pos++] = flags;
    buffer[pos++] = type;
    if ((flags & 0x10) === 0) return buffer.writeUInt8(length, pos);
    return buffer.writeUInt16BE(length, pos);
  }

  for (let index = 0; index < count; index++) yield record(index, prefixes[index * step]);
}

/** Gathers records into pieces of a megabyte. */
export function* chunked(records: Iterable<Uint8Array>): Generator<Buffer> {
  let chunk: Uint8Array[] = [];
  let octets = 0;
  for (const record of records) {
    chunk.push(record);
    octets += record.length;
    if (octets < 1 << 20) continue;
    yield Buffer.concat(chunk);
    chunk = [];
    octets = 0;
  }
  yield Buffer.concat(chunk);
}
