/** A table that outlives the process: kept every few minutes, taken over at the next start. */
import { setImmediate } from 'node:timers/promises';
import type { UnixMillis } from '../../../core/bgp/index.js';
import type { Clock } from '../../../edges/clock.js';
import type { Logger, Metrics } from '../../../edges/observability/index.js';
import { KeptPipeline, type Pipeline } from '../../../core/pipeline.js';
import { isRecord } from '../../../core/settings.js';
import { tableShape, type SnapshotPiece } from '../../../core/table/index.js';
import { numbersAs, readSnapshotFile, UnreadableSnapshot, writeSnapshotFile } from './snapshot-file.js';

const everyMs = 5 * 60_000;
/** What a collector's messages may be apart in the order in which they come; its files are read again from there. */
const overlapMs = 60_000;
/** From files of more hours than lie between two RIBs a table is not brought up to date sooner than from a RIB. */
const oldestMs = 8 * 3_600_000;
/** Between the clocks of two starts. */
const clockStepMs = 60_000;

export interface SnapshotWriterOptions {
  readonly path: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

export interface SnapshotWriter {
  /** Whether it is time for another, and none is being written. */
  due(): boolean;
  /**
   * Keeps the table as it is from now on, beside a stream that goes on; after the one that is being written.
   * `positions`: to which event time each collector's elems were applied, all of them: of one whose stream has a hole
   * that is not filled, where that begins. A collector that is not named will be loaded from its RIB. False: it could
   * not be written, or the signal was aborted; what was kept before stands. Never rejects: what goes wrong here is
   * logged and counted, and ends nothing.
   */
  write(
    pipeline: Pick<Pipeline, 'pieces'>,
    positions: ReadonlyMap<string, UnixMillis>,
    signal: AbortSignal,
  ): Promise<boolean>;
}

export function createSnapshotWriter({ path, clock, logger, metrics }: SnapshotWriterOptions): SnapshotWriter {
  let nextAt = -Infinity;
  let underWay: Promise<boolean> | null = null;

  async function write(pieces: Iterable<SnapshotPiece>, signal: AbortSignal): Promise<boolean> {
    const startedAt = clock.now();
    try {
      const octets = await writeSnapshotFile(path, pieces, signal);
      const fields = { megabytes: Math.round(octets / 1e5) / 10, tookMs: clock.now() - startedAt };
      logger.debug(fields, 'table kept: a restart goes on from here');
      metrics.snapshots.inc({ outcome: 'written' });
      metrics.snapshotAt.set(startedAt / 1000);
      return true;
    } catch (error) {
      if (signal.aborted) return false;
      logger.warn(
        { err: error, againInMs: everyMs },
        'the table could not be kept: a restart would go on from an older one, or from the RIBs',
      );
      metrics.snapshots.inc({ outcome: 'failed' });
      return false;
    }
  }

  return {
    due: () => underWay === null && clock.now() >= nextAt,
    async write(pipeline, positions, signal) {
      const now = clock.now();
      const until = [...positions].map(([collector, at]) => [collector, Math.min(at, now) - overlapMs] as const);
      const head: SnapshotHead = { piece: 'snapshot', createdAt: now, shape: tableShape, numbersAs, positions: until };
      while (underWay !== null) await underWay;
      if (signal.aborted) return false;
      nextAt = clock.now() + everyMs;
      underWay = write(headed(head, pipeline), signal);
      try {
        return await underWay;
      } finally {
        underWay = null;
      }
    },
  };
}

/** The first piece. */
interface SnapshotHead {
  readonly piece: 'snapshot';
  readonly createdAt: UnixMillis;
  readonly shape: string;
  readonly numbersAs: string;
  /** Collector and event time. */
  readonly positions: readonly (readonly [string, UnixMillis])[];
}

function* headed(head: SnapshotHead, pipeline: Pick<Pipeline, 'pieces'>): Generator<SnapshotPiece, void, undefined> {
  yield { head, body: new Uint8Array(0) };
  yield* pipeline.pieces();
}

export interface LoadOptions {
  /** Empty but for what was stored. */
  readonly pipeline: Pick<Pipeline, 'restoreTable'>;
  readonly collectors: readonly string[];
  readonly now: number;
}

export type LoadedSnapshot =
  /**
   * positions: by collector, the event time from which on its elems are to be applied. Those that are not named start
   * from their RIB.
   */
  | { readonly kind: 'restored'; readonly createdAt: UnixMillis; readonly positions: ReadonlyMap<string, UnixMillis> }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'none' };

/** Takes over the table that was kept, if it is whole and of use; where it is not, `pipeline` is as it was. */
export async function loadSnapshot(path: string, { pipeline, collectors, now }: LoadOptions): Promise<LoadedSnapshot> {
  try {
    const { head, kept } = await readKept(path, now);
    const fresh = head.positions.filter(
      ([collector, at]) => collectors.includes(collector) && !kept.table.reset.has(collector) && now - at <= oldestMs,
    );
    if (fresh.length === 0) return { kind: 'refused', reason: 'has none of the collectors that are wanted now' };
    const positions = new Map(fresh);
    for (const step of pipeline.restoreTable(kept, positions)) await setImmediate(step);
    return { kind: 'restored', createdAt: head.createdAt, positions };
  } catch (error) {
    if (error instanceof UnreadableSnapshot) return { kind: 'refused', reason: error.message };
    const { code, errno } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return { kind: 'none' };
    // Of the disk; all else is a fault of ours.
    if (code !== undefined && errno !== undefined) return { kind: 'refused', reason: `cannot be read (${code})` };
    throw error;
  }
}

async function readKept(
  path: string,
  now: number,
): Promise<{ readonly head: SnapshotHead; readonly kept: KeptPipeline }> {
  const kept = new KeptPipeline();
  let head: SnapshotHead | null = null;
  for await (const piece of readSnapshotFile(path)) {
    if (head === null) head = acceptedHead(piece.head, now);
    else {
      const fault = kept.take(piece);
      if (fault !== null) throw new UnreadableSnapshot(`has ${fault}`);
    }
  }
  const lack = kept.table.lacks();
  if (lack !== null) throw new UnreadableSnapshot(lack);
  return { head: head!, kept };
}

function acceptedHead(head: unknown, now: number): SnapshotHead {
  if (!isHead(head)) throw new UnreadableSnapshot('does not say what it holds');
  if (head.shape !== tableShape) throw new UnreadableSnapshot('holds other prefixes than are counted now');
  if (head.numbersAs !== numbersAs) throw new UnreadableSnapshot('was written on another kind of machine');
  const ageMs = now - head.createdAt;
  if (ageMs > oldestMs) throw new UnreadableSnapshot(`is ${Math.floor(ageMs / 3_600_000)} hours old`);
  if (ageMs < -clockStepMs) throw new UnreadableSnapshot('is from the future');
  return head;
}

function isHead(head: unknown): head is SnapshotHead {
  if (
    !isRecord(head) ||
    head['piece'] !== 'snapshot' ||
    !Number.isFinite(head['createdAt']) ||
    !Array.isArray(head['positions'])
  )
    return false;
  return head['positions'].every(
    (entry) => Array.isArray(entry) && entry.length === 2 && typeof entry[0] === 'string' && Number.isFinite(entry[1]),
  );
}
