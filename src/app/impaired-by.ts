import type { Family, UnixMillis } from '../bgp/index.js';
import type { FeedState } from '../feed/index.js';
import { describeUsability, type Usability } from '../table/index.js';
import type { Impairment } from './impairments.js';

/** Event time that stands still for so long is no longer ours to judge by. */
const standstillMs = 60_000;

/** What the ingest knows of its own sight at one moment. */
export interface SightNow {
  readonly now: UnixMillis;
  readonly phase: 'loading' | 'watching';
  readonly feed: FeedState;
  readonly lastTickAt: UnixMillis | null;
  readonly usability: Readonly<Record<Family, Usability>>;
  /** Families that were usable before in this life of the table. */
  readonly seen: ReadonlySet<Family>;
  /** Collectors that are not heard, each with why, in words. */
  readonly lostCollectors: readonly { readonly collector: string; readonly why: string }[];
}

/** All that hinders us from seeing well just now, in words for the operator. */
export function impairedBy(sight: SightNow): Impairment[] {
  const found: Impairment[] = [];
  const blind = blindness(sight);
  if (sight.phase === 'loading') found.push({ kind: 'loading', text: `the routing tables are being loaded, and nothing is judged${feedTrouble(sight.feed)}` });
  else if (blind !== null) found.push({ kind: 'blind', text: blind });
  const lost = sight.lostCollectors.map(({ collector, why }) => `${collector} (${why})`).join(', ');
  // Where nothing is judged every collector is missed: that is said already.
  if (lost !== '' && blind === null) found.push({ kind: 'collectors', text: `judged without ${lost}` });
  return found;
}

function blindness({ now, feed, lastTickAt, usability, seen }: SightNow): string | null {
  if (feed.kind === 'down') return `RIS Live cannot be reached (${feed.reason}), and nothing is judged`;
  if (feed.kind !== 'live') return 'RIS Live is silent, and nothing is judged';
  const unusable = (['ipv4', 'ipv6'] as const).filter((family) => usability[family].kind === 'unusable' && (family === 'ipv4' || seen.has(family)));
  if (unusable.length > 0) {
    return unusable.map((family) => `${family === 'ipv4' ? 'IPv4' : 'IPv6'} is not judged (${describeUsability(usability[family])})`).join('; ');
  }
  if (lastTickAt !== null && now - lastTickAt > standstillMs) return 'event time stands still: fewer than two collectors speak, and nothing is judged';
  return null;
}

function feedTrouble(feed: FeedState): string {
  return feed.kind === 'down' ? `; RIS Live cannot be reached (${feed.reason})` : '';
}
