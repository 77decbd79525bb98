import type { Family } from '../bgp/index.js';
import { LetGo, type Combined, type CountryRuling, type Fall, type Hold, type HoldCounts } from './hold.js';
import type { GuardSettings } from './settings.js';
import type { UnixMillis } from '../time.js';

interface AsHold {
  readonly asn: number;
  readonly since: UnixMillis;
  readonly until: UnixMillis;
  readonly countries: Set<string>;
  /** Of whom it is known whether they lost it too. */
  readonly asked: Set<string>;
}

/** The ASes that made so much of the loss of each of these countries, in the family given, most first. */
export type HeavyLosers = (countries: ReadonlyMap<string, Family>) => ReadonlyMap<string, readonly number[]>;

/**
 * Countries that hang on one network fall together: that is one event. Who is first waits for those of the others that
 * can be told within `holdMs`; who falls alone waits for nobody.
 */
export class SharedAsGuard {
  readonly #settings: GuardSettings['sharedAs'];
  #holds: AsHold[] = [];
  readonly #letGo = new LetGo();
  readonly #counts = { begun: 0, released: 0, dissolved: 0 };

  constructor(settings: GuardSettings['sharedAs']) {
    this.#settings = settings;
  }

  get isHolding(): boolean {
    return this.#holds.length > 0;
  }

  get holds(): Hold[] {
    return this.#holds.map(({ asn, countries, since }) => ({
      guard: 'shared-as' as const,
      since,
      countries: [...countries].sort(),
      words:
        `${countries.size} countries lose half or more through AS${asn}: told as one, after ` +
        `${this.#settings.holdMs / 1000} s at most`,
    }));
  }

  get counts(): HoldCounts {
    return { ...this.#counts };
  }

  /** `decided`: first ticks of the runs whose dwell is complete, by country. */
  look(
    at: UnixMillis,
    decided: ReadonlyMap<string, readonly UnixMillis[]>,
    falls: ReadonlyMap<string, Fall>,
    losersOf: HeavyLosers,
  ): CountryRuling {
    for (const hold of this.#holds) this.#join(hold, falls, losersOf);
    for (const [country, firsts] of decided) {
      const isFree =
        this.#holds.some(({ countries }) => countries.has(country)) ||
        firsts.every((first) => this.#letGo.has(country, first));
      if (!isFree) this.#begin(at, country, falls, losersOf);
    }
    const held = new Set<string>();
    const combined: Combined[] = [];
    for (const hold of this.#holds) {
      const own = [...decided.keys()].filter((country) => hold.countries.has(country));
      const awaited = [...hold.countries].filter(
        (country) => falls.get(country)?.rising === true && !own.includes(country),
      );
      if (awaited.length > 0 && at < hold.until) {
        for (const country of own) held.add(country);
        continue;
      }
      this.#holds = this.#holds.filter((other) => other !== hold);
      this.#letGo.add(hold.countries, at);
      this.#counts[own.length > 1 ? 'released' : 'dissolved']++;
      if (own.length > 1)
        combined.push({
          countries: own,
          asn: hold.asn,
          reason: `AS${hold.asn} has half or more of what each of ${own.length} countries lost`,
        });
    }
    return { held, combined };
  }

  #begin(at: UnixMillis, country: string, falls: ReadonlyMap<string, Fall>, losersOf: HeavyLosers): void {
    const until = at + this.#settings.holdMs;
    const own = falls.get(country)!;
    const others = this.#near([country], falls, until);
    if (others.length === 0) return;
    const asked = [country, ...others];
    const losers = losersOf(familiesOf(asked, falls));
    let best: { readonly asn: number; readonly partners: readonly string[] } | null = null;
    for (const asn of losers.get(country) ?? []) {
      const partners = others.filter((other) => losers.get(other)?.includes(asn) === true);
      if (partners.length > (best?.partners.length ?? 0)) best = { asn, partners };
    }
    if (best === null || !own.rising) return;
    this.#counts.begun++;
    this.#holds.push({
      asn: best.asn,
      since: at,
      until,
      countries: new Set([country, ...best.partners]),
      asked: new Set(asked),
    });
  }

  /** Who began to fall since then, and of whom nobody asked yet. */
  #join(hold: AsHold, falls: ReadonlyMap<string, Fall>, losersOf: HeavyLosers): void {
    const others = this.#near([...hold.countries], falls, hold.until).filter((country) => !hold.asked.has(country));
    if (others.length === 0) return;
    const losers = losersOf(familiesOf(others, falls));
    for (const country of others) {
      hold.asked.add(country);
      if (losers.get(country)?.includes(hold.asn) === true) hold.countries.add(country);
    }
  }

  /** Who else is falling, began to within `withinMs` of one of these, can be told by `until`, and is in no hold. */
  #near(countries: readonly string[], falls: ReadonlyMap<string, Fall>, until: UnixMillis): string[] {
    const { withinMs } = this.#settings;
    const times = countries.flatMap((country) => falls.get(country)?.times ?? []);
    return [...falls].flatMap(([country, fall]) => {
      if (countries.includes(country) || !fall.rising || fall.dueAt === null || fall.dueAt > until) return [];
      if (
        this.#holds.some((hold) => hold.countries.has(country)) ||
        fall.times.every((time) => this.#letGo.has(country, time))
      )
        return [];
      return fall.times.some((time) => times.some((other) => Math.abs(time - other) <= withinMs)) ? [country] : [];
    });
  }
}

function familiesOf(countries: readonly string[], falls: ReadonlyMap<string, Fall>): Map<string, Family> {
  return new Map(countries.map((country) => [country, falls.get(country)!.family]));
}
