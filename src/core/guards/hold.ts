import type { Family } from '../bgp/index.js';
import type { UnixMillis } from '../time.js';

/** mass: many countries at once. shared-as: several through one AS. one-collector: by one collector's peers alone. */
export const guardNames = ['mass', 'shared-as', 'one-collector'] as const;
export type GuardName = (typeof guardNames)[number];

/** Decisions that a guard holds back. */
export interface Hold {
  readonly guard: GuardName;
  readonly countries: readonly string[];
  readonly since: UnixMillis;
  /** Why, for people. */
  readonly words: string;
}

/** Since the start. released: told in the end. dissolved: nothing was left of it, or of what made it one. */
export interface HoldCounts {
  readonly begun: number;
  readonly released: number;
  readonly dissolved: number;
}

/** Countries whose decisions of this tick are told in one combined event. */
export interface Combined {
  readonly countries: readonly string[];
  /** The AS through which each lost half or more; null: they only fell at the same time. */
  readonly asn: number | null;
  /** The rule and its numbers, for people. */
  readonly reason: string;
}

/** What a guard of several countries makes of a tick's decisions, by country. */
export interface CountryRuling {
  readonly held: ReadonlySet<string>;
  readonly combined: readonly Combined[];
}

/** How a country falls, whatever the family: both count once. */
export interface Fall {
  readonly family: Family;
  /** When runs toward worse levels began, and since when it has been at the level that it entered. */
  readonly times: readonly UnixMillis[];
  /** A run is under way. */
  readonly rising: boolean;
  /** First tick at which it may enter a level; null: none. */
  readonly dueAt: UnixMillis | null;
}

/** Which countries a hold has let go, and when: runs that had begun by then are not held a second time. */
export class LetGo {
  readonly #at = new Map<string, UnixMillis>();

  add(countries: Iterable<string>, at: UnixMillis): void {
    for (const country of countries) this.#at.set(country, at);
  }

  has(country: string, first: UnixMillis): boolean {
    return first <= (this.#at.get(country) ?? -Infinity);
  }
}
