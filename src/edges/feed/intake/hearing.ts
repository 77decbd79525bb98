import type { ElemBatch, PeerIndex, UnixMillis } from '../../../core/bgp/index.js';
import { silentAfterMs } from '../live/last-heard.js';
import { ribEveryMs } from '../archive/file-times.js';

/**
 * Whose messages come later than this, in the median, is as good as silent; it is back when they come sooner than the
 * second.
 */
export const laggingAboveMs = 30_000;
const punctualBelowMs = 20_000;
/**
 * Between two messages on a living connection. What is longer was nobody's silence but ours: a sleep, a connection
 * lost.
 */
const longestPauseMs = 30_000;
/** A step of a collector's time that is longer is looked at twice. */
const longStepMs = 60_000;
/** One lag a second, the last half minute of them; fewer than these few are no median. */
const sampleEveryMs = 1_000;
const samples = 31;
const fewSamples = 5;

export type Unheard = 'silent' | 'lagging';

export interface HearingChange {
  readonly collector: string;
  readonly now: 'heard' | Unheard;
}

interface Ear {
  readonly collector: string;
  state: 'heard' | Unheard;
  /** On the clock of talk. */
  heardAtTalk: number;
  /** Wall clock of its first and last row since `begin`; null: none yet. */
  first: UnixMillis | null;
  last: UnixMillis | null;
  /** The newest time of a row, but for one that claims to be of the future. */
  at: UnixMillis;
  /** The last row's time: older than the newest where the clock was set right. */
  lastAt: UnixMillis;
  /** Wall clock less own time, of rows since `begin`, each in its turn over the oldest; how many there have been. */
  readonly lags: Float64Array;
  sampled: number;
  sampledAt: UnixMillis;
}

const nothing: readonly HearingChange[] = [];

/**
 * Who is heard on the stream, and how late. It is asked at each batch and at no other time, and silence is measured in
 * the time in which others talk: so no timer can be late, and our own sleep makes nobody silent.
 */
export class Hearing {
  readonly #peers: PeerIndex;
  readonly #ears: ReadonlyMap<string, Ear>;
  /** By collector number. */
  readonly #byNumber: (Ear | undefined)[] = [];
  /** The last row's time in the batch noted last, by collector number. */
  readonly #lastRowAt: UnixMillis[] = [];
  /** Numbers of the collectors that have rows in it. */
  spoke: number[] = [];
  /** Whose first row since `begin` came with the batch noted last. */
  begun: string[] = [];
  #talkMs = 0;
  #batchAt: UnixMillis | null = null;
  #judgedAt = -Infinity;

  constructor(peers: PeerIndex, collectors: readonly string[]) {
    this.#peers = peers;
    this.#ears = new Map(
      collectors.map((collector) => [
        collector,
        {
          collector,
          state: 'heard',
          heardAtTalk: 0,
          first: null,
          last: null,
          at: -Infinity,
          lastAt: -Infinity,
          lags: new Float64Array(samples),
          sampled: 0,
          sampledAt: -Infinity,
        },
      ]),
    );
    for (const [collector, ear] of this.#ears) this.#byNumber[peers.numberOf(collector)] = ear;
  }

  /** Takes note of a batch that arrived `now`; whose state it changed. */
  note(batch: ElemBatch, now: UnixMillis): readonly HearingChange[] {
    this.#talkMs += Math.max(0, Math.min(now - (this.#batchAt ?? now), longestPauseMs));
    this.#batchAt = now;
    if (this.begun.length > 0) this.begun = [];
    this.#findLastRows(batch);
    let changes: HearingChange[] | null = null;
    for (const collector of this.spoke) {
      const ear = this.#byNumber[collector];
      if (ear !== undefined && this.#hear(ear, this.#lastRowAt[collector], now))
        (changes ??= []).push({ collector: ear.collector, now: 'heard' });
    }
    if (now - this.#judgedAt < sampleEveryMs && now >= this.#judgedAt) return changes ?? nothing;
    this.#judgedAt = now;
    for (const ear of this.#ears.values()) {
      const state = this.#judge(ear);
      if (state === ear.state) continue;
      ear.state = state;
      // What was late was not kept.
      if (state === 'heard') this.#begin(ear);
      (changes ??= []).push({ collector: ear.collector, now: state });
    }
    return changes ?? nothing;
  }

  #findLastRows({ peer, at, length }: ElemBatch): void {
    const peers = this.#peers;
    const lastRowAt = this.#lastRowAt;
    for (const collector of this.spoke) lastRowAt[collector] = NaN;
    while (lastRowAt.length < peers.collectors.length) lastRowAt.push(NaN);
    for (let row = 0; row < length; row++) lastRowAt[peers.collectorOf(peer[row])] = at[row];
    this.spoke = [];
    for (let collector = 0; collector < lastRowAt.length; collector++)
      if (!Number.isNaN(lastRowAt[collector])) this.spoke.push(collector);
  }

  /** A new connection: everybody's time begins anew. */
  reconnected(): void {
    for (const ear of this.#ears.values()) this.#begin(ear);
  }

  /** The collector's rows are kept from the next one on. */
  begin(collector: string): void {
    this.#begin(this.#ears.get(collector)!);
  }

  stateOf(collector: string): 'heard' | Unheard {
    return this.#ears.get(collector)!.state;
  }

  /**
   * What the collector stamped from then on, by its own clock, is in what was heard since `begin`; Infinity: nothing
   * was heard. Lags differ from message to message: by no more than what would have been called lagging.
   */
  wholeFrom(collector: string): UnixMillis {
    const ear = this.#ears.get(collector)!;
    return ear.first === null ? Infinity : ear.first - medianLag(ear) + laggingAboveMs;
  }

  /**
   * How far the collector was heard, by its own clock, rather too early than too late: what is read twice costs only
   * the reading.
   */
  position(collector: string): UnixMillis {
    const ear = this.#ears.get(collector)!;
    const heardTo = Math.min(ear.at, ear.lastAt);
    return ear.last === null ? heardTo : Math.min(heardTo, ear.last - medianLag(ear));
  }

  /** Nothing that was heard of the collector is newer by its own clock, whatever a row claims. */
  notAfter(collector: string): UnixMillis {
    return newestOf(this.#ears.get(collector)!);
  }

  /** Whether it had been silent. */
  #hear(ear: Ear, at: UnixMillis, now: UnixMillis): boolean {
    const wasSilent = ear.state === 'silent';
    if (wasSilent) {
      ear.state = 'heard';
      this.#begin(ear);
    }
    ear.heardAtTalk = this.#talkMs;
    if (ear.first === null) this.begun.push(ear.collector);
    ear.first ??= now;
    ear.last = now;
    if (now - ear.sampledAt >= sampleEveryMs || now < ear.sampledAt) {
      ear.sampledAt = now;
      ear.lags[ear.sampled++ % samples] = now - at;
    }
    if (at >= ear.at - ribEveryMs) ear.lastAt = at;
    // Not by the lag alone: what waited in the socket while we slept is late, and right.
    if (at > ear.at && (at - ear.at <= longStepMs || at <= newestOf(ear))) ear.at = at;
    return wasSilent;
  }

  #begin(ear: Ear): void {
    ear.heardAtTalk = this.#talkMs;
    ear.first = null;
    ear.last = null;
    ear.sampled = 0;
    ear.sampledAt = -Infinity;
  }

  #judge(ear: Ear): Ear['state'] {
    if (this.#talkMs - ear.heardAtTalk >= silentAfterMs) return 'silent';
    if (ear.sampled < fewSamples) return ear.state;
    const lagMs = medianLag(ear);
    if (lagMs > laggingAboveMs) return 'lagging';
    return ear.state === 'lagging' && lagMs >= punctualBelowMs ? 'lagging' : 'heard';
  }
}

function newestOf(ear: Ear): UnixMillis {
  return ear.last === null ? Infinity : ear.last - medianLag(ear) + laggingAboveMs;
}

const ordered = new Float64Array(samples);

function medianLag({ lags, sampled }: Ear): number {
  const count = Math.min(sampled, samples);
  for (let index = 0; index < count; index++) {
    let place = index;
    for (; place > 0 && ordered[place - 1] > lags[index]; place--) ordered[place] = ordered[place - 1];
    ordered[place] = lags[index];
  }
  return ordered[count >>> 1];
}
