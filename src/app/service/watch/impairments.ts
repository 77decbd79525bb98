import { createNotice, type IncidentEvent, type StandingImpairment } from '../../../core/incidents/index.js';
import { minuteMs, utcMinute } from '../../../core/time.js';

/**
 * How long each kind must last before the operator is told. A first load takes long. A short gap is filled only when
 * the archive publishes its file, minutes later. That many countries fell at once is told at once.
 */
const patienceMs = {
  /** Nothing is judged. */
  blind: 5 * minuteMs,
  loading: 30 * minuteMs,
  /** RIS Live is not heard while tables are loaded, so the load cannot end. */
  feed: 5 * minuteMs,
  /** Collectors that are not heard, or were given up. */
  collectors: 5 * minuteMs,
  /** Many sessions are down, or send their tables again. */
  sessions: 5 * minuteMs,
  /** A peer withdrew much of its table at once. */
  withdrawals: 5 * minuteMs,
  holes: 30 * minuteMs,
  /** A decision that hangs on one collector. */
  'one-collector': 5 * minuteMs,
  /** So many countries at once that it may be us. */
  mass: 0,
  /** Several countries that fall through one AS. */
  'shared-as': 0,
  registry: 0,
} as const;

export type ImpairmentKind = keyof typeof patienceMs;
export const impairmentKinds = Object.keys(patienceMs) as readonly ImpairmentKind[];

/** What 0.1 stored for 'one-collector'. */
export const kindUntil02 = 'verdicts';

/** An impairment is over when it has not been seen for this long, so one that flaps counts as one. */
const overAfterMs = minuteMs;

/** An impairment that was just seen. `text` completes "Measurement degraded: ". */
export interface Impairment {
  readonly kind: ImpairmentKind;
  readonly text: string;
}

/**
 * What impairs the watch, and since when. The operator is told of each impairment once when it has lasted, and once
 * when it is over; subscribers of countries are never told. Standing impairments are stored with the ingest's health,
 * so that after a restart the beginning is not told again, and the end is.
 */
export class Impairments {
  readonly #standing = new Map<string, StandingImpairment>();
  #restored = false;

  /** Takes over what an earlier process stored. Only the first call counts, because later this process knows better. */
  restore(stored: readonly StandingImpairment[]): void {
    if (this.#restored) return;
    this.#restored = true;
    for (const impairment of stored) {
      const kind = impairment.kind === kindUntil02 ? 'one-collector' : impairment.kind;
      this.#standing.set(kind, { ...impairment, kind });
    }
  }

  /** All impairments that are not over, told or not. */
  get standing(): readonly StandingImpairment[] {
    return [...this.#standing.values()];
  }

  /** Takes what is impaired now; returns the notices that are due. */
  look(now: number, found: readonly Impairment[]): IncidentEvent[] {
    const notices: IncidentEvent[] = [];
    // While tables are loaded nothing is judged, so the other impairments stand until it is known that they are over.
    const isLoading = found.some(({ kind }) => kind === 'loading');
    for (const { kind: seen, text } of found) {
      const kind = this.#partOf(seen);
      const known = this.#standing.get(kind);
      const { since, toldAt } = known ?? { since: now, toldAt: null };
      const isDue = toldAt === null && now - since >= patienceMs[kind];
      this.#standing.set(kind, { kind, text, since, seenAt: now, toldAt: isDue ? now : toldAt });
      if (isDue)
        notices.push(createNotice(`${kind}-${since}`, now, `Measurement degraded since ${utcMinute(since)}: ${text}.`));
    }
    for (const { kind, text, since, seenAt, toldAt } of this.#standing.values()) {
      const isUnknown = isLoading && kind !== 'feed';
      if (isUnknown) this.#standing.set(kind, { kind, text, since, seenAt: now, toldAt });
      if (isUnknown || now - seenAt < overAfterMs) continue;
      this.#standing.delete(kind);
      if (toldAt === null) continue;
      const lasted = `${utcMinute(since)} to ${utcMinute(seenAt)}`;
      notices.push(
        createNotice(`${kind}-${since}-over`, now, `Measurement no longer degraded. It was from ${lasted}: ${text}.`),
      );
    }
    return notices;
  }

  /** `blind`, `loading` and `feed` all mean that nothing is judged: one impairment, under the name it was told first. */
  #partOf(kind: ImpairmentKind): ImpairmentKind {
    if ((kind === 'loading' || kind === 'feed') && this.#standing.has('blind')) return 'blind';
    const feed = this.#standing.get('feed');
    if (kind === 'blind' && feed !== undefined) return 'feed';
    // A load may take its time, so a minute without RIS Live does not make it part of `feed`.
    return kind === 'loading' && feed !== undefined && feed.toldAt !== null ? 'feed' : kind;
  }
}
