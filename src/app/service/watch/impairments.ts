import { createNotice, type IncidentEvent, type StandingImpairment } from '../../../core/incidents/index.js';

/**
 * How long each is borne in silence. Five minutes for what blinds us or thins our sight out; a first load takes its
 * time; a hole is filled when the archive publishes its file, minutes later; that a decision is held because many fell
 * at once is news at once.
 */
const patienceMs = {
  /** Nothing is judged. */
  blind: 5 * 60_000,
  loading: 30 * 60_000,
  /** RIS Live is not heard while tables are loaded: no patience brings them to the present then. */
  feed: 5 * 60_000,
  /** Collectors that are not heard, or were given up. */
  collectors: 5 * 60_000,
  /** Many sessions are down, or send their tables again. */
  sessions: 5 * 60_000,
  /** A peer withdrew much of its table at once. */
  withdrawals: 5 * 60_000,
  holes: 30 * 60_000,
  /** A decision that hangs on one collector. */
  'one-collector': 5 * 60_000,
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

/** An impairment is over when it has not been seen for so long: one that flaps is one. */
const overAfterMs = 60_000;

/** What is so just now. `text` completes "Measurement degraded: ". */
export interface Impairment {
  readonly kind: ImpairmentKind;
  readonly text: string;
}

/**
 * What hinders us from seeing well, and since when. The operator is told once when it has lasted, and once when it is
 * over; no country is ever told of it. What stands is stored with the ingest's health, so that a restart neither
 * repeats the one nor forgets the other.
 */
export class Impairments {
  readonly #standing = new Map<string, StandingImpairment>();
  #restored = false;

  /** Takes over what an earlier process knew; once, for later it is known better here. */
  restore(stored: readonly StandingImpairment[]): void {
    if (this.#restored) return;
    this.#restored = true;
    for (const impairment of stored) {
      const kind = impairment.kind === kindUntil02 ? 'one-collector' : impairment.kind;
      this.#standing.set(kind, { ...impairment, kind });
    }
  }

  /** All that stands, told or not yet. */
  get standing(): readonly StandingImpairment[] {
    return [...this.#standing.values()];
  }

  /** Takes in all that is so now; returns the notices that are due. */
  look(now: number, found: readonly Impairment[]): IncidentEvent[] {
    const notices: IncidentEvent[] = [];
    // While tables are loaded nothing is judged, and nobody knows what else is over: what stands is told over when we
    // see again.
    const isLoading = found.some(({ kind }) => kind === 'loading');
    for (const { kind: seen, text } of found) {
      const kind = this.#partOf(seen);
      const known = this.#standing.get(kind);
      const { since, toldAt } = known ?? { since: now, toldAt: null };
      const isDue = toldAt === null && now - since >= patienceMs[kind];
      this.#standing.set(kind, { kind, text, since, seenAt: now, toldAt: isDue ? now : toldAt });
      if (isDue)
        notices.push(createNotice(`${kind}-${since}`, now, `Measurement degraded since ${clockTime(since)}: ${text}.`));
    }
    for (const { kind, text, since, seenAt, toldAt } of this.#standing.values()) {
      const isUnknown = isLoading && kind !== 'feed';
      if (isUnknown) this.#standing.set(kind, { kind, text, since, seenAt: now, toldAt });
      if (isUnknown || now - seenAt < overAfterMs) continue;
      this.#standing.delete(kind);
      if (toldAt === null) continue;
      const lasted = `${clockTime(since)} to ${clockTime(seenAt)}`;
      notices.push(
        createNotice(`${kind}-${since}-over`, now, `Measurement no longer degraded. It was from ${lasted}: ${text}.`),
      );
    }
    return notices;
  }

  /** That nothing is judged is one trouble, by whichever name it was told first. */
  #partOf(kind: ImpairmentKind): ImpairmentKind {
    if ((kind === 'loading' || kind === 'feed') && this.#standing.has('blind')) return 'blind';
    const feed = this.#standing.get('feed');
    if (kind === 'blind' && feed !== undefined) return 'feed';
    // Not for a minute without RIS Live: a load has its time.
    return kind === 'loading' && feed !== undefined && feed.toldAt !== null ? 'feed' : kind;
  }
}

/** "2026-03-02 16:02 UTC": a notice may be read tomorrow. */
function clockTime(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
