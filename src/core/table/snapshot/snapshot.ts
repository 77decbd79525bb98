/**
 * The table given out in pieces, so that it can be kept and taken over by a later process. Each piece takes a
 * millisecond or two; between them the table goes on changing, so what is kept is of no one moment. That is right,
 * because whoever takes it over applies once more, in order, every elem of each collector from a position on that was
 * noted before the first piece:
 *
 * - A bit (peer, prefix) is what the last elem about it said. If there was one after the position, it is applied again
 *   and decides, whichever side of it the piece was taken on; if there was none, the bit was the same all the while.
 * - A prefix that came into the table after the first piece was announced then, and will be announced again: it is left
 *   out, and so are the peers that came after it.
 * - A session that ended or began after the position does so again: its routes go then, whatever the piece had, and
 *   what it announced afterwards is applied again. What it announced before that is put into a column that is thrown
 *   away.
 * - The sizes that a table had when it was last whole may be of a moment after the session's end instead of before.
 *   They measure when it is whole again, and nothing else.
 * - A table that is sent again without a word: what was seen of it by the time of its piece is kept, and more is seen
 *   when it is applied again. It can only keep routes for longer that should have gone with it, by what was said
 *   between position and piece.
 * - A collector whose tables were forgotten meanwhile is half of the old and half of the new: the last piece names it.
 * - A collector in a gap, or with a hole that is not filled, has its position at the beginning of that; then all of the
 *   above holds.
 * - A prefix's origin is the one announced last by a voter, as a bit is what was said last; while the elems are applied
 *   again nobody votes, and every peer's word counts, as during a load.
 * - A verdict is the one of its piece. It stands still until somebody votes, and is then held against the voters that
 *   there are: at a half and above, and below a quarter, nothing but the bits decides; in between it is "as before".
 * - What a prefix's origin was before is renewed at every bin while its country is whole.
 */
import type { FamilyIndex, PeerIndex, UnixMillis } from '../../bgp/index.js';
import { countedLengths, excluded } from '../routes/exclusions.js';
import { bitsBelow } from '../routes/id-notes.js';
import type { ColumnWords } from '../routes/peer-column.js';
import type { Sizes } from '../sessions/recovery.js';
import type { SessionState } from '../sessions/session.js';
import type { RouteTable } from '../routes/route-table.js';
import type { Sessions } from '../sessions/sessions.js';
import type { VoterHistory } from '../votes/usability.js';

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
  /** How many voters there were, a value a minute, oldest first. */
  readonly history: readonly number[];
  /** When the newest of them was noted; null: never. */
  readonly historyAt: UnixMillis | null;
}

/** The next `count` prefixes of a family in the order of their ids; body: codes, origins, what the
 * listener keeps, verdicts. */
export interface PrefixesHead {
  readonly piece: 'prefixes';
  readonly family: FamilyIndex;
  readonly count: number;
}

/** Form of a column and how many words it has. */
export type ColumnHead = readonly ['steps' | 'bits', number];

/**
 * A peer of which anything is known. What a table that is sent again has sent so far is bits, by family; null: that
 * family is not sent again. Body: the words of the columns by family, then of those bits.
 */
export interface PeerHead {
  readonly piece: 'peer';
  readonly peer: number;
  readonly state: SessionState;
  readonly former: Sizes | null;
  readonly columns: readonly [ColumnHead, ColumnHead];
  readonly seen: readonly [number | null, number | null];
}

/**
 * The last piece: collectors whose tables were forgotten, to be read from a RIB, since the first. Nothing above holds
 * of them.
 */
export interface EndHead {
  readonly piece: 'end';
  readonly reset: readonly string[];
}

export interface SnapshotSource {
  readonly peers: PeerIndex;
  readonly routes: readonly [RouteTable, RouteTable];
  readonly full: readonly [ReadonlySet<number>, ReadonlySet<number>];
  readonly history: readonly [VoterHistory, VoterHistory];
  /** By collector, how often its tables were forgotten. */
  readonly resets: ReadonlyMap<string, number>;
  readonly session: Sessions['kept'];
}

export const prefixOctets = 17;
const prefixesInPiece = 16_384;
const noBody = new Uint8Array(0);
const noColumn: ColumnWords = { form: 'steps', words: new Uint32Array(0) };

export function* piecesOf(source: SnapshotSource): Generator<SnapshotPiece, void, undefined> {
  const { peers, routes } = source;
  const sizes = [routes[0].ids.size, routes[1].ids.size] as const;
  const count = peers.size;
  const resetsBefore = new Map(source.resets);
  const named = Array.from({ length: count }, (_, index) => {
    const { collector, address, asn } = peers.at(index);
    return [collector, address, asn] as const;
  });
  yield {
    head: {
      piece: 'table',
      prefixes: sizes,
      peers: named,
      families: [familyHead(source, 0), familyHead(source, 1)],
    } satisfies TableHead,
    body: noBody,
  };
  for (const family of [0, 1] as const) {
    for (let from = 0; from < sizes[family]; from += prefixesInPiece)
      yield prefixesPiece(routes[family], family, from, Math.min(sizes[family], from + prefixesInPiece));
  }
  for (let peer = 0; peer < count; peer++) {
    const piece = peerPiece(source, peer, sizes);
    if (piece !== null) yield piece;
  }
  const reset = [...source.resets]
    .filter(([collector, times]) => times !== resetsBefore.get(collector))
    .map(([collector]) => collector);
  yield { head: { piece: 'end', reset } satisfies EndHead, body: noBody };
}

function familyHead({ routes, full, history }: SnapshotSource, family: FamilyIndex): FamilyHead {
  return { judging: routes[family].prefixes.hasVerdicts, full: [...full[family]], ...history[family].kept() };
}

function prefixesPiece(routes: RouteTable, family: FamilyIndex, from: number, to: number): SnapshotPiece {
  const { codes, origins, kept, verdicts } = routes.prefixes.rows(from, to);
  return {
    head: { piece: 'prefixes', family, count: to - from } satisfies PrefixesHead,
    body: joined([codes, origins, kept, verdicts]),
  };
}

function peerPiece({ session, routes }: SnapshotSource, peer: number, sizes: Sizes): SnapshotPiece | null {
  const kept = session(peer);
  if (kept === null) return null;
  const { state, former } = kept;
  const column = (family: FamilyIndex): ColumnWords => routes[family].column(peer)?.copy(sizes[family]) ?? noColumn;
  const columns = [column(0), column(1)] as const;
  const seen = kept.seen.map((notes, family) =>
    notes === null ? null : bitsBelow(sizes[family], notes.asBits(sizes[family])),
  );
  const head: PeerHead = {
    piece: 'peer',
    peer,
    state,
    former,
    columns: [
      [columns[0].form, columns[0].words.length],
      [columns[1].form, columns[1].words.length],
    ],
    seen: [seen[0]?.length ?? null, seen[1]?.length ?? null],
  };
  return { head, body: joined([...columns.map(({ words }) => words), ...seen.filter((bits) => bits !== null)]) };
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
