import { ElemBatch, type UnixMillis } from '../../../core/bgp/index.js';
import type { Clock } from '../../clock.js';
import type { FileToLoad, LoadOutcome } from '../archive/archive-loader.js';
import { updatesFileMs, updatesPath } from '../archive/archive.js';
import { fileOf, isMissing, untilNextLook } from '../archive/file-times.js';
import type { IntakeCounters } from './intake-report.js';

/** What the cursors of all collectors share. */
export interface CursorContext {
  readonly clock: Clock;
  readonly counters: IntakeCounters;
  /** Reads a file of the archive. Rejects only if the intake ends. */
  read(file: FileToLoad): Promise<LoadOutcome>;
}

export type CursorStep =
  /** A file was read to its end. */
  | { readonly kind: 'read' }
  /** The next file is not published yet. */
  | { readonly kind: 'later'; readonly inMs: number }
  /** The next file cannot be read, or is missing. */
  | { readonly kind: 'failed'; readonly reason: string };

export interface Rows {
  /** Rows with a time in from..to are given. */
  readonly from: UnixMillis;
  readonly to: UnixMillis;
  readonly give: (batch: ElemBatch) => void;
  /** Compressed bytes of the file. */
  readonly onBytes: (done: number, total: number | null) => void;
}

/**
 * Goes through the update files of one collector, one file a step. Whether a file that failed is asked for again is the
 * caller's decision: then the next step asks for the same file.
 */
export class UpdateCursor {
  readonly #collector: string;
  readonly #context: CursorContext;
  readonly #signal: AbortSignal;
  readonly #rows = new ElemBatch();
  #nextFile: UnixMillis;

  /** `signal`: once it is aborted no row is given any more, also of a file that is being read. */
  constructor(collector: string, from: UnixMillis, context: CursorContext, signal: AbortSignal) {
    this.#collector = collector;
    this.#nextFile = fileOf(from);
    this.#context = context;
    this.#signal = signal;
  }

  /** Start of the update file that is read next. */
  get nextFile(): UnixMillis {
    return this.#nextFile;
  }

  async step({ from, to, give, onBytes }: Rows): Promise<CursorStep> {
    const { clock, counters } = this.#context;
    const start = this.#nextFile;
    const path = updatesPath(this.#collector, start);
    const outcome = await this.#context.read({
      path,
      collector: this.#collector,
      wanted: 'updates',
      unless: null,
      onBatch: (batch) => {
        const rows = this.#signal.aborted ? null : this.#between(batch, from, to);
        if (rows !== null && rows.length > 0) give(rows);
      },
      onBytes,
    });
    if (outcome.kind === 'failed') return outcome;
    if (outcome.kind === 'loaded') {
      counters.updateFiles++;
      this.#nextFile = start + updatesFileMs;
      return { kind: 'read' };
    }
    if (isMissing(start, clock.now())) return { kind: 'failed', reason: `${path}: missing` };
    return { kind: 'later', inMs: untilNextLook(start, clock.now()) };
  }

  #between(batch: ElemBatch, from: UnixMillis, to: UnixMillis): ElemBatch {
    if (from === -Infinity && to === Infinity) return batch;
    const rows = this.#rows;
    rows.clear();
    for (let row = 0; row < batch.length; row++)
      if (batch.at[row] >= from && batch.at[row] <= to) rows.append(batch, row, row + 1);
    return rows;
  }
}
