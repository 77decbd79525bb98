import type { UnixMillis } from '../../bgp/index.js';
import type { TableSettings } from '../settings.js';

/** Whether countries may be judged by a family's table, and if not, why. */
export type Usability =
  | { readonly kind: 'usable'; readonly voters: number; readonly collectors: number }
  | {
      readonly kind: 'unusable';
      readonly reason: 'few-voters' | 'voters-lost' | 'few-collectors' | 'gap';
      readonly voters: number;
      readonly collectors: number;
      /** How many voters, or collectors, it would take; 0 where no number of them would do. */
      readonly needed: number;
    };

const sampleMs = 60_000;

/** The number of voters over the last day, a value a minute, for its median. */
export class VoterHistory {
  readonly #ring: Uint16Array;
  #length = 0;
  #next = 0;
  #lastAt = -Infinity;
  /**
   * null: to be found anew. It is asked for at each tick, and sorting the day takes longer than much of the rest of a
   * quiet one.
   */
  #median: number | null = null;

  constructor(spanMs: number) {
    this.#ring = new Uint16Array(Math.max(1, Math.ceil(spanMs / sampleMs)));
  }

  record(at: UnixMillis, voters: number): void {
    if (at - this.#lastAt < sampleMs) return;
    this.#lastAt = at;
    this.#ring[this.#next] = voters;
    this.#next = (this.#next + 1) % this.#ring.length;
    this.#length = Math.min(this.#length + 1, this.#ring.length);
    this.#median = null;
  }

  /** What is kept of it in a snapshot: oldest first, and when the newest was noted. */
  kept(): { readonly history: readonly number[]; readonly historyAt: UnixMillis | null } {
    const ring = this.#ring.subarray(0, this.#length);
    const newer = this.#next % Math.max(1, this.#length);
    return {
      history: [...ring.subarray(newer), ...ring.subarray(0, newer)],
      historyAt: this.#length === 0 ? null : this.#lastAt,
    };
  }

  /** Takes over what was kept; a span that has become shorter keeps the newest. */
  restore(history: readonly number[], at: UnixMillis | null): void {
    const newest = history.slice(-this.#ring.length);
    this.#ring.set(newest);
    this.#length = newest.length;
    this.#next = newest.length % this.#ring.length;
    this.#lastAt = at ?? -Infinity;
    this.#median = null;
  }

  /** 0 while there is nothing. */
  median(): number {
    if (this.#length === 0) return 0;
    this.#median ??= this.#ring.slice(0, this.#length).sort()[this.#length >>> 1];
    return this.#median;
  }
}

export function usabilityOf(
  voters: number,
  collectors: number,
  configured: number,
  medianVoters: number,
  settings: TableSettings,
): Usability {
  const unusable = (reason: 'few-voters' | 'voters-lost' | 'few-collectors', needed: number): Usability => ({
    kind: 'unusable',
    reason,
    voters,
    collectors,
    needed,
  });
  if (voters < settings.minVoters) return unusable('few-voters', settings.minVoters);
  const kept = settings.minVotersShare * medianVoters;
  if (voters < kept) return unusable('voters-lost', Math.ceil(kept));
  const seenFrom = Math.min(settings.minCollectors, configured);
  if (collectors < seenFrom) return unusable('few-collectors', seenFrom);
  return { kind: 'usable', voters, collectors };
}

/** "unusable: 5 of 20 voters" */
export function describeUsability(usability: Usability): string {
  if (usability.kind === 'usable') return `usable: ${usability.voters} voters on ${usability.collectors} collectors`;
  switch (usability.reason) {
    case 'few-voters':
    case 'voters-lost':
      return `unusable: ${usability.voters} of ${usability.needed} voters`;
    case 'few-collectors':
      return `unusable: voters on ${usability.collectors} of ${usability.needed} collectors`;
    case 'gap':
      return `unusable: the stream has a gap${usability.needed > 0 ? `, ${usability.voters} voters are left` : ''}`;
  }
}
