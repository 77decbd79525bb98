import type { UnixMillis } from '../../../core/bgp/index.js';
import { updatesFileMs, updatesPath } from '../archive/archive.js';
import type { CollectorFiles } from './collector-files.js';
import { fileOf, isMissing, overlapMs, reorderMs, untilNextLook } from '../archive/file-times.js';
import type { PassageContext } from './passage-context.js';

/** Between two looks for a file that is missing already. */
const pollMissingMs = 5 * 60_000;

export type FillStep =
  | { readonly kind: 'read' }
  /** Its file is not there yet, or cannot be read just now. */
  | { readonly kind: 'later'; readonly inMs: number };

/** A short hole in the stream of a collector that is through: its rows pass while its files fill the hole. */
export class Hole {
  readonly #from: UnixMillis;
  readonly #collector: string;
  readonly #context: PassageContext;
  readonly #files: CollectorFiles;
  /** Start of the update file to be read next. */
  #nextFile: UnixMillis;

  constructor(collector: string, from: UnixMillis, files: CollectorFiles, context: PassageContext) {
    this.#collector = collector;
    this.#from = from;
    this.#files = files;
    this.#context = context;
    this.#nextFile = fileOf(from - reorderMs);
  }

  /** Up to when it is filled. */
  get from(): UnixMillis {
    return Math.max(this.#from, this.#nextFile);
  }

  /** Its files reach the stream that followed it. */
  get isFilled(): boolean {
    return this.#nextFile - overlapMs >= this.#context.hearing.wholeFrom(this.#collector);
  }

  /** One file further. Nothing is given out once it is not open: another took its place, or the collector is lost. */
  async fill(isOpen: () => boolean): Promise<FillStep> {
    const { clock, counters, hearing, log, sink } = this.#context;
    const start = this.#nextFile;
    const outcome = await this.#files.readUpdates(
      start,
      this.#from - reorderMs,
      hearing.wholeFrom(this.#collector) + overlapMs,
      (batch) => {
        if (!isOpen()) return;
        counters.fillRows += batch.length;
        sink.fill(batch);
      },
    );
    if (outcome.kind === 'loaded') {
      counters.updateFiles++;
      counters.fillFiles++;
      this.#nextFile = start + updatesFileMs;
      return { kind: 'read' };
    }
    const trouble =
      outcome.kind === 'failed'
        ? outcome.reason
        : isMissing(start, clock.now())
          ? `${updatesPath(this.#collector, start)}: missing`
          : null;
    if (trouble === null) return { kind: 'later', inMs: untilNextLook(start, clock.now()) };
    if (isOpen())
      log.warn({ collector: this.#collector, reason: trouble }, 'intake: hole not filled yet, trying again');
    return { kind: 'later', inMs: pollMissingMs };
  }
}
