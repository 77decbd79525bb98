/**
 * BGP4MP: what a collector heard from its peers (RFC 6396 section 4.4, RFC 8050 section 3), and an older form of RIB.
 */
import { ElemKind, type ElemBatch, type FamilyIndex, type UnixMillis } from '../elem.js';
import {
  addressOctets,
  familyOf,
  safiUnicast,
  type CollectorPeers,
  type MrtOutcome,
  type MrtRecord,
  type MrtRecordDecoder,
} from './record.js';
import { pathIdsIn, prefixColumn, prefixEnd, pushPrefixes, type PathIdOctets } from './nlri.js';
import { uint16, uint32 } from '../octets.js';
import { AttributeType, AttributeWalk, originOf } from './path-attributes.js';

interface Subtype {
  readonly holds: 'message' | 'state-change' | 'entry';
  readonly asnOctets: 2 | 4;
  readonly addPath?: true;
  /** Sent by the collector itself. */
  readonly local?: true;
}

const subtypes: Readonly<Partial<Record<number, Subtype>>> = {
  0: { holds: 'state-change', asnOctets: 2 },
  1: { holds: 'message', asnOctets: 2 },
  // Deprecated by RFC 6396 appendix B.2; OpenBGPD wrote RIBs with it.
  2: { holds: 'entry', asnOctets: 2 },
  4: { holds: 'message', asnOctets: 4 },
  5: { holds: 'state-change', asnOctets: 4 },
  6: { holds: 'message', asnOctets: 2, local: true },
  7: { holds: 'message', asnOctets: 4, local: true },
  8: { holds: 'message', asnOctets: 2, addPath: true },
  9: { holds: 'message', asnOctets: 4, addPath: true },
  10: { holds: 'message', asnOctets: 2, addPath: true, local: true },
  11: { holds: 'message', asnOctets: 4, addPath: true, local: true },
};

/** RFC 4271 section 8.2.2 by RFC 6396 section 4.4.1's numbers. */
const established = 6;
/** RFC 4271 section 4.1. */
const MessageType = { open: 1, update: 2, notification: 3, keepalive: 4, routeRefresh: 5 } as const;
const messageHeader = 19;

/** A field of prefixes inside an UPDATE. */
interface PrefixField {
  bytes: Uint8Array;
  start: number;
  end: number;
  family: FamilyIndex;
  pathIds: PathIdOctets;
}
const emptyField = (): PrefixField => ({ bytes: new Uint8Array(0), start: 0, end: 0, family: 0, pathIds: 0 });

export function createBgp4mpDecoder(peers: CollectorPeers): MrtRecordDecoder {
  return (record, into) => {
    const { bytes, start, end, at } = record;
    const subtype = subtypes[record.subtype];
    if (subtype === undefined) return 'skipped';
    const { asnOctets } = subtype;
    const afiAt = start + asnOctets * 2 + 2; // after peer ASN, local ASN and interface
    if (afiAt + 2 > end) return 'truncated-record';
    const family = familyOf(uint16(bytes, afiAt));
    if (family < 0) return 'address-family';
    const session = family as FamilyIndex;
    const peerAt = afiAt + 2;
    const body = peerAt + addressOctets[session] * 2; // after the collector's address too
    if (body > end) return 'truncated-record';
    const asn = asnOctets === 2 ? uint16(bytes, start) : uint32(bytes, start);

    const before = into.length;
    const outcome = decodeBody(subtype, record, body, into);
    if (outcome !== 'decoded') return outcome;
    const peer = peers.intern(bytes, peerAt, session, asn);
    if (into.length === before) into.push(ElemKind.idle, 0, peer, at, 0, 0);
    else into.peer.fill(peer, before, into.length);
    return 'decoded';
  };
}

/** Appends the elems with peer 0: the peer is made only when all of the record was read. */
function decodeBody(subtype: Subtype, record: MrtRecord, body: number, into: ElemBatch): MrtOutcome {
  if (subtype.holds === 'message') return decodeMessage(subtype, record, body, into);
  if (subtype.holds === 'entry') return decodeEntry(record, body, into);
  const { bytes, end, at } = record;
  if (body + 4 > end) return 'truncated-record';
  const from = uint16(bytes, body);
  const to = uint16(bytes, body + 2);
  if (to === established) into.push(ElemKind.peerUp, 0, 0, at, 0, 0);
  else if (from === established) into.push(ElemKind.peerDown, 0, 0, at, 0, 0);
  return 'decoded';
}

/** One BGP message, header included. */
function decodeMessage(subtype: Subtype, { bytes, end, at }: MrtRecord, start: number, into: ElemBatch): MrtOutcome {
  if (start + messageHeader > end) return 'truncated-record';
  const messageEnd = start + uint16(bytes, start + 16);
  if (messageEnd > end || messageEnd < start + messageHeader) return 'bgp-message';
  switch (bytes[start + 18]) {
    case MessageType.open: // a session begins again
      into.push(ElemKind.peerUp, 0, 0, at, 0, 0);
      return 'decoded';
    case MessageType.notification: // closes the session, whoever sent it
      into.push(ElemKind.peerDown, 0, 0, at, 0, 0);
      return 'decoded';
    case MessageType.update: // the collector's own routes are not what the peer sees
      return subtype.local === true
        ? 'decoded'
        : decodeUpdate(bytes, start + messageHeader, messageEnd, subtype, at, into);
    case MessageType.keepalive:
    case MessageType.routeRefresh:
      return 'decoded';
    default:
      return 'bgp-message';
  }
}

const walk = new AttributeWalk();
const withdrawn = emptyField();
const unreach = emptyField();
const reach = emptyField();
const announced = emptyField();

/** RFC 4271 section 4.3, RFC 4760. */
function decodeUpdate(
  bytes: Uint8Array,
  start: number,
  end: number,
  subtype: Subtype,
  at: UnixMillis,
  into: ElemBatch,
): MrtOutcome {
  if (start + 2 > end) return 'bgp-message';
  const withdrawnEnd = start + 2 + uint16(bytes, start);
  const attributes = withdrawnEnd + 2;
  if (attributes > end) return 'bgp-message';
  const attributesEnd = attributes + uint16(bytes, withdrawnEnd);
  if (attributesEnd > end) return 'bgp-message';

  const declared = subtype.addPath === true;
  if (!setField(withdrawn, bytes, start + 2, withdrawnEnd, 0, declared)) return 'prefixes';
  if (!setField(announced, bytes, attributesEnd, end, 0, declared)) return 'prefixes';
  setField(unreach, bytes, 0, 0, 0, false);
  setField(reach, bytes, 0, 0, 0, false);

  walk.begin(bytes, attributes, attributesEnd);
  let seen = 0;
  while (walk.next()) {
    const { type } = walk;
    if (type !== AttributeType.mpReach && type !== AttributeType.mpUnreach) continue;
    if ((seen & (1 << type)) !== 0 || walk.start + 3 > walk.end) return 'attributes';
    seen |= 1 << type;
    const family = familyOf(uint16(bytes, walk.start));
    if (family < 0 || bytes[walk.start + 2] !== safiUnicast) continue;
    let prefixes = walk.start + 3;
    if (type === AttributeType.mpReach) {
      if (prefixes >= walk.end) return 'attributes';
      prefixes += 2 + bytes[prefixes]; // next hop's length, next hop, a reserved octet
      if (prefixes > walk.end) return 'attributes';
    }
    if (
      !setField(
        type === AttributeType.mpReach ? reach : unreach,
        bytes,
        prefixes,
        walk.end,
        family as FamilyIndex,
        declared,
      )
    )
      return 'prefixes';
  }
  if (walk.malformed) return 'attributes';
  const origin = originOf(bytes, attributes, attributesEnd, subtype.asnOctets);
  if (origin < 0) return 'attributes';

  // Of a prefix both withdrawn and announced the announcement holds.
  pushPrefixes(withdrawn, ElemKind.withdrawal, 0, at, 0, into);
  pushPrefixes(unreach, ElemKind.withdrawal, 0, at, 0, into);
  pushPrefixes(reach, ElemKind.announcement, 0, at, origin, into);
  pushPrefixes(announced, ElemKind.announcement, 0, at, origin, into);
  return 'decoded';
}

function setField(
  field: PrefixField,
  bytes: Uint8Array,
  start: number,
  end: number,
  family: FamilyIndex,
  declared: boolean,
): boolean {
  const pathIds = pathIdsIn(bytes, start, end, family, declared);
  field.bytes = bytes;
  field.start = start;
  field.end = end;
  field.family = family;
  field.pathIds = pathIds;
  return pathIds >= 0;
}

/** view, status, time, AFI, SAFI, next hop with its length, one prefix, attributes with their length. */
function decodeEntry({ bytes, end, at }: MrtRecord, start: number, into: ElemBatch): MrtOutcome {
  const afiAt = start + 8;
  if (afiAt + 4 > end) return 'truncated-record';
  const family = familyOf(uint16(bytes, afiAt));
  if (family < 0 || bytes[afiAt + 2] !== safiUnicast) return 'skipped';
  const prefixAt = afiAt + 4 + bytes[afiAt + 3];
  const after = prefixEnd(bytes, prefixAt, end, family as FamilyIndex);
  if (after < 0) return 'prefixes';
  const attributes = after + 2;
  if (attributes > end || attributes + uint16(bytes, after) > end) return 'truncated-record';
  const origin = originOf(bytes, attributes, attributes + uint16(bytes, after), 2);
  if (origin < 0) return 'attributes';
  into.push(
    ElemKind.rib,
    family as FamilyIndex,
    0,
    at,
    prefixColumn(bytes, prefixAt, family as FamilyIndex, into),
    origin,
  );
  return 'decoded';
}
