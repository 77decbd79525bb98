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
  const collectorPeers = new CollectorPeers(peers, collector);
  const decodeBgp4mp = createBgp4mpDecoder(collectorPeers);
  const decoders: Readonly<Partial<Record<number, MrtRecordDecoder>>> = {
    [MrtType.tableDump]: createTableDumpDecoder(collectorPeers),
    [MrtType.tableDumpV2]: createTableDumpV2Decoder(collectorPeers),
    [MrtType.bgp4mp]: decodeBgp4mp,
    [MrtType.bgp4mpEt]: decodeBgp4mp,
  };
  const counters: MrtCounters = {
    records: 0,
    problems: Object.fromEntries(mrtProblems.map((reason) => [reason, 0])) as Record<MrtProblem, number>,
    skipped: new Map(),
    ribTime: null,
  };
  /** Reused for every record. */
  const record: { -readonly [K in keyof MrtRecord]: MrtRecord[K] } = {
    bytes: new Uint8Array(0),
    start: 0,
    end: 0,
    subtype: 0,
    at: 0,
  };

  /** The beginning of a record whose end has not come yet. */
  let held: Uint8Array = new Uint8Array(0);
  let heldOctets = 0;
  /** Octets of an over-long record still to be passed over. */
  let passOver = 0;

  function decodeRecord(bytes: Uint8Array, start: number, end: number, into: ElemBatch): MrtOutcome {
    const type = uint16(bytes, start + 4);
    const decode = decoders[type];
    if (decode === undefined) return 'skipped';
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

  /** Decodes the whole record at start..end and keeps count of it. */
  function take(bytes: Uint8Array, start: number, end: number, into: ElemBatch): void {
    const { length } = into;
    const longPrefixes = into.longPrefixes.length;
    const outcome = decodeRecord(bytes, start, end, into);
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

  /**
   * Copies octets of the chunk behind those held, until `wanted` are held or the chunk ends; returns how many it took.
   */
  function hold(chunk: Uint8Array, start: number, wanted: number): number {
    const taken = Math.min(wanted - heldOctets, chunk.length - start);
    if (heldOctets + taken > held.length) {
      const wider = new Uint8Array(Math.max(held.length * 2, heldOctets + taken));
      wider.set(held.subarray(0, heldOctets));
      held = wider;
    }
    held.set(chunk.subarray(start, start + taken), heldOctets);
    heldOctets += taken;
    return taken;
  }

  /** The whole length of the record at `start`, or 0 where it is refused. */
  function recordOctets(bytes: Uint8Array, start: number): number {
    const octets = headerOctets + uint32(bytes, start + 8);
    if (octets <= maxRecordOctets) return octets;
    counters.problems['record-too-long']++;
    passOver = octets;
    return 0;
  }

  return {
    counters,
    push(chunk, into) {
      let pos = 0;
      while (pos < chunk.length) {
        if (passOver > 0) {
          const passed = Math.min(passOver, chunk.length - pos);
          passOver -= passed;
          pos += passed;
        } else if (heldOctets > 0) {
          if (heldOctets < headerOctets) pos += hold(chunk, pos, headerOctets);
          if (heldOctets < headerOctets) return;
          const octets = recordOctets(held, 0);
          if (octets === 0) {
            passOver -= heldOctets;
            heldOctets = 0;
            continue;
          }
          pos += hold(chunk, pos, octets);
          if (heldOctets < octets) return;
          heldOctets = 0;
          take(held, 0, octets, into);
        } else {
          const left = chunk.length - pos;
          const octets = left < headerOctets ? headerOctets : recordOctets(chunk, pos);
          if (octets === 0) continue;
          if (left < octets || left < headerOctets) {
            hold(chunk, pos, heldOctets + left);
            return;
          }
          take(chunk, pos, pos + octets, into);
          pos += octets;
        }
      }
    },
    end() {
      if (heldOctets > 0 || passOver > 0) counters.problems['truncated-file']++;
      heldOctets = 0;
      passOver = 0;
    },
  };
}
