import type { Family } from '../bgp/index.js';
import type { NetworkChange } from '../countries/index.js';
import type { Level } from '../detector/index.js';
import type { UnixMillis } from '../time.js';

export type EventKind =
  | 'opened'
  | 'escalated'
  | 'follow-up'
  | 'partially-restored'
  | 'down-again'
  | 'restored'
  | 'new-normal'
  | 'unstable'
  | 'notice';

/** The other family's line in an incident. */
export interface OtherFamily {
  readonly family: Family;
  readonly level: Level;
  readonly visible: number;
  readonly baseline: number;
  readonly share: number;
}

/**
 * Something worth telling, with every fact its message needs: the sentence is made from this alone. Stored as JSON in
 * the event log, which is the outbox.
 */
export interface IncidentEvent {
  /** incident/n; for unstable and notice (incident null) CC-family-kind-ms; for a combined event mass-ms-CC. */
  readonly id: string;
  /** CC-family-ms of its opening; null for unstable, notice and combined events. */
  readonly incident: string | null;
  /** null for a notice and for a combined event, whose countries stand in `countries`. */
  readonly country: string | null;
  /** A group's name; null for a country, whose name the program knows. */
  readonly label: string | null;
  readonly family: Family | null;
  readonly kind: EventKind;
  /** The level after this event. */
  readonly level: Level;
  /** The worst level of the incident up to now. */
  readonly worst: Level;
  /**
   * opened, escalated, down-again: since(level). follow-up: since(worst), kept across shorter lapses.
   * partially-restored, restored: first since(worst). unstable: the run's start. null for a notice.
   */
  readonly since: UnixMillis | null;
  /** partially-restored, restored: last until(worst); else null. */
  readonly until: UnixMillis | null;
  /** First tick of the unbroken run below 0.95, at most 24 h back; for the shape only. */
  readonly onset: UnixMillis | null;
  /** The tick that decided. */
  readonly at: UnixMillis;
  /** S and S0: /24s (IPv4) or /48s (IPv6). */
  readonly visible: number;
  readonly baseline: number;
  /** visible / baseline, capped at 1, 4 decimals. */
  readonly share: number;
  /** Lowest share since the incident opened; unstable, notice: share. */
  readonly lowest: number;
  /** N and N0. */
  readonly prefixes: number;
  readonly basePrefixes: number;
  /** The baseline has under 24 h of bins behind it. */
  readonly provisional: boolean;
  /** Down hard: down for >= 2 h, or share <= 0.02 for >= 30 min. */
  readonly hard: boolean;
  /** The instability flag at this tick. */
  readonly unstable: boolean;
  /** The run of instability before since(level): whole hours, only if it lasted >= 12 h; else null. */
  readonly instability: { readonly hours: number; readonly increasing: boolean } | null;
  /** down-again: how often it went back to its worst, this one included; else 0. */
  readonly relapses: number;
  /** IPv6 beside an IPv4 incident; null where it is not judged. */
  readonly other: OtherFamily | null;
  /** Those that lost most, at least one unit each, at most 5; empty where unknown. */
  readonly networks: readonly NetworkChange[];
  /** Evidence: who voted, seen from how many collectors. */
  readonly voters: number;
  readonly collectors: number;
  /** Which rule decided, with its numbers, for people: "share 0.0000 <= 0.15 and prefixes 0 of 4 for 120 s". */
  readonly reason: string;
  /** The words of a notice; null for every other kind. */
  readonly notice: string | null;
  /**
   * Only of a combined event (kind opened; `country` and `family` null, counts summed up, the worst level, the first
   * since): its countries, the worst first, then the largest loss first. Each has its own event in the log as well.
   */
  readonly countries: readonly EventCountry[];
  /**
   * Of a combined event: the AS that caused half or more of each country's loss. null if there is no such AS, and for
   * all other events.
   */
  readonly asn: number | null;
  /**
   * The id of the combined event that this one is part of: that one is posted instead of this one. null: this event is
   * posted itself.
   */
  readonly partOf: string | null;
}

/** One country of a combined event: what its own event says of it. */
export type EventCountry = Pick<
  IncidentEvent,
  | 'id'
  | 'incident'
  | 'country'
  | 'label'
  | 'family'
  | 'kind'
  | 'level'
  | 'worst'
  | 'since'
  | 'visible'
  | 'baseline'
  | 'share'
  | 'lowest'
  | 'prefixes'
  | 'basePrefixes'
  | 'relapses'
>;

/** Whether the incident is over with this event, until a relapse reopens it. */
export function isOver({ kind }: Pick<IncidentEvent, 'kind'>): boolean {
  return kind === 'restored' || kind === 'new-normal';
}

/** The share of the baseline that is visible: at most 1, with 4 decimals. Of a baseline of 0 nothing is missing. */
export function shareOf(visible: number, baseline: number): number {
  return baseline === 0 ? 1 : Math.round(Math.min(1, visible / baseline) * 10_000) / 10_000;
}
