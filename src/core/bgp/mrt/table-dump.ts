/** RIBs: TABLE_DUMP_V2 (RFC 6396 section 4.3, RFC 8050 section 4) and TABLE_DUMP (section 4.2). */
import { ElemKind, type FamilyIndex } from '../elem.js';
import { addressOctets, familyOf, safiUnicast, type CollectorPeers, type MrtRecordDecoder } from './record.js';
import { prefixColumn, prefixEnd } from './nlri.js';
import { uint16, uint32 } from '../octets.js';
import { originOf } from './path-attributes.js';

export const TableDumpV2 = {
  peerIndexTable: 1,
  ribIpv4Unicast: 2,
  ribIpv6Unicast: 4,
  ribGeneric: 6,
  ribIpv4UnicastAddPath: 8,
  ribIpv6UnicastAddPath: 10,
  ribGenericAddPath: 12,
} as const;

export function createTableDumpV2Decoder(peers: CollectorPeers): MrtRecordDecoder {
  /** The peers of the table read last, by their place in it; null before the first, and after a malformed one. */
  let table: number[] | null = null;

  const decodePeerIndexTable: MrtRecordDecoder = ({ bytes, start, end }) => {
    table = null;
    if (start + 6 > end) return 'truncated-record';
    let pos = start + 6 + uint16(bytes, start + 4);
    if (pos + 2 > end) return 'truncated-record';
    const count = uint16(bytes, pos);
    pos += 2;
    const read: number[] = [];
    for (let index = 0; index < count; index++) {
      if (pos >= end) return 'truncated-record';
      const family: FamilyIndex = (bytes[pos] & 1) === 0 ? 0 : 1;
      const asnOctets = (bytes[pos] & 2) === 0 ? 2 : 4;
      const address = pos + 5;
      pos = address + addressOctets[family] + asnOctets;
      if (pos > end) return 'truncated-record';
      read.push(
        peers.intern(bytes, address, family, asnOctets === 2 ? uint16(bytes, pos - 2) : uint32(bytes, pos - 4)),
      );
    }
    table = read;
    return 'decoded';
  };

  return (record, into) => {
    const { bytes, end, subtype, at } = record;
    let pos = record.start + 4; // after the sequence number
    let family: FamilyIndex;
    let pathIdOctets = 0;
    switch (subtype) {
      case TableDumpV2.peerIndexTable:
        return decodePeerIndexTable(record, into);
      case TableDumpV2.ribIpv4Unicast:
        family = 0;
        break;
      case TableDumpV2.ribIpv6Unicast:
        family = 1;
        break;
      case TableDumpV2.ribIpv4UnicastAddPath:
        family = 0;
        pathIdOctets = 4;
        break;
      case TableDumpV2.ribIpv6UnicastAddPath:
        family = 1;
        pathIdOctets = 4;
        break;
      case TableDumpV2.ribGeneric:
      case TableDumpV2.ribGenericAddPath: {
        if (pos + 3 > end) return 'truncated-record';
        const named = familyOf(uint16(bytes, pos));
        if (named < 0 || bytes[pos + 2] !== safiUnicast) return 'skipped';
        family = named as FamilyIndex;
        pathIdOctets = subtype === TableDumpV2.ribGenericAddPath ? 4 : 0;
        pos += 3;
        break;
      }
      default: // multicast has subtypes of its own: it says nothing about who can be reached
        return 'skipped';
    }
    if (table === null) return 'no-peer-table';

    const entries = prefixEnd(bytes, pos, end, family);
    if (entries < 0) return 'prefixes';
    if (entries + 2 > end) return 'truncated-record';
    const count = uint16(bytes, entries);
    const prefix = prefixColumn(bytes, pos, family, into);
    pos = entries + 2;
    for (let entry = 0; entry < count; entry++) {
      const attributes = pos + 8 + pathIdOctets; // peer index, time it was learned, path id, length
      if (attributes > end) return 'truncated-record';
      const index = uint16(bytes, pos);
      if (index >= table.length) return 'peer-index';
      pos = attributes + uint16(bytes, attributes - 2);
      if (pos > end) return 'truncated-record';
      const origin = originOf(bytes, attributes, pos, 4);
      if (origin < 0) return 'attributes';
      into.push(ElemKind.rib, family, table[index], at, prefix, origin);
    }
    return 'decoded';
  };
}

export function createTableDumpDecoder(peers: CollectorPeers): MrtRecordDecoder {
  return ({ bytes, start, end, subtype, at }, into) => {
    const family = familyOf(subtype);
    if (family < 0) return 'skipped';
    return decodeEntry(family as FamilyIndex);

    function decodeEntry(of: FamilyIndex): ReturnType<MrtRecordDecoder> {
      const octets = addressOctets[of];
      const lengthAt = start + 4 + octets; // after view and sequence number
      const peerAt = lengthAt + 6; // after status and time
      const attributes = peerAt + octets + 4;
      if (attributes > end) return 'truncated-record';
      const after = attributes + uint16(bytes, attributes - 2);
      if (after > end) return 'truncated-record';
      const length = bytes[lengthAt];
      if (length > octets * 8) return 'prefixes';
      // The same prefix in BGP's own encoding, for prefixColumn.
      scratch[0] = length;
      scratch.set(bytes.subarray(start + 4, lengthAt), 1);
      const origin = originOf(bytes, attributes, after, 2);
      if (origin < 0) return 'attributes';
      const peer = peers.intern(bytes, peerAt, of, uint16(bytes, attributes - 4));
      into.push(ElemKind.rib, of, peer, at, prefixColumn(scratch, 0, of, into), origin);
      return 'decoded';
    }
  };
}

const scratch = new Uint8Array(17);
