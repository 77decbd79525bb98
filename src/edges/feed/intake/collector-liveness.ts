import type { ElemBatch, PeerIndex, UnixMillis } from '../../../core/bgp/index.js';
import { silentAfterMs } from '../live/last-heard.js';
import { ribEveryMs } from '../archive/file-times.js';

/**
 * A collector lags if the median of its lags is above the first, and until it is below the second. Rows that come later
 * than that are of no more use than none.
 */
export const laggingAboveMs = 30_000;
const punctualBelowMs = 20_000;
/** A longer pause between two batches is our own (we slept, or the connection was lost): it counts for no collector. */
const longestPauseMs = 30_000;
/** If a row is newer than the newest by more than this, it is believed only if the lags allow it. */
const longStepMs = 60_000;
/** The last half minute of lags, one a second. A median of fewer than `fewSamples` says nothing. */
const sampleEveryMs = 1_000;
const samples = 31;
const fewSamples = 5;

export type Unheard = 'silent' | 'lagging';

export interface LivenessChange {
  readonly collector: string;
  readonly now: 'heard' | Unheard;
}

interface CollectorTiming {
  readonly collector: string;
  state: 'heard' | Unheard;
  /** Value of #talkMs when this collector was last heard. */
  heardAtTalk: number;
  /** Wall clock of its first and last batch since `begin`; null: none yet. */
  first: UnixMillis | null;
  last: UnixMillis | null;
  /** Time of its newest row, except rows that claim to be of the future. */
  at: UnixMillis;
  /** Time of its last row: older than the newest if the collector's clock was set right. */
  lastAt: UnixMillis;
  /** Ring of lags (arrival - row time) since `begin`; `sampled` counts all that were ever taken. */
  readonly lags: Float64Array;
  sampled: number;
  sampledAt: UnixMillis;
}

const nothing: readonly LivenessChange[] = [];

/**
 * Which collectors are heard on the stream, and how late. It decides at each batch and at no other time, and measures
 * silence in time during which other collectors were heard. So no timer can be late, and no collector seems silent
 * because we slept.
 */
export class CollectorLiveness {
  readonly #peers: PeerIndex;
  readonly #timings: ReadonlyMap<string, CollectorTiming>;
  /** By collector number. */
  readonly #byNumber: (CollectorTiming | undefined)[] = [];
  /** The last row's time in the batch noted last, by collector number. */
  readonly #lastRowAt: UnixMillis[] = [];
  /** Numbers of the collectors that have rows in it. */
  spoke: number[] = [];
  /** Collectors whose first row since `begin` was in the batch noted last. */
  begun: string[] = [];
  /** How long any collector was heard so far. */
  #talkMs = 0;
  #batchAt: UnixMillis | null = null;
  #judgedAt = -Infinity;

  constructor(peers: PeerIndex, collectors: readonly string[]) {
    this.#peers = peers;
    this.#timings = new Map(
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
    for (const [collector, timing] of this.#timings) this.#byNumber[peers.numberOf(collector)] = timing;
  }

  /** Takes note of a batch that arrived `now`. Returns the collectors whose state changed. */
  note(batch: ElemBatch, now: UnixMillis): readonly LivenessChange[] {
    this.#talkMs += Math.max(0, Math.min(now - (this.#batchAt ?? now), longestPauseMs));
    this.#batchAt = now;
    if (this.begun.length > 0) this.begun = [];
    this.#findLastRows(batch);
    let changes: LivenessChange[] | null = null;
    for (const collector of this.spoke) {
      const timing = this.#byNumber[collector];
      if (timing !== undefined && this.#hear(timing, this.#lastRowAt[collector], now))
        (changes ??= []).push({ collector: timing.collector, now: 'heard' });
    }
    if (now - this.#judgedAt < sampleEveryMs && now >= this.#judgedAt) return changes ?? nothing;
    this.#judgedAt = now;
    for (const timing of this.#timings.values()) {
      const state = this.#judge(timing);
      if (state === timing.state) continue;
      timing.state = state;
      // Rows that came late were not kept.
      if (state === 'heard') this.#begin(timing);
      (changes ??= []).push({ collector: timing.collector, now: state });
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

  /** There is a new connection: each collector has a minute again to be heard. */
  reconnected(): void {
    for (const timing of this.#timings.values()) this.#begin(timing);
  }

  /** The collector's rows are kept from the next one on: what was measured before does not count. */
  begin(collector: string): void {
    this.#begin(this.#timings.get(collector)!);
  }

  stateOf(collector: string): 'heard' | Unheard {
    return this.#timings.get(collector)!.state;
  }

  /**
   * Everything the collector timestamped after this moment has been received since `begin`. Infinity: nothing was
   * received. Lags of messages differ, but by less than would be called lagging.
   */
  wholeFrom(collector: string): UnixMillis {
    const timing = this.#timings.get(collector)!;
    return timing.first === null ? Infinity : timing.first - medianLag(timing) + laggingAboveMs;
  }

  /** Up to which event time the collector was heard. Rather too early, because reading rows twice does no harm. */
  position(collector: string): UnixMillis {
    const timing = this.#timings.get(collector)!;
    const heardTo = Math.min(timing.at, timing.lastAt);
    return timing.last === null ? heardTo : Math.min(heardTo, timing.last - medianLag(timing));
  }

  /** No row of the collector so far is newer than this, whatever time it claims. */
  notAfter(collector: string): UnixMillis {
    return newestOf(this.#timings.get(collector)!);
  }

  /** Returns whether the collector had been silent. */
  #hear(timing: CollectorTiming, at: UnixMillis, now: UnixMillis): boolean {
    const wasSilent = timing.state === 'silent';
    if (wasSilent) {
      timing.state = 'heard';
      this.#begin(timing);
    }
    timing.heardAtTalk = this.#talkMs;
    if (timing.first === null) this.begun.push(timing.collector);
    timing.first ??= now;
    timing.last = now;
    if (now - timing.sampledAt >= sampleEveryMs || now < timing.sampledAt) {
      timing.sampledAt = now;
      timing.lags[timing.sampled++ % samples] = now - at;
    }
    if (at >= timing.at - ribEveryMs) timing.lastAt = at;
    // The lag alone does not tell: rows that waited in the socket while we slept are late but right.
    if (at > timing.at && (at - timing.at <= longStepMs || at <= newestOf(timing))) timing.at = at;
    return wasSilent;
  }

  #begin(timing: CollectorTiming): void {
    timing.heardAtTalk = this.#talkMs;
    timing.first = null;
    timing.last = null;
    timing.sampled = 0;
    timing.sampledAt = -Infinity;
  }

  #judge(timing: CollectorTiming): CollectorTiming['state'] {
    if (this.#talkMs - timing.heardAtTalk >= silentAfterMs) return 'silent';
    if (timing.sampled < fewSamples) return timing.state;
    const lagMs = medianLag(timing);
    if (lagMs > laggingAboveMs) return 'lagging';
    return timing.state === 'lagging' && lagMs >= punctualBelowMs ? 'lagging' : 'heard';
  }
}

function newestOf(timing: CollectorTiming): UnixMillis {
  return timing.last === null ? Infinity : timing.last - medianLag(timing) + laggingAboveMs;
}

const ordered = new Float64Array(samples);

function medianLag({ lags, sampled }: CollectorTiming): number {
  const count = Math.min(sampled, samples);
  for (let index = 0; index < count; index++) {
    let place = index;
    for (; place > 0 && ordered[place - 1] > lags[index]; place--) ordered[place] = ordered[place - 1];
    ordered[place] = lags[index];
  }
  return ordered[count >>> 1];
}
