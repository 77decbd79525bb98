import type { Family } from '../bgp/index.js';
import type { NetworkChange } from '../countries/index.js';
import type { UnixMillis } from '../time.js';

/** A family of a country as last measured. */
export interface FamilyRecord {
  /** Tick of the last usable measure. */
  readonly at: UnixMillis;
  /** S and N. */
  readonly units: number;
  readonly prefixes: number;
  /** S0 and N0; null: not judged. */
  readonly baseline: { readonly units: number; readonly prefixes: number; readonly provisional: boolean } | null;
  readonly voters: number;
  readonly collectors: number;
  /**
   * Only while it is in trouble (level not normal, or in an open incident) or below 0.95: those that lost most first,
   * at most 16; then of the others those that have most left, at most 8. Empty otherwise, and where nobody knows.
   */
  readonly networks: readonly NetworkChange[];
}

/** What was last measured of a country or group, replaced every minute. Plain JSON. */
export interface CountryRecord {
  readonly country: string;
  /** A group's name; null for a country, whose name the program knows. */
  readonly label: string | null;
  readonly ipv4: FamilyRecord | null;
  readonly ipv6: FamilyRecord | null;
}

/** One family of the table, as a whole. */
export interface FamilyHealth {
  readonly usable: boolean;
  readonly voters: number;
  readonly collectors: number;
  /** "usable: 41 voters on 3 collectors", "unusable: 5 of 20 voters". */
  readonly text: string;
}

/** Something that hinders the ingest from seeing well. */
export interface StandingImpairment {
  readonly kind: string;
  /** In words; as it was seen last. */
  readonly text: string;
  /** Wall clock: seen first, seen last, and when the operator was told; null: not yet. */
  readonly since: UnixMillis;
  readonly seenAt: UnixMillis;
  readonly toldAt: UnixMillis | null;
}

/** A registry of who holds what: by it bins are measured. */
export interface RegistryName {
  /**
   * Its day and the beginning of its checksum, 20260617-0123456789abcdef; 20260617-package shipped with the program.
   */
  readonly file: string;
  /** Prefixes that count for no country, whatever it says. */
  readonly ignored: readonly string[];
}

/** What the ingest says of its own sight, each minute and at every change. Plain JSON. */
export interface FeedHealth {
  /** Wall clock when it was written. */
  readonly at: UnixMillis;
  readonly phase: 'loading' | 'watching' | 'stopped';
  /** The last tick; null before the first of this table. */
  readonly eventTime: UnixMillis | null;
  /** The first tick of this table. */
  readonly watchingSince: UnixMillis | null;
  /** null while no table is loaded. */
  readonly families: Readonly<Record<Family, FamilyHealth>> | null;
  /** Those configured, and those among them without which the table was loaded. */
  readonly collectors: readonly string[];
  readonly givenUp: readonly string[];
  readonly impairments: readonly StandingImpairment[];
  /**
   * By which all that is stored is measured; absent where a program wrote it that knew only the one it shipped with.
   */
  readonly registry?: RegistryName;
}
