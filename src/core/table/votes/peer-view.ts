import {
  families,
  type Family,
  type FamilyIndex,
  type Peer,
  type PeerIndex,
  type UnixMillis,
} from '../../bgp/index.js';
import type { Electorate } from './electorate.js';
import type { Sizes } from '../sessions/recovery.js';
import type { Sessions } from '../sessions/sessions.js';
import type { TableSettings } from '../settings.js';

/** One family of a session. */
export interface PeerFamilyView {
  /** Its table, in counted prefixes. */
  readonly prefixes: number;
  readonly fullFeed: boolean;
  readonly votes: boolean;
  /** Why, or why not. */
  readonly why: string;
}

/** A session as its operator is shown it; plain JSON. */
export interface PeerView extends Readonly<Record<Family, PeerFamilyView>> {
  readonly collector: string;
  readonly address: string;
  readonly asn: number;
  readonly status: 'no-table' | 'up' | 'unknown' | 'warming';
  /** Event time since when it is unknown or warming. */
  readonly since: UnixMillis | null;
  readonly because: 'session-down' | 'collector-lost' | 'mass-withdrawal' | 'session-up' | 'table-transfer' | null;
  /** The status in words. */
  readonly reason: string;
}

export interface ViewedTable {
  readonly peers: PeerIndex;
  readonly sessions: Sessions;
  readonly electorate: Electorate;
  readonly settings: TableSettings;
  readonly sizeOf: (peer: number) => Sizes;
}

/** All sessions, by collector and address. */
export function viewsOf(table: ViewedTable): PeerView[] {
  const all = Array.from({ length: table.peers.size }, (_, index) => table.peers.at(index));
  all.sort((a, b) => compare(a.collector, b.collector) || compare(a.address, b.address));
  const whole = [...table.sessions.whole()];
  const largest = families.map((_, family) => Math.max(0, ...whole.map((peer) => table.sizeOf(peer)[family])));
  const holders = families.map(
    (_, family) =>
      new Map([...table.electorate.voters[family]].map((peer) => [table.peers.at(peer).asn, table.peers.at(peer)])),
  );
  return all.map((peer) => {
    const status = table.sessions.status(peer.index);
    const reason = reasonOf(table, peer);
    const sizes = table.sizeOf(peer.index);
    const viewOf = (family: FamilyIndex): PeerFamilyView => {
      const votes = table.electorate.voters[family].has(peer.index);
      const fullFeed = table.electorate.full[family].has(peer.index);
      return {
        prefixes: sizes[family],
        fullFeed,
        votes,
        why:
          status.kind !== 'up'
            ? reason
            : votes
              ? 'full feed'
              : whyNot(sizes[family], largest[family], fullFeed, holders[family].get(peer.asn)),
      };
    };
    return {
      collector: peer.collector,
      address: peer.address,
      asn: peer.asn,
      status: status.kind,
      since: 'since' in status ? status.since : null,
      because: 'because' in status ? status.because : null,
      reason,
      ipv4: viewOf(0),
      ipv6: viewOf(1),
    };
  });
}

function whyNot(size: number, largest: number, fullFeed: boolean, holder: Peer | undefined): string {
  if (size === 0) return 'no routes';
  if (!fullFeed) return `${Math.floor((100 * size) / largest)} % of the largest table: no full feed`;
  if (holder === undefined) return 'full feed, from the next tick on';
  return `full feed, but ${holder.collector} ${holder.address} of the same AS votes`;
}

/** "warming since 16:02: its table is being sent again, 61 % seen" */
function reasonOf({ sessions, sizeOf, settings }: ViewedTable, { index, collector }: Peer): string {
  const status = sessions.status(index);
  if (status.kind === 'up') return 'up';
  if (status.kind === 'no-table')
    return sessions.isLost(collector)
      ? 'no table yet: its collector is being loaded'
      : 'it was in no table of its collector';
  const since = `${status.kind} since ${new Date(status.since).toISOString().slice(11, 16)}`;
  const seen = `${Math.floor(100 * (sessions.seenShare(index) ?? 0))} % seen`;
  switch (status.because) {
    case 'session-down':
      return `${since}: its session is down`;
    case 'collector-lost':
      return `${since}: its collector is in a gap`;
    case 'mass-withdrawal': {
      const [before, now] = [sessions.former(index) ?? [0, 0], sizeOf(index)].map((sizes) => sizes[0] + sizes[1]);
      return (
        `${since}: it withdrew more than ${Math.round(100 * settings.lossShare)} % of its table at once, ${now} ` +
        `of ${before} prefixes are left`
      );
    }
    case 'session-up':
      return `${since}: its session is back, ${seen}`;
    case 'table-transfer':
      return `${since}: its table is being sent again, ${seen}`;
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
