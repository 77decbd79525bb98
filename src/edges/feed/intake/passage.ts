import type { UnixMillis } from '../../../core/bgp/index.js';
import { CatchUp } from './catch-up.js';
import { CollectorFiles } from './collector-files.js';
import { isTooOld, iso, newestRib } from '../archive/file-times.js';
import type { Unheard } from './hearing.js';
import { Hole } from './hole.js';
import type { CollectorStage, LoadProgress, LostBecause } from './intake-sink.js';
import { Nap } from './nap.js';
import type { PassageContext } from './passage-context.js';
import { wordsFor, type Stage } from './passage-stage.js';

/** Between two tries of a collector that was given up. */
export const againFirstMs = 60_000;
const againMostMs = 15 * 60_000;

/**
 * One collector's way from its RIB, or from the position of a remembered table, over its update files to the stream,
 * and back to the files whenever something of its stream is missing:
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
  readonly #catchUp: CatchUp;
  readonly #nap: Nap;
  #stage: Stage = { kind: 'rib' };
  #since: UnixMillis;
  #why = '';
  #isToldLost = false;
  /** The table may hold something of this collector. */
  #hasRows: boolean;
  #failures = 0;

  /**
   * `position`: up to which event time the table has its elems; null: it starts with a RIB. isFresh: the table is
   * empty.
   */
  constructor(collector: string, context: PassageContext, position: UnixMillis | null, isFresh: boolean) {
    this.collector = collector;
    this.#context = context;
    this.#files = new CollectorFiles(collector, context);
    this.#catchUp = new CatchUp(collector, this.#files, context);
    this.#nap = new Nap(context.clock, context.signal);
    this.#since = context.clock.now();
    this.#hasRows = !isFresh;
    if (position === null || isTooOld(position, context.clock.now())) return;
    this.#stage = { kind: 'updates' };
    this.#catchUp.resumeFrom(position);
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

  /**
   * The event time up to which everything was given out: where a table with all that was could begin; null: with a RIB.
   */
  position(): UnixMillis | null {
    if (this.#stage.kind === 'through') return this.#stage.hole?.from ?? this.#context.hearing.position(this.collector);
    return this.#catchUp.position();
  }

  /** Takes the next steps, one after another, until the signal. */
  async follow(): Promise<void> {
    const { signal } = this.#context;
    signal.addEventListener('abort', () => this.#nap.wake(), { once: true });
    while (!signal.aborted) {
      const stage = this.#stage;
      if (stage.kind === 'rib') await this.#loadRib();
      else if (stage.kind === 'updates') await this.#advance();
      else if (stage.kind === 'through' && stage.hole !== null) await this.#fill(stage.hole);
      else if (stage.kind === 'given-up' && stage.againAt !== null) await this.#awaitRetry(stage.againAt);
      else await this.#nap.take(null);
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
          this.#enter(
            { kind: 'through', hole: new Hole(collector, from, this.#files, this.#context) },
            `a hole of ${Math.ceil((to - from) / 1000)} s is being filled`,
          );
          sink.holed(collector, from, to);
        } else {
          this.#lose('gap', from);
          buffer.hold(collector);
          this.#enter({ kind: 'updates' }, wordsFor.gap);
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
    this.#enter({ kind: 'lost' }, wordsFor[why]);
  }

  /** Its first row has come: now it is known how far the files must reach, and they may do so already. */
  begun(): void {
    if (this.#stage.kind === 'updates') this.#nap.wake();
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
    this.#nap.wake();
  }

  get #isHeard(): boolean {
    return this.#context.hearing.stateOf(this.collector) === 'heard';
  }

  async #loadRib(): Promise<void> {
    const { collector } = this;
    const { sink } = this.#context;
    if (this.#hasRows) this.#lose('files', this.position() ?? this.#context.clock.now());
    const step = await this.#catchUp.readRib(() => {
      if (this.#hasRows) sink.reset(collector);
      this.#hasRows = true;
    });
    if (step.kind === 'failed') this.#giveUp(step.reason);
    else if (this.#isHeard) this.#enter({ kind: 'updates' }, this.#why);
    else this.#awaitVoice();
  }

  /** A RIB without a voice is worth nothing yet. */
  #awaitVoice(): void {
    const why = this.#context.hearing.stateOf(this.collector) as Unheard;
    this.#lose(why, this.position()!);
    this.#report('lost');
    this.#enter({ kind: 'lost' }, wordsFor[why]);
  }

  /** One file further, or over to the stream, or a wait. */
  async #advance(): Promise<void> {
    const since = this.#catchUp.meeting();
    if (since !== null) {
      this.#join(since);
      return;
    }
    const step = await this.#catchUp.readUpdates();
    if (step.kind === 'read') this.#report('updates');
    else if (this.#stage.kind !== 'updates') {
      // It is not heard any more: its files can wait.
    } else if (step.kind === 'failed') this.#giveUp(step.reason);
    else {
      this.#report('waiting');
      // The first row may have come while the file was asked for.
      if (this.#catchUp.meeting() === null) await this.#nap.take(step.inMs);
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
    const { clock, hearing, log, sink } = this.#context;
    if (hole.isFilled) {
      sink.filled(this.collector);
      log.info(
        { collector: this.collector, from: iso(hole.from), to: iso(hearing.wholeFrom(this.collector)) },
        'intake: hole filled',
      );
      this.#enter({ kind: 'through', hole: null }, '');
      return;
    }
    if (isTooOld(hole.from, clock.now())) {
      this.#toRib('files');
      return;
    }
    const isOpen = (): boolean => this.#stage.kind === 'through' && this.#stage.hole === hole;
    const step = await hole.fill(isOpen);
    if (step.kind === 'later' && isOpen()) await this.#nap.take(step.inMs);
  }

  async #awaitRetry(againAt: UnixMillis): Promise<void> {
    const now = this.#context.clock.now();
    if (now < againAt) {
      await this.#nap.take(againAt - now);
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
    const next = this.#catchUp.nextFile;
    const isFutile = this.#stage.kind === 'given-up' && next !== null && newestRib(clock.now()) > next;
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
    const againInMs = this.#context.isReady()
      ? Math.min(againMostMs, againFirstMs * 2 ** Math.min(this.#failures, 10))
      : null;
    this.#failures++;
    log.warn(
      { collector: this.collector, reason, ...(againInMs === null ? {} : { againInMs }) },
      'intake: collector given up',
    );
    this.#report('given-up');
    this.#enter(
      { kind: 'given-up', reason, againAt: againInMs === null ? null : this.#context.clock.now() + againInMs },
      reason,
    );
  }

  /** Told once, until it has joined. */
  #lose(why: LostBecause, from: UnixMillis): void {
    const wasThrough = this.#stage.kind === 'through';
    if (wasThrough) this.#catchUp.resumeFrom(from);
    if (this.#isToldLost) return;
    this.#isToldLost = true;
    if (wasThrough)
      this.#context.log.warn(
        { collector: this.collector, from: iso(from) },
        `intake: collector lost: ${wordsFor[why]}`,
      );
    this.#context.sink.lost(this.collector, from, why);
  }

  #enter(stage: Stage, why: string): void {
    if (stage.kind !== this.#stage.kind || stage.kind === 'through') this.#since = this.#context.clock.now();
    this.#stage = stage;
    this.#why = why;
    this.#nap.wake();
    this.#context.changed();
  }

  #report(phase: LoadProgress['phase']): void {
    this.#files.report(phase, this.#catchUp.nextFile ?? this.#context.clock.now());
  }
}
