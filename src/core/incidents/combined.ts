import { levelRank } from '../detector/index.js';
import { shareOf, type EventCountry, type IncidentEvent } from './event.js';
import type { UnixMillis } from '../time.js';

/** Why several countries are told in one combined event. */
export interface CombinedReason {
  /** The AS that they all fell through; null: they only fell at the same time. */
  readonly asn: number | null;
  readonly reason: string;
}

/**
 * Combines those events of a tick that tell of a fall of one of `countries`. Each keeps its place in the log and names
 * the combined event in `partOf`; the combined event comes last. If fewer than two fell, nothing changes.
 */
export function combine(
  events: readonly IncidentEvent[],
  countries: ReadonlySet<string>,
  { asn, reason }: CombinedReason,
): IncidentEvent[] {
  const isPart = ({ country, kind, partOf }: IncidentEvent): boolean =>
    country !== null &&
    countries.has(country) &&
    partOf === null &&
    (kind === 'opened' || kind === 'escalated' || kind === 'down-again');
  const parts = events.filter(isPart);
  if (parts.length < 2) return [...events];
  const worstFirst = [...parts].sort(byWeight);
  const id = `mass-${parts[0].at}-${worstFirst[0].country}`;
  const combined = combinedOf(id, worstFirst, parts[0].at);
  return [...events.map((event) => (isPart(event) ? { ...event, partOf: id } : event)), { ...combined, asn, reason }];
}

/**
 * IPv4 before IPv6, because their units cannot be compared; then the worst level first, because a sentence names only
 * the first few; then the largest loss first.
 */
function byWeight(a: IncidentEvent, b: IncidentEvent): number {
  if (a.family !== b.family) return a.family === 'ipv4' ? -1 : 1;
  if (a.level !== b.level) return levelRank(b.level) - levelRank(a.level);
  return b.baseline - b.visible - (a.baseline - a.visible) || (a.id < b.id ? -1 : 1);
}

function combinedOf(id: string, parts: readonly IncidentEvent[], at: UnixMillis): IncidentEvent {
  const sum = (of: (event: IncidentEvent) => number): number => parts.reduce((total, part) => total + of(part), 0);
  const [visible, baseline] = [sum((part) => part.visible), sum((part) => part.baseline)];
  const worst = parts.reduce(
    (level, part) => (levelRank(part.level) > levelRank(level) ? part.level : level),
    parts[0].level,
  );
  const share = shareOf(visible, baseline);
  return {
    id,
    incident: null,
    country: null,
    label: null,
    family: null,
    kind: 'opened',
    level: worst,
    worst,
    at,
    since: Math.min(...parts.map((part) => part.since ?? at)),
    until: null,
    onset: null,
    visible,
    baseline,
    share,
    lowest: share,
    prefixes: sum((part) => part.prefixes),
    basePrefixes: sum((part) => part.basePrefixes),
    provisional: parts.some((part) => part.provisional),
    hard: false,
    unstable: false,
    instability: null,
    relapses: 0,
    other: null,
    networks: [],
    voters: Math.min(...parts.map((part) => part.voters)),
    collectors: Math.min(...parts.map((part) => part.collectors)),
    reason: '',
    notice: null,
    countries: parts.map(countryOf),
    asn: null,
    partOf: null,
  };
}

function countryOf({
  id,
  incident,
  country,
  label,
  family,
  kind,
  level,
  worst,
  since,
  visible,
  baseline,
  share,
  lowest,
  prefixes,
  basePrefixes,
  relapses,
}: IncidentEvent): EventCountry {
  return {
    id,
    incident,
    country,
    label,
    family,
    kind,
    level,
    worst,
    since,
    visible,
    baseline,
    share,
    lowest,
    prefixes,
    basePrefixes,
    relapses,
  };
}

/** The single events that a combined event stands for, with what it says of each; any other event: itself. */
export function singlesOf(event: IncidentEvent): readonly IncidentEvent[] {
  if (event.countries.length === 0) return [event];
  return event.countries.map((country) => ({ ...event, ...country, countries: [], asn: null, partOf: event.id }));
}
