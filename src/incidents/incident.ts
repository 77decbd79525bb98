import type { Family, UnixMillis } from '../bgp/index.js';
import type { Level, Trouble } from '../detector/index.js';

interface Incident {
  /** CC-family-ms of its opening. */
  readonly id: string;
  /** Running number of its last event. */
  readonly events: number;
  readonly onset: UnixMillis;
  readonly worst: Trouble;
  /** First since(worst). */
  readonly since: UnixMillis;
  /** Last until(worst); null while it was not left yet. */
  readonly until: UnixMillis | null;
  readonly atWorst: boolean;
  /** The highest level told since it opened or reopened. */
  readonly told: Trouble;
  /** Follow-ups count from here: since(worst), kept across shorter lapses. */
  readonly clock: UnixMillis;
  /** The last follow-up that is no longer owed, as time after `clock`; 0 before the first. */
  readonly followedUpMs: number;
  /** When it was last opened, escalated or told to be down again. */
  readonly postedAt: UnixMillis;
  /** How often it went back to its worst, or fell again after its close. */
  readonly relapses: number;
  /** partially-restored was told. */
  readonly partial: boolean;
}

export interface OpenIncident extends Incident {
  readonly kind: 'open';
}

/** The last incident: a relapse may reopen it. */
export interface ClosedIncident extends Incident {
  readonly kind: 'closed';
  /** The tick that closed it. */
  readonly closedAt: UnixMillis;
  /** What the country now has is its new normal: never reopened. */
  readonly adopted: boolean;
  /** The level that adoption left behind, until the detector has left it too: no incident opens at or below it. */
  readonly ignored: Level;
}

export interface NoIncident {
  readonly kind: 'none';
}

/** What is remembered of a country's incidents: plain JSON, the same object while nothing changes. */
export type IncidentState = Readonly<Record<Family, NoIncident | OpenIncident | ClosedIncident>>;

export const initialIncidentState: IncidentState = Object.freeze({
  ipv4: Object.freeze({ kind: 'none' }),
  ipv6: Object.freeze({ kind: 'none' }),
});

/**
 * The families that are in an incident now: their baselines are frozen, and the detector must be told. IPv6 is also in IPv4's,
 * as a line.
 */
export function openFamilies(state: IncidentState): Family[] {
  if (state.ipv4.kind === 'open') return ['ipv4', 'ipv6'];
  return state.ipv6.kind === 'open' ? ['ipv6'] : [];
}

/** When the last incident the family was in closed; null if one is open or there never was one. */
export function closedAt(state: IncidentState, family: Family): UnixMillis | null {
  if (openFamilies(state).includes(family)) return null;
  const closes = [state.ipv4, ...(family === 'ipv6' ? [state.ipv6] : [])].flatMap((one) => (one.kind === 'closed' ? [one.closedAt] : []));
  return closes.length === 0 ? null : Math.max(...closes);
}
