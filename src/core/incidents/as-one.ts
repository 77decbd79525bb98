import { levelRank } from '../detector/index.js';
import { shareOf, type EventCountry, type IncidentEvent } from './event.js';
import type { UnixMillis } from '../time.js';

/** Why several countries are told as one. */
export interface OneReason {
  /** null: they only fell at the same time. */
  readonly asn: number | null;
  readonly reason: string;
}

/**
 * The events of one tick with those of these countries that tell of a fall told as one: each keeps its place in the log
 * and says what it is part of, and the one that stands for them comes last. Where fewer than two fell there is nothing
 * to tell as one.
 */
export function asOne(
  events: readonly IncidentEvent[],
  countries: ReadonlySet<string>,
  { asn, reason }: OneReason,
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
  const one = oneOf(id, worstFirst, parts[0].at);
  return [...events.map((event) => (isPart(event) ? { ...event, partOf: id } : event)), { ...one, asn, reason }];
}

/**
 * IPv4 before IPv6, whose units are no measure beside it; then by level, as a sentence names the first few alone; then
 * who lost most.
 */
function byWeight(a: IncidentEvent, b: IncidentEvent): number {
  if (a.family !== b.family) return a.family === 'ipv4' ? -1 : 1;
  if (a.level !== b.level) return levelRank(b.level) - levelRank(a.level);
  return b.baseline - b.visible - (a.baseline - a.visible) || (a.id < b.id ? -1 : 1);
}

function oneOf(id: string, parts: readonly IncidentEvent[], at: UnixMillis): IncidentEvent {
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

/**
 * An event for each country that it tells of, as far as it knows of each; of one that tells of a single country,
 * itself.
 */
export function singlesOf(event: IncidentEvent): readonly IncidentEvent[] {
  if (event.countries.length === 0) return [event];
  return event.countries.map((country) => ({ ...event, ...country, countries: [], asn: null, partOf: event.id }));
}
