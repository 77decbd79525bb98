/**
 * The table given out in pieces, so that it can be kept and taken over by a later process. Each piece takes a millisecond or two;
 * between them the table goes on changing, so what is kept is of no one moment. That is right, because whoever takes it over applies
 * once more, in order, every elem of a time noted before the first piece and later (the positions that the snapshot is kept with):
 *
 * - A bit (peer, prefix) is what the last elem about it said. If there was one after the first piece, it is applied again and decides,
 *   whichever side of it the piece was taken on; if there was none, the bit was the same all the while.
 * - A prefix that came into the table after the first piece was announced then, and will be announced again: it is left out, and so
 *   are the peers that came after it.
 * - A peer's status, columns and former table are of one moment, in one piece. Say it went down in between. If its piece is from before
 *   that, going down is applied to it as it was the first time. If its piece is from after that, then what it announced before it went
 *   down is put into its column, and is taken out, unlooked at, when going down is applied: the former table is then that of the piece,
 *   as it was when it went down, since only a peer that was up has its former table replaced. Its return is applied the same way.
 * - A peer that went down, came back and was taken for whole between the first piece and its own would have as its former table what the
 *   piece says instead of what it had as it went down. That measures when it is whole again, and nothing else.
 * - The origin of a prefix is the one announced last by a voter, as a bit is what was said last. Who voted is of the first piece; whoever
 *   is elected afterwards has no say in what went before, here as anywhere.
 * - A verdict is the one that the prefix had when its piece was taken. Taken over, verdicts stand still until every elem is applied, and
 *   are then held against the voters that there are: at a half and above, and below a quarter, nothing but the bits decides, and in
 *   between it is "as before".
 * - What a prefix's origin was before is renewed at every bin while its country is whole.
 */
import type { PeerIndex, UnixMillis } from '../bgp/index.js';
import { countedLengths, excluded } from './exclusions.js';
import type { PeerColumn } from './peer-column.js';
import type { PeerStatus } from './peer-status.js';
import type { RouteTable } from './route-table.js';
import type { VoterHistory } from './usability.js';

/** A part of a snapshot: what it is, as plain JSON, and numbers as they lie in this machine's memory. */
export interface SnapshotPiece {
  readonly head: unknown;
  readonly body: Uint8Array;
}

/** What decides which prefixes are in a table: one that was kept under another shape is another table. */
export const tableShape = JSON.stringify([countedLengths, excluded]);

/** The first piece. Peers are named by their places in it. */
export interface TableHead {
  readonly piece: 'table';
  /** How many there are, by family. */
  readonly prefixes: readonly [number, number];
  /** Collector, address, ASN. */
  readonly peers: readonly (readonly [string, string, number])[];
  readonly families: readonly [FamilyHead, FamilyHead];
}

export interface FamilyHead {
  /** Whether there are verdicts. */
  readonly judging: boolean;
  readonly full: readonly number[];
  readonly voters: readonly number[];
  /** How many voters there were, a value a minute, oldest first. */
  readonly history: readonly number[];
  /** When the newest of them was noted; null: never. */
  readonly historyAt: UnixMillis | null;
}

/** The next `count` prefixes of a family in the order of their ids; body: codes, origins, origins before, verdicts. */
export interface PrefixesHead {
  readonly piece: 'prefixes';
  readonly family: 0 | 1;
  readonly count: number;
}

/** A peer that has ever had a table. Form and number of words of its columns by family, then of its former ones if it has such; body: the words. */
export interface PeerHead {
  readonly piece: 'peer';
  readonly peer: number;
  readonly status: PeerStatus;
  readonly columns: readonly (readonly ['steps' | 'bits', number])[];
}

export interface SnapshotSource {
  readonly peers: PeerIndex;
  readonly routes: readonly [RouteTable, RouteTable];
  readonly full: readonly [ReadonlySet<number>, ReadonlySet<number>];
  readonly voters: readonly [ReadonlySet<number>, ReadonlySet<number>];
  readonly history: readonly [VoterHistory, VoterHistory];
  session(peer: number): { readonly status: PeerStatus; readonly former: readonly [PeerColumn, PeerColumn] | null };
}

export const prefixOctets = 17;
const prefixesInPiece = 16_384;
const noBody = new Uint8Array(0);

export function* piecesOf(source: SnapshotSource): Generator<SnapshotPiece, void, undefined> {
  const { peers, routes } = source;
  const sizes = [routes[0].ids.size, routes[1].ids.size] as const;
  const count = peers.size;
  const named = Array.from({ length: count }, (_, index) => {
    const { collector, address, asn } = peers.at(index);
    return [collector, address, asn] as const;
  });
  yield { head: { piece: 'table', prefixes: sizes, peers: named, families: [familyHead(source, 0), familyHead(source, 1)] } satisfies TableHead, body: noBody };
  for (const family of [0, 1] as const) {
    for (let from = 0; from < sizes[family]; from += prefixesInPiece) yield prefixesPiece(routes[family], family, from, Math.min(sizes[family], from + prefixesInPiece));
  }
  for (let peer = 0; peer < count; peer++) {
    const piece = peerPiece(source, peer, sizes);
    if (piece !== null) yield piece;
  }
}

function familyHead({ routes, full, voters, history }: SnapshotSource, family: 0 | 1): FamilyHead {
  return { judging: routes[family].isJudging, full: [...full[family]], voters: [...voters[family]], ...history[family].kept() };
}

function prefixesPiece(routes: RouteTable, family: 0 | 1, from: number, to: number): SnapshotPiece {
  const { codes, origins, before, verdicts } = routes.rows(from, to);
  return { head: { piece: 'prefixes', family, count: to - from } satisfies PrefixesHead, body: joined([codes, origins, before, verdicts]) };
}

function peerPiece(source: SnapshotSource, peer: number, sizes: readonly [number, number]): SnapshotPiece | null {
  const { status, former } = source.session(peer);
  const columns = [source.routes[0].column(peer), source.routes[1].column(peer), ...(former ?? [])];
  if (status.kind === 'no-table' && columns.every((column) => column === undefined || column.size === 0)) return null;
  const copies = columns.map((column, index) => column?.copy(sizes[index % 2]) ?? { form: 'steps' as const, words: new Uint32Array(0) });
  const head: PeerHead = { piece: 'peer', peer, status, columns: copies.map(({ form, words }) => [form, words.length]) };
  return { head, body: joined(copies.map(({ words }) => words)) };
}

function joined(parts: readonly (Float64Array | Uint32Array | Uint8Array)[]): Uint8Array {
  const body = new Uint8Array(parts.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let at = 0;
  for (const part of parts) {
    body.set(new Uint8Array(part.buffer, part.byteOffset, part.byteLength), at);
    at += part.byteLength;
  }
  return body;
}
