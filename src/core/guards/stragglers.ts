import type { Combined, CountryRuling, Fall, Hold, HoldCounts } from './hold.js';
import type { UnixMillis } from '../time.js';

interface Group {
  /** Their runs had begun by then: when the others were told. */
  readonly at: UnixMillis;
  readonly countries: ReadonlySet<string>;
  /** While some wait for the others: since when, and no longer than until then. */
  waiting: { readonly since: UnixMillis; readonly until: UnixMillis } | null;
}

/**
 * Countries that fell with many others, and whose dwell is longer: they are told together as well, not in a stream of
 * alerts.
 */
export class Stragglers {
  readonly #holdMs: number;
  #groups: Group[] = [];
  readonly #counts = { begun: 0, released: 0, dissolved: 0 };

  constructor(holdMs: number) {
    this.#holdMs = holdMs;
  }

  get isHolding(): boolean {
    return this.#groups.some(({ waiting }) => waiting !== null);
  }

  get holds(): Hold[] {
    return this.#groups.flatMap(({ countries, waiting }) =>
      waiting === null
        ? []
        : [
            {
              guard: 'mass' as const,
              since: waiting.since,
              countries: [...countries].sort(),
              words:
                `what is left of ${countries.size} countries that fell together: told as one, after ` +
                `${this.#holdMs / 1000} s at most`,
            },
          ],
    );
  }

  get counts(): HoldCounts {
    return { ...this.#counts };
  }

  /** These fell together; those of them that can be were told at `at`. */
  expect(countries: ReadonlySet<string>, at: UnixMillis): void {
    this.#groups.push({ at, countries, waiting: null });
  }

  /** `decided`: first ticks of the runs whose dwell is complete, by country. */
  look(
    at: UnixMillis,
    decided: ReadonlyMap<string, readonly UnixMillis[]>,
    falls: ReadonlyMap<string, Fall>,
  ): CountryRuling {
    const held = new Set<string>();
    const combined: Combined[] = [];
    for (const group of this.#groups) {
      const isOwn = (times: readonly UnixMillis[] | undefined): boolean =>
        times?.some((time) => time <= group.at) === true;
      const own = [...group.countries].filter((country) => isOwn(decided.get(country)));
      const rising = [...group.countries].filter(
        (country) => falls.get(country)?.rising === true && isOwn(falls.get(country)?.times),
      );
      const until = group.waiting?.until ?? at + this.#holdMs;
      const isDue = (country: string): boolean => (falls.get(country)?.dueAt ?? Infinity) <= until;
      if (own.length > 0 && at < until && rising.some((country) => !own.includes(country) && isDue(country))) {
        if (group.waiting === null) this.#counts.begun++;
        group.waiting ??= { since: at, until };
        for (const country of own) held.add(country);
        continue;
      }
      if (group.waiting !== null && (own.length > 0 || at >= until || rising.length === 0)) {
        this.#counts[own.length > 1 ? 'released' : 'dissolved']++;
        group.waiting = null;
      }
      if (own.length > 1)
        combined.push({
          countries: own,
          asn: null,
          reason: `${own.length} more of the ${group.countries.size} countries that began to fall together`,
        });
      if (rising.length === 0) this.#groups = this.#groups.filter((other) => other !== group);
    }
    return { held, combined };
  }
}
