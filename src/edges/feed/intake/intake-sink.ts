import type { ElemBatch, UnixMillis } from '../../../core/bgp/index.js';

/**
 * Why a collector's rows are wanting: the connection was lost for too long, it is not heard, it comes too late, its
 * files cannot be had.
 */
export type LostBecause = 'gap' | 'silent' | 'lagging' | 'files';

/**
 * Who is told what comes in, collector by collector, in order. Batches are reused: take what is needed before
 * returning.
 */
export interface IntakeSink {
  rib(collector: string, batch: ElemBatch): void;
  /** This collector's RIB is whole; its nominal time. */
  ribLoaded(collector: string, at: UnixMillis): void;
  /** Elems of update files, then of the stream; in order within a collector. Goes on for ever. */
  updates(batch: ElemBatch): void;
  /**
   * From `from` on (event time) the collector's elems are missing, until `joined`. A hole of it that was not filled yet
   * is part of that.
   */
  lost(collector: string, from: UnixMillis, why: LostBecause): void;
  /**
   * What is known of the collector is to be forgotten: a RIB of it follows. It was told lost before, unless nobody was
   * `ready`.
   */
  reset(collector: string): void;
  /** The collector's files and stream have met: nothing is missing. */
  joined(collector: string): void;
  /**
   * A short hole in the collector's stream. Its rows go on passing to `updates`; a hole told while one is open takes it
   * in.
   */
  holed(collector: string, from: UnixMillis, to: UnixMillis): void;
  /** Elems of the files that cover the hole, in order: they are older than what passed to `updates` since `holed`. */
  fill(batch: ElemBatch): void;
  /** Everything for the hole was given to `fill`. */
  filled(collector: string): void;
}

export interface LoadProgress {
  readonly collector: string;
  /** How many collectors there are. */
  readonly collectors: number;
  readonly phase: 'rib' | 'updates' | 'waiting' | 'loaded' | 'lost' | 'given-up';
  /** Compressed bytes of the file being read. */
  readonly bytesDone: number;
  readonly bytesTotal: number | null;
  /** Of this collector so far. */
  readonly elems: number;
  /** Of this collector's whole load, 0..1, RIB and updates each one half. */
  readonly share: number;
}

/** Where a collector stands. */
export interface CollectorStage {
  readonly collector: string;
  readonly stage: 'rib' | 'updates' | 'through' | 'filling' | 'lost' | 'given-up';
  /** Wall clock. */
  readonly since: UnixMillis;
  /** In words; empty while it is through, and at first. */
  readonly why: string;
}

/** Since the start. */
export interface IntakeCounters {
  /** By kind: short ones of the connection, long ones, and collectors that were silent or lagging. */
  readonly gaps: Record<'hole' | 'long' | 'silent' | 'lagging', number>;
  /** Update files read to the end, for whatever reason. */
  updateFiles: number;
  /** Of them for holes, and the rows taken from those. */
  fillFiles: number;
  fillRows: number;
}
