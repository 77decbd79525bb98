import { LetGo, type Combined, type CountryRuling, type Fall, type Hold, type HoldCounts } from './hold.js';
import type { GuardSettings } from './settings.js';
import { Stragglers } from './stragglers.js';
import { minuteMs, type UnixMillis } from '../time.js';

/** A lapse, or a freeze that ends no run, is over by then. */
const graceMs = minuteMs;

interface MassHold {
  /** Its countries began to fall within it. */
  from: UnixMillis;
  to: UnixMillis;
  readonly since: UnixMillis;
  readonly until: UnixMillis;
  readonly countries: Set<string>;
  /** Those whose dwell was complete at some tick. */
  readonly decided: Set<string>;
}

interface Window {
  readonly from: UnixMillis;
  readonly to: UnixMillis;
  readonly countries: ReadonlySet<string>;
}

/**
 * Many countries that fall at once are either a very large event or a fault of our view: what they decide is held for a
 * while, and told as one if it still stands. Nothing of this is stored: after a restart the runs are there, and are
 * held anew.
 */
export class MassGuard {
  readonly #settings: GuardSettings['mass'];
  #holds: MassHold[] = [];
  readonly #letGo = new LetGo();
  readonly #stragglers: Stragglers;
  readonly #counts = { begun: 0, released: 0, dissolved: 0 };

  constructor(settings: GuardSettings['mass']) {
    this.#settings = settings;
    this.#stragglers = new Stragglers(settings.holdMs);
  }

  get isHolding(): boolean {
    return this.#holds.length > 0 || this.#stragglers.isHolding;
  }

  get holds(): Hold[] {
    const { withinMs, holdMs } = this.#settings;
    const many = this.#holds.map(({ countries, since }): Hold => ({
      guard: 'mass',
      since,
      countries: [...countries].sort(),
      words:
        `${countries.size} countries began to fall within ${withinMs / 1000} s of each other: held for ` +
        `${holdMs / 1000} s`,
    }));
    return [...many, ...this.#stragglers.holds];
  }

  get counts(): HoldCounts {
    const { counts } = this.#stragglers;
    return {
      begun: this.#counts.begun + counts.begun,
      released: this.#counts.released + counts.released,
      dissolved: this.#counts.dissolved + counts.dissolved,
    };
  }

  /** `decided`: first ticks of the runs whose dwell is complete, by country. `judged`: how many countries are. */
  look(
    at: UnixMillis,
    decided: ReadonlyMap<string, readonly UnixMillis[]>,
    falls: ReadonlyMap<string, Fall>,
    judged: number,
  ): CountryRuling {
    for (const [country, firsts] of decided)
      if (!this.#holds.some(({ countries }) => countries.has(country))) this.#begin(at, country, firsts, falls, judged);
    const held = new Set<string>();
    const combined: Combined[] = [];
    for (const hold of this.#holds) {
      for (const [country, { times }] of falls)
        if (times.some((time) => time >= hold.from && time <= hold.to)) hold.countries.add(country);
      const own = [...decided.keys()].filter((country) => hold.countries.has(country));
      for (const country of own) hold.decided.add(country);
      if (this.#goesOn(hold, at, own, falls)) {
        for (const country of own) held.add(country);
        continue;
      }
      this.#holds = this.#holds.filter((other) => other !== hold);
      this.#letGo.add(hold.countries, at);
      const standing = [...hold.countries].filter(
        (country) => falls.get(country)?.times.some((time) => time >= hold.from) === true,
      );
      if (own.length === 0 || !this.#isMass(standing.length, judged)) {
        this.#counts.dissolved++;
        continue;
      }
      this.#counts.released++;
      this.#stragglers.expect(hold.countries, at);
      const { withinMs } = this.#settings;
      combined.push({
        countries: own,
        asn: null,
        reason:
          `${standing.length} of ${judged} countries fell within ${withinMs / 1000} s of each other, held for ` +
          `${(at - hold.since) / 1000} s`,
      });
    }
    const free = new Map(
      [...decided].filter(
        ([country]) => !held.has(country) && !combined.some(({ countries }) => countries.includes(country)),
      ),
    );
    const rest = this.#stragglers.look(at, free, falls);
    return { held: new Set([...held, ...rest.held]), combined: [...combined, ...rest.combined] };
  }

  #begin(
    at: UnixMillis,
    country: string,
    firsts: readonly UnixMillis[],
    falls: ReadonlyMap<string, Fall>,
    judged: number,
  ): void {
    for (const first of firsts) {
      if (this.#letGo.has(country, first)) continue;
      const { from, to, countries } = this.#widest(first, falls);
      if (!this.#isMass(countries.size, judged)) continue;
      const overlapping = this.#holds.find((hold) => from <= hold.to && to >= hold.from);
      if (overlapping !== undefined) {
        overlapping.from = Math.min(overlapping.from, from);
        overlapping.to = Math.max(overlapping.to, to);
      } else {
        this.#counts.begun++;
        this.#holds.push({
          from,
          to,
          since: at,
          until: at + this.#settings.holdMs,
          countries: new Set(),
          decided: new Set(),
        });
      }
      return;
    }
  }

  /**
   * Those that are whole again may be forgotten at once; those in a lapse are waited for, so that all are told
   * together.
   */
  #goesOn(
    { countries, decided, until }: MassHold,
    at: UnixMillis,
    own: readonly string[],
    falls: ReadonlyMap<string, Fall>,
  ): boolean {
    const isRising = (country: string): boolean => falls.get(country)?.rising === true;
    if (at < until) return [...countries].some(isRising);
    return at < until + graceMs && [...decided].some((country) => isRising(country) && !own.includes(country));
  }

  #isMass(count: number, judged: number): boolean {
    const { countries, share, minCountries } = this.#settings;
    return count >= countries || (count >= minCountries && count > share * judged);
  }

  /** Of the windows with this time in them the (first) one in which most countries began to fall. */
  #widest(first: UnixMillis, falls: ReadonlyMap<string, Fall>): Window {
    const { withinMs } = this.#settings;
    const near = [...falls].flatMap(([country, { times }]) =>
      times.filter((time) => Math.abs(time - first) <= withinMs).map((time) => ({ time, country })),
    );
    const begins = [...new Set(near.map(({ time }) => time))].filter((time) => time <= first).sort((a, b) => a - b);
    let widest: Window = { from: first, to: first, countries: new Set() };
    for (const from of begins) {
      const within = near.filter(({ time }) => time >= from && time <= from + withinMs);
      const countries = new Set(within.map(({ country }) => country));
      if (countries.size > widest.countries.size) widest = { from, to: from + withinMs, countries };
    }
    return widest;
  }
}
