import { isRecord } from '../../settings.js';
import { countedLengths } from '../routes/exclusions.js';
import { PeerColumn } from '../routes/peer-column.js';
import { areBitsBelow } from '../routes/id-notes.js';
import type { Sizes } from '../sessions/recovery.js';
import type { SessionState } from '../sessions/session.js';
import type { PrefixRows } from '../routes/known-prefixes.js';
import { prefixOctets, type ColumnHead, type FamilyHead, type SnapshotPiece, type TableHead } from './snapshot.js';

/** More than twice what there is on the Internet: a table that claims more is none. */
const mostPrefixes = 4_000_000;
const mostPeers = 16_384;
/** Of all columns together. */
const mostColumnOctets = 2 ** 30;

export interface KeptPeer {
  readonly peer: number;
  readonly state: SessionState;
  readonly former: Sizes | null;
  readonly columns: readonly [PeerColumn, PeerColumn];
  /** Bits by family, of a table that was being sent again. */
  readonly seen: readonly [Uint32Array | null, Uint32Array | null];
}

/**
 * A table put together from the pieces of a snapshot, before anybody takes it over: every piece is held to its form
 * first, so that a table that takes it over whole cannot come to half of one.
 */
export class KeptTable {
  #head: TableHead | null = null;
  readonly #rows: readonly [PrefixRows[], PrefixRows[]] = [[], []];
  readonly #missing = [0, 0];
  readonly #peers: KeptPeer[] = [];
  #columnOctets = 0;
  #reset: ReadonlySet<string> | null = null;

  /** Takes the next piece; what is wrong with it, or null. */
  take({ head, body }: SnapshotPiece): string | null {
    if (!isRecord(head)) return 'a piece without a head';
    if (head['piece'] === 'table') return this.#takeHead(head);
    if (this.#head === null) return 'no list of peers at its beginning';
    if (head['piece'] === 'prefixes') return this.#takePrefixes(head, body);
    if (head['piece'] === 'peer') return this.#takePeer(this.#head, head, body);
    if (head['piece'] === 'end') return this.#takeEnd(head);
    return 'a piece of an unknown kind';
  }

  /** What it lacks, or null where it is whole. */
  lacks(): string | null {
    if (this.#head === null) return 'holds no table';
    if (this.#reset === null) return 'has no end';
    return this.#missing[0] + this.#missing[1] > 0 ? 'lacks prefixes' : null;
  }

  get head(): TableHead {
    if (this.#head === null) throw new Error('there is no table yet');
    return this.#head;
  }

  rows(family: 0 | 1): readonly PrefixRows[] {
    return this.#rows[family];
  }

  get peers(): readonly KeptPeer[] {
    return this.#peers;
  }

  /** Collectors of which there is no whole table in it. */
  get reset(): ReadonlySet<string> {
    return this.#reset ?? new Set();
  }

  #takeEnd({ reset }: Record<string, unknown>): string | null {
    if (!Array.isArray(reset) || !reset.every((collector) => typeof collector === 'string'))
      return 'a list of collectors that is none';
    this.#reset = new Set(reset);
    return null;
  }

  #takeHead(head: Record<string, unknown>): string | null {
    if (this.#head !== null) return 'two tables';
    const { prefixes, peers, families } = head;
    if (!isList(prefixes, 2, (count) => isCount(count, mostPrefixes))) return 'an impossible number of prefixes';
    if (!Array.isArray(peers) || peers.length > mostPeers || !peers.every(isNamedPeer))
      return 'a list of peers that is none';
    if (!isList(families, 2, (family) => isFamilyHead(family, peers.length))) return 'a list of voters that is none';
    this.#head = head as unknown as TableHead;
    this.#missing.splice(0, 2, ...this.#head.prefixes);
    return null;
  }

  #takePrefixes({ family, count }: Record<string, unknown>, body: Uint8Array): string | null {
    if (family !== 0 && family !== 1) return 'prefixes of no family';
    if (!isCount(count, this.#missing[family]) || body.length !== count * prefixOctets)
      return 'another number of prefixes than it says';
    const rows: PrefixRows = {
      codes: new Float64Array(octets(body, 0, count * 8)),
      origins: new Uint32Array(octets(body, count * 8, count * 4)),
      kept: new Uint32Array(octets(body, count * 12, count * 4)),
      verdicts: new Uint8Array(octets(body, count * 16, count)),
    };
    const { shortest, longest } = countedLengths[family];
    const isCounted = (code: number): boolean =>
      Number.isInteger(code) && code >= 2 ** shortest && code < 2 ** (longest + 1);
    if (!rows.codes.every(isCounted)) return 'a prefix that is not counted';
    this.#missing[family] -= count;
    this.#rows[family].push(rows);
    return null;
  }

  #takePeer(
    table: TableHead,
    { peer, state, former, columns, seen }: Record<string, unknown>,
    body: Uint8Array,
  ): string | null {
    if (!isCount(peer, table.peers.length - 1) || peer <= (this.#peers.at(-1)?.peer ?? -1))
      return 'a peer out of order';
    if (!isState(state) || !(former === null || isSizes(former))) return 'a peer of unknown state';
    if (
      !isList(columns, 2, isColumnHead) ||
      !isList(seen, 2, (words) => words === null || isCount(words, mostPrefixes))
    )
      return 'a peer without its columns';
    let at = 0;
    const next = (words: number): Uint32Array<ArrayBuffer> | null => {
      at += words * 4;
      this.#columnOctets += words * 4;
      return at > body.length || this.#columnOctets > mostColumnOctets
        ? null
        : new Uint32Array(octets(body, at - words * 4, words * 4));
    };
    const made = (columns as ColumnHead[]).map(([form, length], family) => {
      const words = next(length);
      return words === null ? null : PeerColumn.of({ form, words }, table.prefixes[family]);
    });
    const notes = (seen as (number | null)[]).map((length) => (length === null ? null : next(length)));
    const areNotes = notes.every((words, family) =>
      words === null ? seen[family] === null : areBitsBelow(table.prefixes[family], words),
    );
    const [ipv4, ipv6] = made;
    if (at !== body.length || ipv4 === null || ipv6 === null || !areNotes)
      return 'a peer with other columns than it says';
    this.#peers.push({ peer, state, former, columns: [ipv4, ipv6], seen: [notes[0], notes[1]] });
    return null;
  }
}

/** A copy of its own, on a word's boundary. */
function octets(body: Uint8Array, from: number, length: number): ArrayBuffer {
  return new Uint8Array(body.subarray(from, from + length)).buffer;
}

function isCount(value: unknown, most: number): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= most;
}

function isList(value: unknown, length: number, holds: (entry: unknown) => boolean): value is unknown[] {
  return Array.isArray(value) && value.length === length && value.every(holds);
}

function isNamedPeer(value: unknown): boolean {
  if (!isList(value, 3, () => true)) return false;
  const [collector, address, asn] = value;
  return typeof collector === 'string' && typeof address === 'string' && isCount(asn, 0xffffffff);
}

function isFamilyHead(value: unknown, peers: number): value is FamilyHead {
  if (!isRecord(value)) return false;
  const { judging, full, history, historyAt } = value;
  const arePeers = (list: unknown): boolean =>
    Array.isArray(list) && list.length <= peers && list.every((peer) => isCount(peer, peers - 1));
  return (
    typeof judging === 'boolean' &&
    arePeers(full) &&
    (historyAt === null || Number.isFinite(historyAt)) &&
    Array.isArray(history) &&
    history.every((count) => isCount(count, 0xffff))
  );
}

function isColumnHead(value: unknown): value is ColumnHead {
  return (
    isList(value, 2, () => true) && (value[0] === 'steps' || value[0] === 'bits') && isCount(value[1], mostPrefixes)
  );
}

function isSizes(value: unknown): value is Sizes {
  return isList(value, 2, (size) => isCount(size, mostPrefixes));
}

function isState(value: unknown): value is SessionState {
  if (!isRecord(value)) return false;
  const { kind, since, progress, steadySince, least, most } = value;
  switch (kind) {
    case 'no-table':
    case 'up':
      return true;
    case 'down':
      return Number.isFinite(since);
    case 'dumped':
      return Number.isFinite(since) && Number.isFinite(steadySince) && isSizes(least) && isSizes(most);
    case 'returning':
    case 'resending':
      return (
        Number.isFinite(since) &&
        isRecord(progress) &&
        Number.isFinite(progress['at']) &&
        isSizes(progress['seen']) &&
        isSizes(progress['of'])
      );
    default:
      return false;
  }
}
