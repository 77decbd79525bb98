import type { UnixMillis } from '../../../core/bgp/index.js';
import { ribPath, updatesFileMs, updatesPath } from '../archive/archive.js';
import type { CollectorFiles } from './collector-files.js';
import { fileOf, isMissing, iso, overlapMs, reorderMs, untilNextLook } from '../archive/file-times.js';
import type { PassageContext } from './passage-context.js';

export type FilesStep =
  | { readonly kind: 'read' }
  /** The next file is not there yet. */
  | { readonly kind: 'later'; readonly inMs: number }
  | { readonly kind: 'failed'; readonly reason: string };

/** One collector's RIB and update files, in order, and how far they have been given out. */
export class CatchUp {
  readonly #collector: string;
  readonly #context: PassageContext;
  readonly #files: CollectorFiles;
  /** Start of the update file to be read next; null before there is a RIB. */
  #nextFile: UnixMillis | null = null;
  /** Rows stamped before this were applied. */
  #skipBefore = -Infinity;

  constructor(collector: string, files: CollectorFiles, context: PassageContext) {
    this.#collector = collector;
    this.#files = files;
    this.#context = context;
  }

  get nextFile(): UnixMillis | null {
    return this.#nextFile;
  }

  /** The event time up to which everything was given out; null: begins with a RIB. */
  position(): UnixMillis | null {
    return this.#nextFile === null ? null : Math.max(this.#nextFile, this.#skipBefore);
  }

  /** What was said until then has been given out. */
  resumeFrom(position: UnixMillis): void {
    this.#skipBefore = position - reorderMs;
    this.#nextFile = fileOf(this.#skipBefore);
  }

  /** `begin`: before the first row of a table that takes the place of another. */
  async readRib(begin: () => void): Promise<Extract<FilesStep, { kind: 'read' | 'failed' }>> {
    const collector = this.#collector;
    const { log, sink } = this.#context;
    const path = ribPath(collector);
    const outcome = await this.#files.readRib(
      () => {
        begin();
        this.#nextFile = null;
        this.#skipBefore = -Infinity;
      },
      (batch) => sink.rib(collector, batch),
    );
    if (outcome.kind === 'absent') return { kind: 'failed', reason: `${path}: not found` };
    if (outcome.kind === 'failed') return outcome;
    // Unchanged: the table began with the newest RIB that there is, so it goes on with its files, however old they are.
    if (outcome.kind === 'loaded') {
      const { elems, ribTime } = this.#files;
      this.#nextFile = fileOf(ribTime);
      sink.ribLoaded(collector, ribTime);
      log.info({ collector, elems, ribTime: iso(ribTime) }, 'intake: RIB loaded');
    }
    return { kind: 'read' };
  }

  /** One update file further. */
  async readUpdates(): Promise<FilesStep> {
    const { buffer, clock, counters, sink } = this.#context;
    const start = this.#nextFile!;
    const outcome = await this.#files.readUpdates(start, this.#skipBefore, Infinity, (batch) => sink.updates(batch));
    if (outcome.kind === 'loaded') {
      counters.updateFiles++;
      this.#nextFile = start + updatesFileMs;
      buffer.trim(this.#collector, this.#nextFile - overlapMs);
      return { kind: 'read' };
    }
    if (outcome.kind === 'failed') return outcome;
    if (isMissing(start, clock.now()))
      return { kind: 'failed', reason: `${updatesPath(this.#collector, start)}: missing` };
    return { kind: 'later', inMs: untilNextLook(start, clock.now()) };
  }

  /** From when on the stream goes on where the files end; null: they do not reach it yet. */
  meeting(): UnixMillis | null {
    const { buffer, hearing } = this.#context;
    const since = this.#nextFile! - overlapMs;
    return since >= Math.max(buffer.lostTo(this.#collector), hearing.wholeFrom(this.#collector)) ? since : null;
  }
}
