/** What the intake tells its operator; what it tells the core is in core/events.ts. */
import type { UnixMillis } from '../../../core/bgp/index.js';

export interface LoadProgress {
  readonly collector: string;
  /** How many collectors there are. */
  readonly collectors: number;
  readonly phase: 'rib' | 'updates' | 'waiting' | 'loaded' | 'lost' | 'given-up';
  /** Compressed bytes of the file being read. */
  readonly bytesDone: number;
  readonly bytesTotal: number | null;
  /** Read for this collector's table so far. */
  readonly elems: number;
  /** The part of this collector's load that is done, 0..1: the RIB is the first half, its update files the second. */
  readonly share: number;
}

/** How complete a collector is. */
export interface CollectorStage {
  readonly collector: string;
  readonly stage: 'rib' | 'updates' | 'through' | 'filling' | 'lost' | 'given-up';
  /** Wall clock. */
  readonly since: UnixMillis;
  /** In words; empty while the collector is through, and at first. */
  readonly why: string;
}

/** Since the start. */
export interface IntakeCounters {
  /** By kind: short and long gaps of the connection, and collectors that were silent or lagging. */
  readonly gaps: Record<'hole' | 'long' | 'silent' | 'lagging', number>;
  /** Update files that were read to the end. */
  updateFiles: number;
  /** Those among them that filled short gaps, and the rows taken from those. */
  fillFiles: number;
  fillRows: number;
}
