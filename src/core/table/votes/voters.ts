import type { Peer } from '../../bgp/index.js';
import type { TableSettings } from '../settings.js';

/** What an election needs of one session. */
export interface Candidate {
  readonly peer: Peer;
  /** Its table, in counted prefixes. */
  readonly size: number;
}

/**
 * The full feeds among `candidates`: a table of at least `fullFeedEnter` of the second-largest ASN's (of the largest
 * where there is one ASN only); who was a full feed stays one down to `fullFeedLeave`.
 */
export function fullFeeds(
  candidates: readonly Candidate[],
  before: ReadonlySet<number>,
  settings: TableSettings,
): Set<number> {
  const byAsn = new Map<number, number>();
  for (const { peer, size } of candidates) byAsn.set(peer.asn, Math.max(size, byAsn.get(peer.asn) ?? 0));
  const sizes = [...byAsn.values()].sort((a, b) => b - a);
  const measure = sizes[Math.min(1, sizes.length - 1)] ?? 0;
  const full = new Set<number>();
  if (measure === 0) return full;
  for (const { peer, size } of candidates) {
    const share = before.has(peer.index) ? settings.fullFeedLeave : settings.fullFeedEnter;
    if (size >= share * measure) full.add(peer.index);
  }
  return full;
}

/** One vote per ASN: its full-feed session with the largest table; among equals the lowest collector, then address. */
export function elect(candidates: readonly Candidate[], full: ReadonlySet<number>): Set<number> {
  const best = new Map<number, Candidate>();
  for (const candidate of candidates) {
    if (!full.has(candidate.peer.index)) continue;
    const rival = best.get(candidate.peer.asn);
    if (rival === undefined || outranks(candidate, rival)) best.set(candidate.peer.asn, candidate);
  }
  return new Set([...best.values()].map(({ peer }) => peer.index));
}

function outranks(a: Candidate, b: Candidate): boolean {
  if (a.size !== b.size) return a.size > b.size;
  if (a.peer.collector !== b.peer.collector) return a.peer.collector < b.peer.collector;
  return a.peer.address < b.peer.address;
}
