import type { Clock } from '../../clock.js';
import type { FileToLoad, LoadOutcome } from '../archive/archive-loader.js';
import type { FeedLog } from '../feed-log.js';
import type { Hearing } from './hearing.js';
import type { IntakeCounters, IntakeSink, LoadProgress } from './intake-sink.js';
import type { SpliceBuffer } from './splice-buffer.js';

/** What the passages of all collectors share. */
export interface PassageContext {
  readonly sink: IntakeSink;
  readonly buffer: SpliceBuffer;
  readonly hearing: Hearing;
  readonly counters: IntakeCounters;
  readonly clock: Clock;
  readonly log: FeedLog;
  readonly signal: AbortSignal;
  /** Reads a file. Rejects only when the signal is aborted. */
  read(file: FileToLoad): Promise<LoadOutcome>;
  report(progress: Omit<LoadProgress, 'collectors'>): void;
  /** Whether the start is over: then a collector that is given up is tried again by itself. */
  isReady(): boolean;
  /** A stage ended. */
  changed(): void;
}
