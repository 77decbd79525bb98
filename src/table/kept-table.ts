import { prefixLength } from '../bgp/index.js';
import { isRecord } from '../settings.js';
import { countedLengths } from './exclusions.js';
import { PeerColumn } from './peer-column.js';
import type { PeerStatus } from './peer-status.js';
import type { PrefixRows } from './route-table.js';
import { prefixOctets, type FamilyHead, type SnapshotPiece, type TableHead } from './snapshot.js';

/** More than twice what there is on the Internet: a table that claims more is none. */
const mostPrefixes = 4_000_000;
const mostPeers = 16_384;
/** Of all columns together. */
const mostColumnOctets = 2 ** 30;

export interface KeptPeer {
  readonly peer: number;
  readonly status: PeerStatus;
  readonly columns: readonly [PeerColumn, PeerColumn];
  readonly former: readonly [PeerColumn, PeerColumn] | null;
}

/**
 * A table put together from the pieces of a snapshot, before anybody takes it over: every piece is held to its form first, so that a
 * table that takes it over whole cannot come to half of one.
 */
export class KeptTable {
  #head: TableHead | null = null;
  readonly #rows: readonly [PrefixRows[], PrefixRows[]] = [[], []];
  readonly #missing = [0, 0];
  readonly #peers: KeptPeer[] = [];
  #columnOctets = 0;

  /** Takes the next piece; what is wrong with it, or null. */
  take({ head, body }: SnapshotPiece): string | null {
    if (!isRecord(head)) return 'a piece without a head';
    if (head['piece'] === 'table') return this.#takeHead(head);
    if (this.#head === null) return 'no list of peers at its beginning';
    if (head['piece'] === 'prefixes') return this.#takePrefixes(head, body);
    if (head['piece'] === 'peer') return this.#takePeer(this.#head, head, body);
    return 'a piece of an unknown kind';
  }

  /** What it lacks, or null where it is whole. */
  lacks(): string | null {
    if (this.#head === null) return 'holds no table';
    return this.#missing[0] + this.#missing[1] > 0 ? 'not all of its prefixes are there' : null;
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

  #takeHead(head: Record<string, unknown>): string | null {
    if (this.#head !== null) return 'two tables';
    const { prefixes, peers, families } = head;
    if (!isList(prefixes, 2, (count) => isCount(count, mostPrefixes))) return 'an impossible number of prefixes';
    if (!Array.isArray(peers) || peers.length > mostPeers || !peers.every(isNamedPeer)) return 'a list of peers that is none';
    if (!isList(families, 2, (family) => isFamilyHead(family, peers.length))) return 'a list of voters that is none';
    this.#head = head as unknown as TableHead;
    this.#missing.splice(0, 2, ...this.#head.prefixes);
    return null;
  }

  #takePrefixes({ family, count }: Record<string, unknown>, body: Uint8Array): string | null {
    if (family !== 0 && family !== 1) return 'prefixes of no family';
    if (!isCount(count, this.#missing[family]) || body.length !== count * prefixOctets) return 'another number of prefixes than it says';
    const rows: PrefixRows = {
      codes: new Float64Array(octets(body, 0, count * 8)),
      origins: new Uint32Array(octets(body, count * 8, count * 4)),
      before: new Uint32Array(octets(body, count * 12, count * 4)),
      verdicts: new Uint8Array(octets(body, count * 16, count)),
    };
    const { shortest, longest } = countedLengths[family];
    for (const code of rows.codes) {
      if (!(Number.isInteger(code) && code >= 2 ** shortest && code < 2 ** 49)) return 'a prefix that is none';
      const length = prefixLength(code);
      if (length < shortest || length > longest) return 'a prefix that is not counted';
    }
    this.#missing[family] -= count;
    this.#rows[family].push(rows);
    return null;
  }

  #takePeer(table: TableHead, { peer, status, columns }: Record<string, unknown>, body: Uint8Array): string | null {
    if (!isCount(peer, table.peers.length - 1) || (this.#peers.length > 0 && this.#peers[this.#peers.length - 1].peer >= peer)) return 'a peer out of order';
    if (!isStatus(status)) return 'a peer of unknown state';
    if (!Array.isArray(columns) || (columns.length !== 2 && columns.length !== 4)) return 'a peer without its columns';
    const made: PeerColumn[] = [];
    let at = 0;
    for (const [index, column] of columns.entries()) {
      const among = table.prefixes[index % 2];
      if (!isList(column, 2, () => true)) return 'a column without its form';
      const [form, length] = column;
      if ((form !== 'steps' && form !== 'bits') || !isCount(length, (body.length - at) / 4)) return 'a column without its form';
      const words = new Uint32Array(octets(body, at, length * 4));
      this.#columnOctets += form === 'bits' ? among / 8 : words.byteLength;
      if (this.#columnOctets > mostColumnOctets) return 'columns of an impossible size';
      const read = PeerColumn.of({ form, words }, among);
      if (read === null) return 'a column that is none';
      made.push(read);
      at += words.byteLength;
    }
    if (at !== body.length) return 'a peer with more than its columns';
    this.#peers.push({ peer, status, columns: [made[0], made[1]], former: made.length === 4 ? [made[2], made[3]] : null });
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
  const { judging, full, voters, history, historyAt } = value;
  const arePeers = (list: unknown): boolean => Array.isArray(list) && list.length <= peers && list.every((peer) => isCount(peer, peers - 1));
  return typeof judging === 'boolean' && arePeers(full) && arePeers(voters) && (historyAt === null || Number.isFinite(historyAt))
    && Array.isArray(history) && history.every((count) => isCount(count, peers));
}

function isStatus(value: unknown): value is PeerStatus {
  if (!isRecord(value)) return false;
  const { kind, since } = value;
  return kind === 'no-table' || kind === 'up' || ((kind === 'unknown' || kind === 'warming') && Number.isFinite(since));
}
