/**
 * RIS Live messages read with JSON.parse: every type, every spelling. What it takes, and what it refuses, is the
 * definition.
 */
import { asciiBytes, canonicalAddress } from '../address.js';
import { ElemKind, type ElemBatch } from '../elem.js';
import type { PeerIndex } from '../peer.js';
import { PrefixReader } from '../prefix.js';
import { maxAsn, UpdateDraft, type PrefixList } from './message.js';

/** Why a frame was dropped whole. */
export const risLiveProblems = [
  'not-json',
  'unknown-envelope',
  'timestamp',
  'peer',
  'peer-asn',
  'host',
  'no-message-type',
  'unknown-message-type',
  'path',
  'prefixes',
  'state',
] as const;
export type RisLiveProblem = (typeof risLiveProblems)[number];

/** What a frame was. `message`: its elems were appended. */
export type RisLiveOutcome =
  | { readonly kind: 'message' }
  | { readonly kind: 'ris_error'; readonly message: string }
  | { readonly kind: 'rrc-list'; readonly collectors: readonly string[] }
  | { readonly kind: 'pong' }
  | { readonly kind: 'subscribed' }
  | { readonly kind: 'problem'; readonly reason: RisLiveProblem };

export const messageOutcome: RisLiveOutcome = Object.freeze({ kind: 'message' });
const pong: RisLiveOutcome = Object.freeze({ kind: 'pong' });
const subscribed: RisLiveOutcome = Object.freeze({ kind: 'subscribed' });

const utf8 = new TextDecoder();
const prefixReader = new PrefixReader();
const draft = new UpdateDraft();

type JsonObject = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function problem(reason: RisLiveProblem): RisLiveOutcome {
  return { kind: 'problem', reason };
}

/** Decodes one frame; on any problem neither `peers` nor `into` has changed. */
export function decodeRisLiveJson(bytes: Uint8Array, peers: PeerIndex, into: ElemBatch): RisLiveOutcome {
  let frame: unknown;
  try {
    frame = JSON.parse(utf8.decode(bytes));
  } catch {
    return problem('not-json');
  }
  if (!isObject(frame)) return problem('unknown-envelope');
  const data = frame['data'];
  switch (frame['type']) {
    case 'ris_message':
      return isObject(data) ? decodeMessage(data, peers, into) : problem('unknown-envelope');
    case 'ris_error':
      return {
        kind: 'ris_error',
        message: isObject(data) && typeof data['message'] === 'string' ? data['message'] : 'no message',
      };
    case 'ris_rrc_list':
      return {
        kind: 'rrc-list',
        collectors: Array.isArray(data) ? data.filter((name) => typeof name === 'string') : [],
      };
    case 'ris_subscribe_ok':
      return subscribed;
    case 'pong':
      return pong;
    default:
      return problem('unknown-envelope');
  }
}

function decodeMessage(data: JsonObject, peers: PeerIndex, into: ElemBatch): RisLiveOutcome {
  const at = millisOf(data['timestamp']);
  if (at < 0) return problem('timestamp');
  const address = typeof data['peer'] === 'string' ? canonicalAddress(data['peer']) : null;
  if (address === null) return problem('peer');
  const asn =
    typeof data['peer_asn'] === 'string' && /^[1-9]\d{0,9}$/.test(data['peer_asn']) ? Number(data['peer_asn']) : 0;
  if (!isAsn(asn)) return problem('peer-asn');
  const collector = typeof data['host'] === 'string' ? collectorOf(data['host']) : null;
  if (collector === null) return problem('host');

  switch (data['type']) {
    case 'UPDATE': {
      const reason = readUpdate(data);
      if (reason !== null) return problem(reason);
      draft.at = at;
      draft.pushTo(into, peers.intern(collector, address, asn));
      return messageOutcome;
    }
    case 'STATE':
    case 'RIS_PEER_STATE': {
      const state = data['state'];
      if (state !== 'up' && state !== 'connected' && state !== 'down') return problem('state');
      into.push(
        state === 'down' ? ElemKind.peerDown : ElemKind.peerUp,
        0,
        peers.intern(collector, address, asn),
        at,
        0,
        0,
      );
      return messageOutcome;
    }
    case 'OPEN': // a session began again
      into.push(ElemKind.peerUp, 0, peers.intern(collector, address, asn), at, 0, 0);
      return messageOutcome;
    case 'NOTIFICATION': // closes the session, whoever sent it (RFC 4271 section 6)
      into.push(ElemKind.peerDown, 0, peers.intern(collector, address, asn), at, 0, 0);
      return messageOutcome;
    case 'KEEPALIVE':
      into.push(ElemKind.idle, 0, peers.intern(collector, address, asn), at, 0, 0);
      return messageOutcome;
    case undefined:
      return problem('no-message-type');
    default:
      return problem('unknown-message-type');
  }
}

/** Unix seconds to milliseconds, to the microsecond; -1 for what no 32-bit clock shows. */
function millisOf(timestamp: unknown): number {
  if (typeof timestamp !== 'number' || !(timestamp >= 1 && timestamp < 2 ** 32)) return -1;
  return Math.round(timestamp * 1e6) / 1e3;
}

/** `rrc07` of `rrc07.ripe.net` or `rrc07`. */
function collectorOf(host: string): string | null {
  return /^rrc\d\d(?:\.ripe\.net)?$/.test(host) ? host.slice(0, 5) : null;
}

function isAsn(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 && value <= maxAsn;
}

function readUpdate(data: JsonObject): RisLiveProblem | null {
  draft.clear();
  const path = data['path'] ?? [];
  if (!Array.isArray(path)) return 'path';
  for (const hop of path as unknown[]) {
    const isSet = Array.isArray(hop);
    if (isSet ? hop.length === 0 || !hop.every(isAsn) : !isAsn(hop)) return 'path';
    draft.origin = (isSet ? hop[0] : hop) as number;
  }
  if (!readPrefixes(data['withdrawals'] ?? [], draft.withdrawn)) return 'prefixes';
  const announcements = data['announcements'] ?? [];
  if (!Array.isArray(announcements)) return 'prefixes';
  for (const announcement of announcements as unknown[]) {
    if (!isObject(announcement) || !readPrefixes(announcement['prefixes'] ?? [], draft.announced)) return 'prefixes';
  }
  return null;
}

function readPrefixes(texts: unknown, into: PrefixList): boolean {
  if (!Array.isArray(texts)) return false;
  for (const text of texts as unknown[]) {
    if (typeof text !== 'string') return false;
    const { bytes, length } = asciiBytes(text);
    if (length <= 0 || prefixReader.read(bytes, 0) !== length) return false;
    into.add(prefixReader);
  }
  return true;
}
