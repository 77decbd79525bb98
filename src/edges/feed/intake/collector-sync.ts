import type { UnixMillis } from '../../../core/bgp/index.js';
import type { CoreEvent } from '../../../core/events.js';
import { backOff, Bell } from '../../waiting/index.js';
import { ribPath, type FileVersion } from '../archive/archive.js';
import { isTooOld, iso, newestRib, overlapMs, reorderMs } from '../archive/file-times.js';
import type { FeedLog } from '../feed-log.js';
import type { CollectorLiveness, Unheard } from './collector-liveness.js';
import type { CollectorStage, LoadProgress } from './intake-report.js';
import type { SpliceBuffer } from './splice-buffer.js';
import { UpdateCursor, type CursorContext } from './update-cursor.js';

/** Between two attempts at a collector that was given up. */
export const againFirstMs = 60_000;
const againAfterMs = backOff({ firstMs: againFirstMs, mostMs: 15 * 60_000, random: () => 1 });
/** Between two looks for a file that is needed to fill a short gap and is missing already. */
const pollMissingMs = 5 * 60_000;

/** What the collectors of an intake share. */
export interface SyncContext extends CursorContext {
  readonly handle: (event: CoreEvent) => void;
  readonly buffer: SpliceBuffer;
  readonly liveness: CollectorLiveness;
  readonly log: FeedLog;
  readonly signal: AbortSignal;
  onProgress(progress: Omit<LoadProgress, 'collectors'>): void;
  /** Whether the start is over: from then on a collector that is given up sets the time of its next attempt itself. */
  isReady(): boolean;
  onStageChange(): void;
}

/** Why rows of a collector are missing, in words for the operator. */
export const lostReasons = {
  gap: 'the connection to RIS Live was lost for too long',
  silent: 'it was silent while others talked',
  lagging: 'its messages come too late',
  files: 'its update files could not be had',
} as const;

interface ShortGap {
  readonly from: UnixMillis;
  readonly cursor: UpdateCursor;
  /** Aborted when another gap takes its place, or the collector is lost. */
  readonly closed: AbortController;
}

type Stage =
  | { readonly kind: 'rib' }
  | { readonly kind: 'updates' }
  /** A new short gap takes the place of an open one, and begins where that is filled to. */
  | { readonly kind: 'through'; readonly gap: ShortGap | null }
  | { readonly kind: 'lost' }
  /** againAt null: retryIn() will say when. */
  | { readonly kind: 'given-up'; readonly reason: string; readonly againAt: UnixMillis | null };

/**
 * Brings one collector from its RIB, or from the position of a kept table, through its update files to the stream, and
 * back to the files if something of its stream is missing:
 *
 *     rib -> updates -> through <-> through with a short gap (rows of the stream pass while files fill the gap)
 *              ^ ^         |
 *              | lost  <---'  not heard; a long gap of the connection leads to updates at once
 *            given-up: a file cannot be had; tried again, from the next RIB if that is newer
 *
 * follow() is the only task: it takes one step after another. The other methods tell it what happened meanwhile.
 */
export class CollectorSync {
  readonly collector: string;
  readonly #context: SyncContext;
  readonly #bell: Bell;
  #stage: Stage = { kind: 'rib' };
  #since: UnixMillis;
  #why = '';
  #isToldLost = false;
  /** The table may hold rows of this collector. */
  #hasRows: boolean;
  /** The RIB that the table began with; null: none was read to its end, or the server names no version. */
  #ribVersion: FileVersion | null = null;
  /** Over the update files; null: a RIB has to be read first. */
  #cursor: UpdateCursor | null = null;
  /** Rows of update files before this were applied earlier. */
  #from: UnixMillis = -Infinity;
  /** The first update file that was read for this table, for the progress. */
  #firstFile: UnixMillis | null = null;
  #elems = 0;
  #failures = 0;

  /**
   * `position`: up to which event time the table has the collector's rows; null: it starts with a RIB. isFresh: the
   * table is empty.
   */
  constructor(collector: string, context: SyncContext, position: UnixMillis | null, isFresh: boolean) {
    this.collector = collector;
    this.#context = context;
    this.#bell = new Bell(context.clock);
    this.#since = context.clock.now();
    this.#hasRows = !isFresh;
    if (position === null || isTooOld(position, context.clock.now())) return;
    this.#stage = { kind: 'updates' };
    this.#readFrom(position);
  }

  get isThrough(): boolean {
    return this.#stage.kind === 'through';
  }

  /** There is nothing to wait for: the collector is through, or will not be soon. */
  get isSettled(): boolean {
    return this.#stage.kind !== 'rib' && this.#stage.kind !== 'updates';
  }

  /** Why the collector was given up; null unless it is given up. */
  get givenUp(): string | null {
    return this.#stage.kind === 'given-up' ? this.#stage.reason : null;
  }

  /** The collector is given up, and waits for retryIn(). */
  get awaitsRetry(): boolean {
    return this.#stage.kind === 'given-up' && this.#stage.againAt === null;
  }

  stage(): CollectorStage {
    const { collector } = this;
    const stage = this.#stage;
    const kind = stage.kind === 'through' && stage.gap !== null ? 'filling' : stage.kind;
    return { collector, stage: kind, since: this.#since, why: this.#why };
  }

  /** The event time up to which all rows were given: a kept table goes on from there. Null: it begins with a RIB. */
  position(): UnixMillis | null {
    if (this.#stage.kind !== 'through')
      return this.#cursor === null ? null : Math.max(this.#cursor.nextFile, this.#from);
    const { gap } = this.#stage;
    return gap === null ? this.#context.liveness.position(this.collector) : filledTo(gap);
  }

  /** Takes one step after another, until the signal. */
  async follow(): Promise<void> {
    while (!this.#context.signal.aborted) {
      const stage = this.#stage;
      if (stage.kind === 'rib') await this.#loadRib();
      else if (stage.kind === 'updates') await this.#catchUp(this.#cursor!);
      else if (stage.kind === 'through' && stage.gap !== null) await this.#fill(stage.gap);
      else if (stage.kind === 'given-up' && stage.againAt !== null) await this.#waitForRetry(stage.againAt);
      else await this.#wait(Infinity);
    }
  }

  /** The connection was lost and is back. `to`: the event time from which no row is missing. */
  onGap(isShort: boolean, to: UnixMillis): void {
    const { buffer } = this.#context;
    if (!this.isThrough) {
      if (!this.isSettled && this.#isHeard) buffer.hold(this.collector);
      return;
    }
    const from = this.position()!;
    if (isShort) {
      this.#openGap(from, to);
      return;
    }
    this.#lose('gap', from);
    buffer.hold(this.collector);
    this.#enter({ kind: 'updates' }, lostReasons.gap);
  }

  /** The collector is not heard any more, or too late. */
  onUnheard(why: Unheard): void {
    const { kind } = this.#stage;
    if (kind !== 'given-up') this.#context.buffer.drop(this.collector);
    if (kind === 'through' || kind === 'updates') this.#waitUntilHeard(why);
  }

  /** The first row since `liveness.begin` has come: now it is known how far the files must reach. They may already. */
  onFirstRow(): void {
    if (this.#stage.kind === 'updates') this.#bell.ring();
  }

  /** The collector is heard again, in time. */
  onHeard(): void {
    const { kind } = this.#stage;
    if (kind === 'rib') this.#keepRows();
    if (kind === 'lost') this.#resume();
  }

  /** When to try again, if the collector is given up. */
  retryIn(ms: number): void {
    if (this.#stage.kind !== 'given-up') return;
    this.#stage = { ...this.#stage, againAt: this.#context.clock.now() + ms };
    this.#bell.ring();
  }

  get #isHeard(): boolean {
    return this.#context.liveness.stateOf(this.collector) === 'heard';
  }

  async #loadRib(): Promise<void> {
    const { clock, liveness } = this.#context;
    if (this.#hasRows) this.#lose('files', this.position() ?? clock.now());
    const failure = await this.#readRib();
    const state = liveness.stateOf(this.collector);
    if (failure !== null) this.#giveUp(failure);
    else if (state === 'heard') this.#enter({ kind: 'updates' }, this.#why);
    else this.#waitUntilHeard(state);
  }

  /** Reads the newest RIB into the table, unless the table began with it. Returns why that failed, or null. */
  async #readRib(): Promise<string | null> {
    const { collector } = this;
    const { handle, log } = this.#context;
    const path = ribPath(collector);
    /** `time`: the oldest of the attempts that gave rows. */
    const rib = { hasRoutes: false, time: Infinity };
    const outcome = await this.#context.read({
      path,
      collector,
      wanted: 'rib',
      unless: this.#ribVersion,
      onBatch: (batch, at) => {
        if (!rib.hasRoutes) this.#beginTable();
        rib.hasRoutes = true;
        rib.time = Math.min(rib.time, at ?? Infinity);
        this.#elems += batch.length;
        handle({ kind: 'rib-rows', batch });
      },
      onBytes: (done, total) => this.#tellProgress('rib', done, total),
    });
    if (outcome.kind === 'absent') return `${path}: not found`;
    if (outcome.kind === 'failed') return outcome.reason;
    // Unchanged: the table goes on with its update files, however old they are, because no newer RIB is there.
    if (outcome.kind === 'unchanged') return null;
    if (!rib.hasRoutes) return `${path}: holds no route`;
    this.#ribVersion = outcome.version;
    this.#cursor = new UpdateCursor(collector, rib.time, this.#context, this.#context.signal);
    log.info({ collector, elems: this.#elems, ribTime: iso(rib.time) }, 'intake: RIB loaded');
    return null;
  }

  #beginTable(): void {
    if (this.#hasRows) this.#context.handle({ kind: 'collector-reset', collector: this.collector });
    this.#hasRows = true;
    this.#ribVersion = null;
    this.#cursor = null;
    this.#from = -Infinity;
    this.#firstFile = null;
    this.#elems = 0;
  }

  /** Reads one update file, or joins the stream, or waits. */
  async #catchUp(cursor: UpdateCursor): Promise<void> {
    const { buffer, handle } = this.#context;
    if (this.#join(cursor)) return;
    this.#firstFile ??= cursor.nextFile;
    const step = await cursor.step({
      from: this.#from,
      to: Infinity,
      give: (batch) => {
        this.#elems += batch.length;
        handle({ kind: 'rows', batch });
      },
      onBytes: (done, total) => this.#tellProgress('updates', done, total),
    });
    if (step.kind === 'read') {
      buffer.trim(this.collector, cursor.nextFile - overlapMs);
      this.#tellProgress('updates');
    } else if (this.#stage.kind !== 'updates') {
      // The collector is not heard any more: its files can wait.
    } else if (step.kind === 'failed') this.#giveUp(step.reason);
    else {
      this.#tellProgress('waiting');
      // The first row may have come while the file was asked for.
      if (this.#meetingOf(cursor) === null) await this.#wait(step.inMs);
    }
  }

  /** Joins files and stream, if the files reach the rows that were kept. */
  #join(cursor: UpdateCursor): boolean {
    const { collector } = this;
    const { buffer, handle } = this.#context;
    const since = this.#meetingOf(cursor);
    if (since === null) return false;
    buffer.join(collector, since, (batch) => handle({ kind: 'rows', batch }));
    this.#failures = 0;
    this.#isToldLost = false;
    handle({ kind: 'collector-back', collector });
    this.#tellProgress('loaded');
    this.#enter({ kind: 'through', gap: null }, '');
    return true;
  }

  /** From when on the stream follows the files; null: the files do not reach the kept rows yet. */
  #meetingOf(cursor: UpdateCursor): UnixMillis | null {
    const since = cursor.nextFile - overlapMs;
    return since >= this.#keptFrom() ? since : null;
  }

  /** No row of the stream is missing from then on; Infinity: no row has come. */
  #keptFrom(): UnixMillis {
    const { buffer, liveness } = this.#context;
    return Math.max(buffer.lostTo(this.collector), liveness.wholeFrom(this.collector));
  }

  #openGap(from: UnixMillis, to: UnixMillis): void {
    const closed = new AbortController();
    const cursor = new UpdateCursor(this.collector, from - reorderMs, this.#context, closed.signal);
    this.#enter(
      { kind: 'through', gap: { from, cursor, closed } },
      `a hole of ${Math.ceil((to - from) / 1000)} s is being filled`,
    );
    this.#context.handle({ kind: 'gap-opened', collector: this.collector, to });
  }

  /** Reads one update file for a short gap, or ends it, or waits. */
  async #fill(gap: ShortGap): Promise<void> {
    const { collector } = this;
    const { clock, counters, handle, liveness, log } = this.#context;
    const wholeFrom = liveness.wholeFrom(collector);
    const { cursor } = gap;
    if (cursor.nextFile - overlapMs >= wholeFrom) {
      handle({ kind: 'gap-filled', collector });
      log.info({ collector, from: iso(filledTo(gap)), to: iso(wholeFrom) }, 'intake: short gap filled');
      this.#enter({ kind: 'through', gap: null }, '');
      return;
    }
    if (isTooOld(filledTo(gap), clock.now())) {
      this.#toRib();
      return;
    }
    const step = await cursor.step({
      from: gap.from - reorderMs,
      to: wholeFrom + overlapMs,
      give: (batch) => {
        counters.fillRows += batch.length;
        handle({ kind: 'gap-rows', batch });
      },
      onBytes: () => undefined,
    });
    if (step.kind === 'read') counters.fillFiles++;
    else if (gap.closed.signal.aborted) return;
    else if (step.kind === 'later') await this.#wait(step.inMs);
    else {
      log.warn({ collector, reason: step.reason }, 'intake: short gap not filled yet, trying again');
      await this.#wait(pollMissingMs);
    }
  }

  async #waitForRetry(againAt: UnixMillis): Promise<void> {
    const now = this.#context.clock.now();
    if (now < againAt) await this.#wait(againAt - now);
    else this.#resume();
  }

  /** Until something happens, or `ms` have passed. The step that waits has taken into account what happened before. */
  #wait(ms: number): Promise<void> {
    this.#bell.silence();
    return this.#bell.wait(ms, this.#context.signal);
  }

  /** Keeps the collector's rows from the next one on. */
  #keepRows(): void {
    const { buffer, liveness } = this.#context;
    liveness.begin(this.collector);
    buffer.hold(this.collector);
  }

  /** Goes on with the files where they ended, or from a newer RIB. */
  #resume(): void {
    const now = this.#context.clock.now();
    const next = this.#cursor?.nextFile ?? null;
    const isFutile = this.#stage.kind === 'given-up' && next !== null && newestRib(now) > next;
    if (next === null || isFutile || isTooOld(next, now)) {
      this.#toRib();
      return;
    }
    const state = this.#context.liveness.stateOf(this.collector);
    if (state !== 'heard') {
      this.#waitUntilHeard(state);
      return;
    }
    this.#keepRows();
    this.#enter({ kind: 'updates' }, this.#why);
  }

  #toRib(): void {
    const { buffer, clock } = this.#context;
    if (this.#hasRows) this.#lose('files', this.position() ?? clock.now());
    if (this.#isHeard) this.#keepRows();
    else buffer.drop(this.collector);
    this.#enter({ kind: 'rib' }, this.#why);
  }

  /** Files alone are of no use while the stream that follows them is not heard. */
  #waitUntilHeard(why: Unheard): void {
    this.#lose(why, this.position()!);
    this.#tellProgress('lost');
    this.#enter({ kind: 'lost' }, lostReasons[why]);
  }

  #giveUp(reason: string): void {
    const { buffer, clock, log } = this.#context;
    const { collector } = this;
    this.#lose('files', this.position() ?? clock.now());
    buffer.drop(collector);
    this.#failures++;
    const againInMs = this.#context.isReady() ? againAfterMs(this.#failures) : null;
    log.warn({ collector, reason, ...(againInMs === null ? {} : { againInMs }) }, 'intake: collector given up');
    this.#tellProgress('given-up');
    this.#enter({ kind: 'given-up', reason, againAt: againInMs === null ? null : clock.now() + againInMs }, reason);
  }

  /** Tells the core once that rows are missing, until the collector has joined again. */
  #lose(why: keyof typeof lostReasons, from: UnixMillis): void {
    const { collector } = this;
    const { handle, log } = this.#context;
    const wasThrough = this.isThrough;
    if (wasThrough) this.#readFrom(from);
    if (this.#isToldLost) return;
    this.#isToldLost = true;
    if (wasThrough) log.warn({ collector, from: iso(from) }, `intake: collector lost: ${lostReasons[why]}`);
    handle({ kind: 'collector-lost', collector, from });
  }

  /** The table has the collector's rows up to `position`. */
  #readFrom(position: UnixMillis): void {
    this.#from = position - reorderMs;
    this.#cursor = new UpdateCursor(this.collector, this.#from, this.#context, this.#context.signal);
  }

  #enter(stage: Stage, why: string): void {
    const { clock } = this.#context;
    if (this.#stage.kind === 'through') this.#stage.gap?.closed.abort();
    if (stage.kind !== this.#stage.kind || stage.kind === 'through') this.#since = clock.now();
    this.#stage = stage;
    this.#why = why;
    this.#bell.ring();
    this.#context.onStageChange();
  }

  #tellProgress(phase: LoadProgress['phase'], bytesDone = 0, bytesTotal: number | null = null): void {
    const { collector } = this;
    const share =
      phase === 'rib'
        ? bytesDone / (bytesTotal ?? Infinity) / 2
        : phase === 'updates' || phase === 'waiting'
          ? 0.5 + this.#shareOfUpdates() / 2
          : 1;
    this.#context.onProgress({ collector, phase, bytesDone, bytesTotal, elems: this.#elems, share });
  }

  #shareOfUpdates(): number {
    const now = this.#context.clock.now();
    const next = this.#cursor?.nextFile ?? now;
    const first = this.#firstFile ?? next;
    const target = Math.min(this.#keptFrom(), now);
    return target > first ? Math.max(0, Math.min(1, (next - first) / (target - first))) : 0;
  }
}

const filledTo = ({ from, cursor }: ShortGap): UnixMillis => Math.max(from, cursor.nextFile);
