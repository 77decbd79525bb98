import type { Family, UnixMillis } from '../../bgp/index.js';

/** What a country had before: medians of its quiet bins, those outside of the times when it was frozen. */
export interface Baseline {
  /** S0: /24s (IPv4) or /48s (IPv6). */
  readonly units: number;
  /** N0: prefixes. */
  readonly prefixes: number;
  /** Distinct origin ASNs when the country was last whole. */
  readonly origins: number;
  /** Fewer than 24 h of bins stand behind it. */
  readonly provisional: boolean;
}

/** One country (or group) and family at one tick: what the detector judges. */
export interface CountrySample {
  /** ISO 3166-1 alpha-2 code, or a group's code from config/countries.json. */
  readonly country: string;
  /** A group's name from config/countries.json; null for a country. */
  readonly label: string | null;
  readonly family: Family;
  readonly at: UnixMillis;
  /**
   * False: the table can't be judged by (too few voters, ...); then only `country`, `family`, `at`, `voters`,
   * `collectors` mean anything.
   */
  readonly usable: boolean;
  /** S: units under at least one visible prefix. */
  readonly units: number;
  /** N: visible prefixes. */
  readonly prefixes: number;
  /** null: not judged yet (no RIB, or nothing was ever there). */
  readonly baseline: Baseline | null;
  /**
   * Prefix codes whose verdict differs from the tick before. Kept only for countries of at most 256 units; else empty.
   */
  readonly flipped: readonly number[];
  /** r of every closed 5-minute bin, incidents included, at most the last 14 days. For "steady" (max - min). */
  readonly shares: BinShares;
  readonly voters: number;
  readonly collectors: number;
}

/** The shares r = S / S0 of a country's last closed bins, read without copying. */
export interface BinShares {
  /**
   * max - min of the bins that lie wholly in the `ms` before the sample; null unless they cover that time (at least 80
   * % of its bins usable).
   */
  spread(ms: number): number | null;
}
