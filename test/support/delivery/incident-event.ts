import { combine, type IncidentEvent } from '../../../src/core/incidents/index.js';

const openedAt = Date.UTC(2014, 11, 22, 16, 17);

/** The event of North Korea going down on 22 December 2014, with `changes` applied. */
export function incidentEvent(changes: Partial<IncidentEvent> = {}): IncidentEvent {
  return {
    id: 'KP-ipv4-1419265020000/1',
    incident: 'KP-ipv4-1419265020000',
    country: 'KP',
    label: null,
    family: 'ipv4',
    kind: 'opened',
    level: 'down',
    worst: 'down',
    since: openedAt - 120_000,
    until: null,
    onset: openedAt - 120_000,
    at: openedAt,
    visible: 0,
    baseline: 4,
    share: 0,
    lowest: 0,
    prefixes: 0,
    basePrefixes: 4,
    provisional: false,
    hard: false,
    unstable: false,
    instability: null,
    relapses: 0,
    other: null,
    networks: [],
    voters: 41,
    collectors: 9,
    reason: 'S = 0 for 120 s',
    notice: null,
    countries: [],
    asn: null,
    partOf: null,
    ...changes,
  };
}

/** `count` events of one incident, numbered from `first`. */
export function incidentEvents(count: number, first = 1): IncidentEvent[] {
  return Array.from({ length: count }, (_, n) => incidentEvent({ id: `KP-ipv4-1419265020000/${first + n}` }));
}

/** What the log holds when countries are combined: an event of each country, then the combined event. */
export function combinedEvents(singles: readonly Partial<IncidentEvent>[], asn: number | null = null): IncidentEvent[] {
  const events = singles.map(({ country = 'KP', ...changes }) =>
    incidentEvent({
      country,
      id: `${country}-ipv4-${openedAt}/1`,
      incident: `${country}-ipv4-${openedAt}`,
      ...changes,
    }),
  );
  return combine(events, new Set(events.map(({ country }) => country ?? '')), {
    asn,
    reason: `${events.length} of 230 countries fell within 180 s of each other, held for 300 s`,
  });
}
