/** The table is kept on disk every few minutes and taken over at the next start. */
import { setImmediate } from 'node:timers/promises';
import { hourMs, minuteMs, type UnixMillis } from '../../../core/time.js';
import type { Clock } from '../../../edges/clock.js';
import type { Logger, Metrics } from '../../../edges/observability/index.js';
import { KeptPipeline, type Pipeline } from '../../../core/pipeline.js';
import { isRecord } from '../../../core/settings.js';
import { tableShape, type SnapshotPiece } from '../../../core/table/index.js';
import { numbersAs, readSnapshotFile, UnreadableSnapshot, writeSnapshotFile } from './snapshot-file.js';
import { ribEveryMs } from '../../../edges/feed/index.js';

const everyMs = 5 * minuteMs;
/** A collector's messages may come out of order by this much, so its files are read again from this much earlier. */
const overlapMs = minuteMs;
/** The clock may have been set back by this much between two starts. */
const clockStepMs = minuteMs;

export interface SnapshotWriterOptions {
  readonly path: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

export interface SnapshotWriter {
  /** Whether it is time for the next snapshot, and none is being written. */
  due(): boolean;
  /**
   * Writes the table while the stream goes on, after a snapshot that is being written already. `positions`: the event
   * time up to which all elems of each collector were applied; with a gap that is not filled, where the gap begins. A
   * collector that is not named will be loaded from its RIB. Returns false if the snapshot could not be written or the
   * signal was aborted; the last one then stays. Never rejects: a failure is logged and counted.
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
        'the table could not be kept: a restart would start from an older one, or from the RIBs',
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
  /** It holds the stored states, and no table yet. */
  readonly pipeline: Pick<Pipeline, 'restoreTable'>;
  readonly collectors: readonly string[];
  readonly now: number;
}

export type LoadedSnapshot =
  /** positions: by collector, the event time from which on its elems must be applied. The others start from their RIB. */
  | { readonly kind: 'restored'; readonly createdAt: UnixMillis; readonly positions: ReadonlyMap<string, UnixMillis> }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'none' };

/** Takes over the table that was kept. If it is not whole or too old, `pipeline` stays as it was. */
export async function loadSnapshot(path: string, { pipeline, collectors, now }: LoadOptions): Promise<LoadedSnapshot> {
  try {
    const { head, kept } = await readKept(path, now);
    const fresh = head.positions.filter(
      ([collector, at]) => collectors.includes(collector) && !kept.table.reset.has(collector) && now - at <= ribEveryMs,
    );
    if (fresh.length === 0) return { kind: 'refused', reason: 'has none of the collectors that are wanted now' };
    const positions = new Map(fresh);
    for (const step of pipeline.restoreTable(kept, positions)) await setImmediate(step);
    return { kind: 'restored', createdAt: head.createdAt, positions };
  } catch (error) {
    if (error instanceof UnreadableSnapshot) return { kind: 'refused', reason: error.message };
    const { code, errno } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return { kind: 'none' };
    // The disk failed. Any other error is a bug of ours.
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
  // To bring an older table up to date takes longer than to load a RIB.
  if (ageMs > ribEveryMs) throw new UnreadableSnapshot(`is ${Math.floor(ageMs / hourMs)} hours old`);
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
