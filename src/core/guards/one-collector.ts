import { type Family, families, unitNames } from '../bgp/index.js';
import { confirmedLevel, decisionOf, isRising, type Counted, type Level } from '../detector/index.js';
import type { Hold, HoldCounts } from './hold.js';
import type { Watched } from './watched.js';
import type { UnixMillis } from '../time.js';

/** What there is of the countries asked for without the votes of one collector. */
export interface Recount {
  readonly collector: string;
  readonly counts: ReadonlyMap<string, Counted>;
}

/**
 * Counts some countries of a family again without each collector in turn; the collectors that can't be done without are
 * left out.
 */
export type CountAgain = (family: Family, countries: ReadonlySet<string>) => readonly Recount[];

/**
 * No country falls by the word of one collector: what is decided must hold without each of them in turn. It is asked at
 * the decision only, and again at each tick while it is held. Nothing of this is stored: a restart asks anew.
 */
export class OneCollectorGuard {
  /** By country and family. */
  readonly #holds = new Map<string, Hold>();
  readonly #counts = { begun: 0, released: 0, dissolved: 0 };

  get isHolding(): boolean {
    return this.#holds.size > 0;
  }

  isHeld(watched: Watched): boolean {
    return this.#holds.has(keyOf(watched));
  }

  get holds(): Hold[] {
    return [...this.#holds.values()];
  }

  get counts(): HoldCounts {
    return { ...this.#counts };
  }

  /** The worst level that each of those that decide may enter, by keyOf. */
  look(at: UnixMillis, deciding: readonly Watched[], countAgain: CountAgain): Map<string, Level> {
    const ceilings = new Map<string, Level>();
    for (const family of families) {
      const own = deciding.filter((watched) => watched.family === family);
      if (own.length === 0) continue;
      const recounts = countAgain(family, new Set(own.map(({ country }) => country)));
      for (const watched of own) ceilings.set(keyOf(watched), this.#ask(at, watched, recounts));
    }
    return ceilings;
  }

  /** Those that are no longer about to enter anything are held no longer. */
  forget(watched: readonly Watched[]): void {
    for (const each of watched) {
      if (each.observation.kind === 'unjudged' || isRising(each.observation.state)) continue;
      if (this.#holds.delete(keyOf(each))) this.#counts.dissolved++;
    }
  }

  #ask(at: UnixMillis, { country, family, observation, settings }: Watched, recounts: readonly Recount[]): Level {
    const counts = (recount: Recount): Counted[] => [recount.counts.get(country) ?? []].flat();
    const ceiling = confirmedLevel(observation, settings, recounts.flatMap(counts));
    const wanted = decisionOf(observation, settings)?.level;
    const key = keyOf({ country, family });
    if (wanted === undefined || ceiling === wanted) {
      if (this.#holds.delete(key)) this.#counts.released++;
      return ceiling;
    }
    const against = recounts.find((recount) => confirmedLevel(observation, settings, counts(recount)) !== wanted);
    if (!this.#holds.has(key)) this.#counts.begun++;
    const left = against?.counts.get(country)?.units ?? 0;
    const unit = unitNames[family];
    this.#holds.set(key, {
      guard: 'one-collector',
      countries: [country],
      since: this.#holds.get(key)?.since ?? at,
      words:
        `${country} is ${wanted} by the votes of ${against?.collector ?? 'one collector'}: without them ${left} ` +
        `${unit} are visible`,
    });
    return ceiling;
  }
}

export function keyOf({ country, family }: Pick<Watched, 'country' | 'family'>): string {
  return `${country} ${family}`;
}
