import type { IncidentEvent } from '../../src/incidents/index.js';

const openedAt = Date.UTC(2014, 11, 22, 16, 17);

/** North Korea going down on 22 December 2014, with what a test wants otherwise. */
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
