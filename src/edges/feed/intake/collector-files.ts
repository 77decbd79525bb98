import { ElemBatch } from '../../../core/bgp/index.js';
import type { UnixMillis } from '../../../core/bgp/index.js';
import { ribPath, updatesPath } from '../archive/archive.js';
import type { FileVersion } from '../archive/archive.js';
import type { LoadOutcome } from '../archive/archive-loader.js';
import type { LoadProgress } from './intake-sink.js';
import type { PassageContext } from './passage-context.js';

type Give = (batch: ElemBatch) => void;

/** Reads the files of one collector, and says how far that is. */
export class CollectorFiles {
  readonly #collector: string;
  readonly #context: PassageContext;
  /** The oldest RIB of which anything was taken in: updates are needed from there. */
  #ribTime: UnixMillis = Infinity;
  #elems = 0;
  /** Of the RIB that the table began with; null: none was read to its end, or it has none. */
  #ribVersion: FileVersion | null = null;
  /** Where the files read first began, of this table. */
  #begun: UnixMillis | null = null;
  /** Which table: rows of a file that was begun for an earlier one are not given out. */
  #table = 0;
  readonly #rows = new ElemBatch();

  constructor(collector: string, context: PassageContext) {
    this.#collector = collector;
    this.#context = context;
  }

  get ribTime(): UnixMillis {
    return this.#ribTime;
  }

  /** Of this table so far. */
  get elems(): number {
    return this.#elems;
  }

  /**
   * The newest RIB, for a table that begins with it; `unchanged`: the table that there is began with it. `begin`:
   * before the first rows.
   */
  async readRib(begin: () => void, give: Give): Promise<LoadOutcome> {
    const before = this.#table;
    const path = ribPath(this.#collector);
    const outcome = await this.#context.read({
      path,
      collector: this.#collector,
      wanted: 'rib',
      unless: this.#ribVersion,
      onBatch: (batch, ribTime) => {
        if (this.#table === before) {
          this.#forget();
          begin();
        }
        this.#ribTime = Math.min(this.#ribTime, ribTime ?? Infinity);
        this.#elems += batch.length;
        give(batch);
      },
      onBytes: (done, total) => this.#tell('rib', total === null ? 0 : done / total / 2, done, total),
    });
    if (outcome.kind !== 'loaded') return outcome;
    if (this.#table === before) return { kind: 'failed', reason: `${path}: holds no route` };
    this.#ribVersion = outcome.version;
    return outcome;
  }

  /** The rows stamped from..to of the update file that starts then. */
  readUpdates(start: UnixMillis, from: UnixMillis, to: UnixMillis, give: Give): Promise<LoadOutcome> {
    const table = this.#table;
    this.#begun ??= start;
    return this.#context.read({
      path: updatesPath(this.#collector, start),
      collector: this.#collector,
      wanted: 'updates',
      unless: null,
      onBatch: (batch) => {
        if (this.#table !== table) return;
        this.#elems += batch.length;
        const rows = this.#between(batch, from, to);
        if (rows.length > 0) give(rows);
      },
      onBytes: (done, total) => this.#tell('updates', this.#updatesShare(start), done, total),
    });
  }

  /** `nextFile`: start of the update file to be read next. */
  report(phase: LoadProgress['phase'], nextFile: UnixMillis): void {
    const isOver = phase === 'loaded' || phase === 'lost' || phase === 'given-up';
    this.#tell(phase, isOver ? 1 : this.#updatesShare(nextFile), 0, null);
  }

  #forget(): void {
    this.#table++;
    this.#ribTime = Infinity;
    this.#elems = 0;
    this.#begun = null;
    this.#ribVersion = null;
  }

  #updatesShare(nextFile: UnixMillis): number {
    const { buffer, clock, hearing } = this.#context;
    const target = Math.min(Math.max(buffer.lostTo(this.#collector), hearing.wholeFrom(this.#collector)), clock.now());
    const begun = this.#begun ?? nextFile;
    return 0.5 + (target > begun ? Math.max(0, Math.min(1, (nextFile - begun) / (target - begun))) / 2 : 0);
  }

  #tell(phase: LoadProgress['phase'], share: number, bytesDone: number, bytesTotal: number | null): void {
    this.#context.report({ collector: this.#collector, phase, bytesDone, bytesTotal, elems: this.#elems, share });
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
