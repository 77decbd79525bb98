/** MRT files (RFC 6396, 8050) to elems, in chunks of any size. Inflating is done elsewhere. */
import { ElemKind, type ElemBatch, type UnixMillis } from '../elem.js';
import { createBgp4mpDecoder } from './bgp4mp.js';
import {
  CollectorPeers,
  mrtProblems,
  type MrtOutcome,
  type MrtProblem,
  type MrtRecord,
  type MrtRecordDecoder,
} from './record.js';
import { createTableDumpDecoder, createTableDumpV2Decoder } from './table-dump.js';
import { uint16, uint32 } from '../octets.js';
import type { PeerIndex } from '../peer.js';

const MrtType = { tableDump: 12, tableDumpV2: 13, bgp4mp: 16, bgp4mpEt: 17 } as const;
const headerOctets = 12;

/**
 * Longest record that is read, in octets. A RIB record holds one entry a peer: of 2,000 peers (RIS has 1,300 sessions
 * in all) with attributes of 4 KB, the longest BGP message, that is 8 MB. A longer one is a broken length; its octets
 * are passed over and none of them is kept, so memory stays bounded whatever a file says.
 */
export const maxRecordOctets = 8 * 1024 * 1024;

/** Kinds told apart in `skipped`; in a file of random octets there are 2^32. */
const maxSkippedKinds = 100;

export interface MrtCounters {
  /** Records decoded. */
  records: number;
  /** Records dropped, by reason. */
  readonly problems: Record<MrtProblem, number>;
  /** Well-formed records that say nothing about unicast routes, by `type/subtype`. */
  readonly skipped: Map<string, number>;
  /** The RIB's nominal time: that of its first entry. null while there was none. */
  ribTime: UnixMillis | null;
}

export interface MrtDecoder {
  readonly counters: Readonly<MrtCounters>;
  /**
   * Decodes the file's next octets and appends the elems of every record completed. Never throws. The chunk may be
   * reused afterwards.
   */
  push(chunk: Uint8Array, into: ElemBatch): void;
  /** The file ends here: a record not yet complete is counted as a problem. */
  end(): void;
}

/** A decoder for one file of one collector (rrcNN). */
export function createMrtDecoder(peers: PeerIndex, collector: string): MrtDecoder {
  return new FileDecoder(peers, collector);
}

class FileDecoder implements MrtDecoder {
  readonly counters: MrtCounters = {
    records: 0,
    problems: Object.fromEntries(mrtProblems.map((reason) => [reason, 0])) as Record<MrtProblem, number>,
    skipped: new Map(),
    ribTime: null,
  };
  readonly #decoders: Readonly<Partial<Record<number, MrtRecordDecoder>>>;
  /** Reused for every record. */
  readonly #record: { -readonly [K in keyof MrtRecord]: MrtRecord[K] } = {
    bytes: new Uint8Array(0),
    start: 0,
    end: 0,
    subtype: 0,
    at: 0,
  };
  /** The beginning of a record whose end has not come yet. */
  #begun: Uint8Array = new Uint8Array(0);
  #begunOctets = 0;
  /** Octets of an over-long record that are still to be skipped. */
  #octetsToSkip = 0;

  constructor(peers: PeerIndex, collector: string) {
    const collectorPeers = new CollectorPeers(peers, collector);
    const decodeBgp4mp = createBgp4mpDecoder(collectorPeers);
    this.#decoders = {
      [MrtType.tableDump]: createTableDumpDecoder(collectorPeers),
      [MrtType.tableDumpV2]: createTableDumpV2Decoder(collectorPeers),
      [MrtType.bgp4mp]: decodeBgp4mp,
      [MrtType.bgp4mpEt]: decodeBgp4mp,
    };
  }

  push(chunk: Uint8Array, into: ElemBatch): void {
    for (let pos = 0; pos < chunk.length;) {
      if (this.#octetsToSkip > 0) {
        const skipped = Math.min(this.#octetsToSkip, chunk.length - pos);
        this.#octetsToSkip -= skipped;
        pos += skipped;
      } else if (this.#begunOctets > 0) pos += this.#complete(chunk, pos, into);
      else {
        const left = chunk.length - pos;
        const octets = left < headerOctets ? headerOctets : this.#recordOctets(chunk, pos);
        if (octets === 0) continue;
        if (left < octets || left < headerOctets) {
          this.#copy(chunk, pos, this.#begunOctets + left);
          return;
        }
        this.#decode(chunk, pos, pos + octets, into);
        pos += octets;
      }
    }
  }

  end(): void {
    if (this.#begunOctets > 0 || this.#octetsToSkip > 0) this.counters.problems['truncated-file']++;
    this.#begunOctets = 0;
    this.#octetsToSkip = 0;
  }

  /** Goes on with the record that was begun, and decodes it if its end is in the chunk; how many octets that took. */
  #complete(chunk: Uint8Array, start: number, into: ElemBatch): number {
    let taken = 0;
    if (this.#begunOctets < headerOctets) taken += this.#copy(chunk, start, headerOctets);
    if (this.#begunOctets < headerOctets) return taken;
    const octets = this.#recordOctets(this.#begun, 0);
    if (octets === 0) {
      this.#octetsToSkip -= this.#begunOctets;
      this.#begunOctets = 0;
      return taken;
    }
    taken += this.#copy(chunk, start + taken, octets);
    if (this.#begunOctets < octets) return taken;
    this.#begunOctets = 0;
    this.#decode(this.#begun, 0, octets, into);
    return taken;
  }

  /** Copies octets of the chunk until `wanted` octets of the record are there or the chunk ends; how many it copied. */
  #copy(chunk: Uint8Array, start: number, wanted: number): number {
    const taken = Math.min(wanted - this.#begunOctets, chunk.length - start);
    if (this.#begunOctets + taken > this.#begun.length) {
      const wider = new Uint8Array(Math.max(this.#begun.length * 2, this.#begunOctets + taken));
      wider.set(this.#begun.subarray(0, this.#begunOctets));
      this.#begun = wider;
    }
    this.#begun.set(chunk.subarray(start, start + taken), this.#begunOctets);
    this.#begunOctets += taken;
    return taken;
  }

  /** The whole length of the record at `start`, or 0 if it is refused. */
  #recordOctets(bytes: Uint8Array, start: number): number {
    const octets = headerOctets + uint32(bytes, start + 8);
    if (octets <= maxRecordOctets) return octets;
    this.counters.problems['record-too-long']++;
    this.#octetsToSkip = octets;
    return 0;
  }

  /** Decodes the whole record at start..end and counts it. */
  #decode(bytes: Uint8Array, start: number, end: number, into: ElemBatch): void {
    const { counters } = this;
    const { length } = into;
    const longPrefixes = into.longPrefixes.length;
    const outcome = this.#decodeRecord(bytes, start, end, into);
    if (outcome === 'decoded') {
      counters.records++;
      if (counters.ribTime === null && into.length > length && into.kind[length] === ElemKind.rib)
        counters.ribTime = into.at[length];
      return;
    }
    into.rollBack(length, longPrefixes);
    if (outcome !== 'skipped') {
      counters.problems[outcome]++;
      return;
    }
    const kind = `${uint16(bytes, start + 4)}/${uint16(bytes, start + 6)}`;
    const counted = counters.skipped.has(kind) || counters.skipped.size < maxSkippedKinds ? kind : 'others';
    counters.skipped.set(counted, (counters.skipped.get(counted) ?? 0) + 1);
  }

  #decodeRecord(bytes: Uint8Array, start: number, end: number, into: ElemBatch): MrtOutcome {
    const type = uint16(bytes, start + 4);
    const decode = this.#decoders[type];
    if (decode === undefined) return 'skipped';
    const record = this.#record;
    record.bytes = bytes;
    record.start = start + headerOctets;
    record.end = end;
    record.subtype = uint16(bytes, start + 6);
    record.at = uint32(bytes, start) * 1000;
    if (type === MrtType.bgp4mpEt) {
      if (record.start + 4 > end) return 'truncated-record';
      record.at += uint32(bytes, record.start) / 1000;
      record.start += 4;
    }
    return decode(record, into);
  }
}
