import type { UnixMillis } from '../bgp/index.js';
import { ribPath, updatesFileMs, updatesPath } from './archive.js';
import { CollectorFiles } from './collector-files.js';
import type { Unheard } from './hearing.js';
import type { CollectorStage, LoadProgress, LostBecause } from './intake-sink.js';
import type { PassageContext } from './passage-context.js';

/** Between two looks for a file that is not published yet, and for one that is missed already. */
const pollMs = 20_000;
const pollMissingMs = 5 * 60_000;
/** A file not there so long after its end is taken for missing: RIS publishes a few minutes late. */
const missingAfterMs = 30 * 60_000;
/** How far files and stream overlap where they meet. */
const overlapMs = 1_000;
/** Before the last message that was heard there may be others, so much older, that were not. */
const reorderMs = 2_000;
/** RIS dumps a RIB every 8 hours (00, 08, 16 UTC) and needs a while for it. */
const ribEveryMs = 8 * 3_600_000;
const ribReadyMs = 3_600_000;
/** Between two tries of a collector that was given up. */
export const againFirstMs = 60_000;
const againMostMs = 15 * 60_000;

/** What was missed before then is in the newest RIB, or soon will be: reading hundreds of update files would not be sooner. */
export const isTooOld = (from: UnixMillis, now: UnixMillis): boolean => now - from > ribEveryMs;

const fileOf = (at: UnixMillis): UnixMillis => Math.floor(at / updatesFileMs) * updatesFileMs;

const words: Readonly<Record<LostBecause, string>> = {
  gap: 'the connection to RIS Live was lost for too long',
  silent: 'it was silent while others talked',
  lagging: 'its messages come too late',
  files: 'its update files could not be had',
};

/** A short hole in the stream of a collector that is through. When there is another, a new one takes its place. */
interface Hole {
  readonly from: UnixMillis;
  /** Start of the update file to be read next. */
  nextFile: UnixMillis;
}

type Stage =
  | { readonly kind: 'rib' }
  /** Its files, from `nextFile` on, while what is heard of it is kept. */
  | { readonly kind: 'updates' }
  | { readonly kind: 'through'; readonly hole: Hole | null }
  /** Waits to be heard again, in time. */
  | { readonly kind: 'lost' }
  /** againAt null: whoever starts us says when. */
  | { readonly kind: 'given-up'; readonly reason: string; readonly againAt: UnixMillis | null };

/**
 * One collector's way from its RIB, or from the position of a remembered table, over its update files to the stream, and back to the
 * files whenever something of its stream is missing:
 *
 *     rib -> updates -> through <-> through with a hole (its rows pass while its files fill the hole)
 *              ^ ^         |
 *              | lost  <---'  not heard; a long gap of the connection leads to updates at once
 *            given-up: a file cannot be had; tried again, from the next RIB if that is newer
 */
export class Passage {
  readonly collector: string;
  readonly #context: PassageContext;
  readonly #files: CollectorFiles;
  #stage: Stage = { kind: 'rib' };
  #since: UnixMillis;
  #why = 'it is being loaded';
  /** Start of the update file to be read next; null before there is a RIB. */
  #nextFile: UnixMillis | null = null;
  /** Rows stamped before this were applied. */
  #skipBefore = -Infinity;
  #isToldLost = false;
  /** The table may hold something of this collector. */
  #hasRows: boolean;
  #failures = 0;
  #wake: () => void = () => undefined;

  /** `position`: up to which event time the table has its elems; null: it starts with a RIB. isFresh: the table is empty. */
  constructor(collector: string, context: PassageContext, position: UnixMillis | null, isFresh: boolean) {
    this.collector = collector;
    this.#context = context;
    this.#files = new CollectorFiles(collector, context);
    this.#since = context.clock.now();
    this.#hasRows = !isFresh;
    if (position === null || isTooOld(position, context.clock.now())) return;
    this.#stage = { kind: 'updates' };
    this.#resumeFrom(position);
  }

  get isThrough(): boolean {
    return this.#stage.kind === 'through';
  }

  /** Nothing is to be waited for: it is through, or will not be soon. */
  get isSettled(): boolean {
    return this.#stage.kind !== 'rib' && this.#stage.kind !== 'updates';
  }

  /** Why it was given up, while it is. */
  get givenUp(): string | null {
    return this.#stage.kind === 'given-up' ? this.#stage.reason : null;
  }

  /** Given up, and nobody has said when to try again. */
  get awaitsRetry(): boolean {
    return this.#stage.kind === 'given-up' && this.#stage.againAt === null;
  }

  stage(): CollectorStage {
    const { collector } = this;
    const stage = this.#stage;
    const kind = stage.kind === 'through' && stage.hole !== null ? 'filling' : stage.kind;
    return { collector, stage: kind, since: this.#since, why: this.#why };
  }

  /** The event time up to which everything was given out: where a table with all that was could begin; null: with a RIB. */
  position(): UnixMillis | null {
    if (this.#stage.kind === 'through') return this.#stage.hole?.from ?? this.#context.hearing.position(this.collector);
    return this.#nextFile === null ? null : Math.max(this.#nextFile, this.#skipBefore);
  }

  /** Takes the next steps, one after another, until the signal. */
  async follow(): Promise<void> {
    const { signal } = this.#context;
    signal.addEventListener('abort', () => this.#wake(), { once: true });
    while (!signal.aborted) {
      const stage = this.#stage;
      if (stage.kind === 'rib') await this.#loadRib();
      else if (stage.kind === 'updates') await this.#advance();
      else if (stage.kind === 'through' && stage.hole !== null) await this.#fill(stage.hole);
      else if (stage.kind === 'given-up' && stage.againAt !== null) await this.#awaitRetry(stage.againAt);
      else await this.#nap(null);
    }
  }

  /** The connection was lost and is back. `to`: the event time from which it is whole. */
  broken(isShort: boolean, to: UnixMillis): void {
    const { sink, buffer } = this.#context;
    const { collector } = this;
    switch (this.#stage.kind) {
      case 'through': {
        const from = this.position()!;
        if (isShort) {
          this.#enter({ kind: 'through', hole: { from, nextFile: fileOf(from - reorderMs) } }, `a hole of ${Math.ceil((to - from) / 1000)} s is being filled`);
          sink.holed(collector, from, to);
        } else {
          this.#lose('gap', from);
          buffer.hold(collector);
          this.#enter({ kind: 'updates' }, words.gap);
        }
        break;
      }
      case 'rib':
      case 'updates':
        if (this.#isHeard) buffer.hold(collector);
        break;
      case 'lost':
      case 'given-up':
        break;
    }
  }

  /** The collector is not heard any more, or too late. */
  unheard(why: Unheard): void {
    const { kind } = this.#stage;
    if (kind !== 'given-up') this.#context.buffer.drop(this.collector);
    if (kind !== 'through' && kind !== 'updates') return;
    this.#lose(why, this.position()!);
    this.#report('lost');
    this.#enter({ kind: 'lost' }, words[why]);
  }

  /** Its first row has come: now it is known how far the files must reach, and they may do so already. */
  begun(): void {
    if (this.#stage.kind === 'updates') this.#wake();
  }

  /** The collector is heard again, in time. */
  heard(): void {
    const { kind } = this.#stage;
    if (kind === 'rib') this.#hold();
    if (kind === 'lost') this.#resume();
  }

  /** Given up: to be tried again. */
  retryIn(ms: number): void {
    if (this.#stage.kind !== 'given-up') return;
    this.#stage = { ...this.#stage, againAt: this.#context.clock.now() + ms };
    this.#wake();
  }

  get #isHeard(): boolean {
    return this.#context.hearing.stateOf(this.collector) === 'heard';
  }

  async #loadRib(): Promise<void> {
    const { collector } = this;
    const { log, sink } = this.#context;
    if (this.#hasRows) this.#lose('files', this.position() ?? this.#context.clock.now());
    const begin = (): void => {
      if (this.#hasRows) sink.reset(collector);
      this.#hasRows = true;
      this.#nextFile = null;
      this.#skipBefore = -Infinity;
    };
    const path = ribPath(collector);
    const outcome = await this.#files.readRib(begin, (batch) => sink.rib(collector, batch));
    if (outcome.kind === 'absent' || outcome.kind === 'failed') {
      this.#giveUp(outcome.kind === 'absent' ? `${path}: not found` : outcome.reason);
      return;
    }
    // Unchanged: the table began with the newest RIB that there is, so it goes on with its files, however old they are.
    if (outcome.kind === 'loaded') {
      const { elems, ribTime } = this.#files;
      this.#nextFile = fileOf(ribTime);
      sink.ribLoaded(collector, ribTime);
      log.info({ collector, elems, ribTime: iso(ribTime) }, 'intake: RIB loaded');
    }
    if (this.#isHeard) this.#enter({ kind: 'updates' }, this.#why);
    else this.#awaitVoice();
  }

  /** A RIB without a voice is worth nothing yet. */
  #awaitVoice(): void {
    const why = this.#context.hearing.stateOf(this.collector) as Unheard;
    this.#lose(why, this.position()!);
    this.#report('lost');
    this.#enter({ kind: 'lost' }, words[why]);
  }

  /** One file further, or over to the stream, or a wait. */
  async #advance(): Promise<void> {
    const { collector } = this;
    const { buffer, clock, hearing, sink } = this.#context;
    const start = this.#nextFile!;
    const hasMet = (): boolean => start - overlapMs >= Math.max(buffer.lostTo(collector), hearing.wholeFrom(collector));
    if (hasMet()) {
      this.#join(start - overlapMs);
      return;
    }
    const outcome = await this.#files.readUpdates(start, this.#skipBefore, Infinity, (batch) => sink.updates(batch));
    if (outcome.kind === 'loaded') {
      this.#context.counters.updateFiles++;
      this.#nextFile = start + updatesFileMs;
      buffer.trim(collector, this.#nextFile - overlapMs);
      this.#report('updates');
    } else if (this.#stage.kind !== 'updates') {
      // It is not heard any more: its files can wait.
    } else if (outcome.kind === 'failed') {
      this.#giveUp(outcome.reason);
    } else if (this.#isMissing(start)) {
      this.#giveUp(`${updatesPath(collector, start)}: missing`);
    } else {
      this.#report('waiting');
      // The first row may have come while the file was asked for.
      if (!hasMet()) await this.#nap(Math.max(pollMs, start + updatesFileMs - clock.now()));
    }
  }

  #join(since: UnixMillis): void {
    const { collector } = this;
    const { buffer, sink } = this.#context;
    buffer.join(collector, since, (batch) => sink.updates(batch));
    this.#failures = 0;
    this.#isToldLost = false;
    sink.joined(collector);
    this.#report('loaded');
    this.#enter({ kind: 'through', hole: null }, '');
  }

  /** One file further in filling a hole, or done, or a wait. */
  async #fill(hole: Hole): Promise<void> {
    const { collector } = this;
    const { clock, counters, hearing, log, sink } = this.#context;
    const wholeFrom = hearing.wholeFrom(collector);
    if (hole.nextFile - overlapMs >= wholeFrom) {
      sink.filled(collector);
      log.info({ collector, from: iso(hole.from), to: iso(wholeFrom) }, 'intake: hole filled');
      this.#enter({ kind: 'through', hole: null }, '');
      return;
    }
    if (isTooOld(hole.from, clock.now())) {
      this.#toRib('files');
      return;
    }
    const isOpen = (): boolean => this.#stage.kind === 'through' && this.#stage.hole === hole;
    const outcome = await this.#files.readUpdates(hole.nextFile, hole.from - reorderMs, wholeFrom + overlapMs, (batch) => {
      if (!isOpen()) return;
      counters.fillRows += batch.length;
      sink.fill(batch);
    });
    if (!isOpen()) return;
    if (outcome.kind === 'loaded') {
      counters.updateFiles++;
      counters.fillFiles++;
      hole.nextFile += updatesFileMs;
      return;
    }
    const isLate = outcome.kind === 'failed' || this.#isMissing(hole.nextFile);
    if (isLate) log.warn({ collector, reason: outcome.kind === 'failed' ? outcome.reason : `${updatesPath(collector, hole.nextFile)}: missing` }, 'intake: hole not filled yet, trying again');
    await this.#nap(isLate ? pollMissingMs : Math.max(pollMs, hole.nextFile + updatesFileMs - clock.now()));
  }

  async #awaitRetry(againAt: UnixMillis): Promise<void> {
    const now = this.#context.clock.now();
    if (now < againAt) {
      await this.#nap(againAt - now);
      return;
    }
    this.#resume();
  }

  /** Its rows are kept from here on: what came before, late or in time, is not among them. */
  #hold(): void {
    const { buffer, hearing } = this.#context;
    hearing.begin(this.collector);
    buffer.hold(this.collector);
  }

  /** On with the files where they ended, or from a newer RIB. */
  #resume(): void {
    const { clock } = this.#context;
    const next = this.#nextFile;
    const newestRib = Math.floor((clock.now() - ribReadyMs) / ribEveryMs) * ribEveryMs;
    const isFutile = this.#stage.kind === 'given-up' && next !== null && newestRib > next;
    if (next === null || isFutile || isTooOld(next, clock.now())) {
      this.#toRib('files');
      return;
    }
    if (!this.#isHeard) {
      this.#awaitVoice();
      return;
    }
    this.#hold();
    this.#enter({ kind: 'updates' }, this.#why);
  }

  #toRib(why: LostBecause): void {
    const { buffer } = this.#context;
    if (this.#hasRows) this.#lose(why, this.position() ?? this.#context.clock.now());
    if (this.#isHeard) this.#hold();
    else buffer.drop(this.collector);
    this.#enter({ kind: 'rib' }, this.#why);
  }

  #giveUp(reason: string): void {
    const { buffer, log } = this.#context;
    this.#lose('files', this.position() ?? this.#context.clock.now());
    buffer.drop(this.collector);
    const againInMs = this.#context.isReady() ? Math.min(againMostMs, againFirstMs * 2 ** Math.min(this.#failures, 10)) : null;
    this.#failures++;
    log.warn({ collector: this.collector, reason, ...(againInMs === null ? {} : { againInMs }) }, 'intake: collector given up');
    this.#report('given-up');
    this.#enter({ kind: 'given-up', reason, againAt: againInMs === null ? null : this.#context.clock.now() + againInMs }, reason);
  }

  /** Told once, until it has joined. */
  #lose(why: LostBecause, from: UnixMillis): void {
    const wasThrough = this.#stage.kind === 'through';
    if (wasThrough) this.#resumeFrom(from);
    if (this.#isToldLost) return;
    this.#isToldLost = true;
    if (wasThrough) this.#context.log.warn({ collector: this.collector, from: iso(from) }, `intake: collector lost: ${words[why]}`);
    this.#context.sink.lost(this.collector, from, why);
  }

  #resumeFrom(position: UnixMillis): void {
    this.#skipBefore = position - reorderMs;
    this.#nextFile = fileOf(this.#skipBefore);
  }

  #isMissing(start: UnixMillis): boolean {
    return this.#context.clock.now() > start + updatesFileMs + missingAfterMs;
  }

  #enter(stage: Stage, why: string): void {
    if (stage.kind !== this.#stage.kind || (stage.kind === 'through')) this.#since = this.#context.clock.now();
    this.#stage = stage;
    this.#why = why;
    this.#wake();
    this.#context.changed();
  }

  #report(phase: LoadProgress['phase']): void {
    this.#files.report(phase, this.#nextFile ?? this.#context.clock.now());
  }

  /** Until woken; or for so long. */
  #nap(ms: number | null): Promise<void> {
    return new Promise((resolve) => {
      let cancel: () => void = () => undefined;
      this.#wake = () => {
        cancel();
        this.#wake = () => undefined;
        resolve();
      };
      if (ms !== null) cancel = this.#context.clock.after(ms, () => this.#wake());
      if (this.#context.signal.aborted) this.#wake();
    });
  }
}

const iso = (at: UnixMillis): string => (Number.isFinite(at) ? new Date(at).toISOString() : String(at));
