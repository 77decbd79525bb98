import type { Family } from '../bgp/index.js';
import type { Level, Trouble } from '../detector/index.js';
import type { UnixMillis } from '../time.js';

/** An incident that goes on: told, and not yet over. */
export interface OpenIncident {
  readonly kind: 'open';
  /** CC-family-ms of its opening. */
  readonly id: string;
  /** Running number of its last event. */
  readonly events: number;
  readonly onset: UnixMillis;
  readonly worst: Trouble;
  /** First since(worst). */
  readonly since: UnixMillis;
  /** Last until(worst); null while it was never left. */
  readonly until: UnixMillis | null;
  /** At its worst now. */
  readonly atWorst: boolean;
  /** The level it was last told at, since it opened or reopened. */
  readonly told: Trouble;
  /** Follow-ups count from here: since(worst), kept across shorter lapses. */
  readonly clock: UnixMillis;
  /** The last follow-up that is no longer owed, as time after `clock`; 0 before the first. */
  readonly followedUpMs: number;
  /** When it was last told to be opened, escalated or down again. */
  readonly postedAt: UnixMillis;
  /** How often it went back to its worst, or fell again after its close. */
  readonly relapses: number;
  /** Lowest share since it opened, 4 decimals. */
  readonly lowest: number;
  /** partially-restored was told. */
  readonly partial: boolean;
  /** The operator wants what is left to be the new normal: done at the next judged tick. */
  readonly adoptionAsked: boolean;
}

/** The last incident, over. */
export interface ClosedIncident {
  readonly kind: 'closed';
  /** As it was when it closed: what a relapse reopens. */
  readonly last: OpenIncident;
  /** The tick that closed it. */
  readonly closedAt: UnixMillis;
  /** Its new normal was adopted: no relapse reopens it. */
  readonly adopted: boolean;
  /** The level adoption left behind until the detector has left it too; nothing opens at or below it. */
  readonly ignored: Level;
}

export interface NoIncident {
  readonly kind: 'none';
}

export type FamilyIncident = NoIncident | OpenIncident | ClosedIncident;

/** What is remembered of a country's incidents: plain JSON, the same object while nothing changes. */
export type IncidentState = Readonly<Record<Family, FamilyIncident>>;

export const initialIncidentState: IncidentState = Object.freeze({
  ipv4: Object.freeze({ kind: 'none' }),
  ipv6: Object.freeze({ kind: 'none' }),
});

const noFamily: readonly Family[] = Object.freeze([]);
const ipv6Alone: readonly Family[] = Object.freeze(['ipv6']);
const bothFamilies: readonly Family[] = Object.freeze(['ipv4', 'ipv6']);

/**
 * The families that are in an incident now: the detector must be told, and their baselines stand still. IPv6 is in
 * IPv4's as a line.
 */
export function openFamilies(state: IncidentState): readonly Family[] {
  if (state.ipv4.kind === 'open') return bothFamilies;
  return state.ipv6.kind === 'open' ? ipv6Alone : noFamily;
}

/** The operator's word that what a family has now is its new normal; null if it is in no incident of its own. */
export function askAdoption(state: IncidentState, family: Family): IncidentState | null {
  const incident = state[family];
  return incident.kind === 'open' ? { ...state, [family]: { ...incident, adoptionAsked: true } } : null;
}

/** When the last incident that the family was in closed; null while it is in one, and if it never was. */
export function closedAt(state: IncidentState, family: Family): UnixMillis | null {
  if (openFamilies(state).includes(family)) return null;
  const ipv4 = state.ipv4.kind === 'closed' ? state.ipv4.closedAt : null;
  const ipv6 = family === 'ipv6' && state.ipv6.kind === 'closed' ? state.ipv6.closedAt : null;
  return ipv4 === null || ipv6 === null ? (ipv4 ?? ipv6) : Math.max(ipv4, ipv6);
}
