import { priorities, type Owed, type ToldRecord } from '../../../src/edges/delivery/index.js';
import { stateVersion } from '../../../src/core/incidents/index.js';
import type { HistoryRow, Resolution } from '../../../src/core/countries/index.js';
import type { CountryRecord, FeedHealth, IncidentEvent, StoredState } from '../../../src/core/incidents/index.js';
import { incidentEvent } from '../../support/delivery/incident-event.js';

export const noon = Date.UTC(2026, 5, 10, 12);

export const owedTo = (channelId: string, position: number, over: Partial<Owed> = {}): Owed => ({
  channelId,
  position,
  positions: [position],
  priority: priorities.start,
  owedAt: noon + position,
  ...over,
});
export const toldTo = (channelId: string, incident: string, over: Partial<ToldRecord> = {}): ToldRecord => ({
  channelId,
  incident,
  firstMessageId: '1001',
  position: 1,
  severity: 'down',
  at: noon,
  over: false,
  ...over,
});

/** A store reads only version and country of a state. `n` distinguishes these. */
export function stateOf(country: string, n: number, version: number = stateVersion): StoredState {
  return { version, country, n } as unknown as StoredState;
}

export function numberOf(state: StoredState): number {
  return (state as unknown as { n: number }).n;
}

export function eventOf(id: string, at = 0): IncidentEvent {
  const facts = { share: 1, lowest: 1, networks: [], countries: [], asn: null, partOf: null };
  return {
    id,
    incident: null,
    kind: 'notice',
    at,
    country: null,
    ...facts,
    notice: 'Sicht verloren \u{1F1F0}\u{1F1F5} "100 %"\n',
  } as unknown as IncidentEvent;
}

/** The n-th event of an incident of that country. Default kind: opened. */
export function incidentEventOf(
  country: string,
  family: 'ipv4' | 'ipv6',
  n: number,
  at: number,
  kind: IncidentEvent['kind'] = 'opened',
): IncidentEvent {
  const incident = `${country}-${family}-${1000 + Number(family === 'ipv6')}`;
  return incidentEvent({
    id: `${incident}/${n}`,
    incident,
    country,
    family,
    kind,
    at,
    networks: [{ asn: 131_279, before: 4, now: 0 }],
    lowest: 0.25,
  });
}

/** An event log in the schema's version 1: two incidents go on (one was reopened), one is over. */
export function olderEvents(): object[] {
  const log = [
    incidentEventOf('KP', 'ipv4', 1, 10),
    incidentEventOf('KP', 'ipv4', 2, 20, 'restored'),
    incidentEventOf('SY', 'ipv4', 1, 30),
    eventOf('no incident', 40),
    incidentEventOf('SY', 'ipv4', 2, 50, 'restored'),
    incidentEventOf('SY', 'ipv4', 3, 60, 'down-again'),
    incidentEventOf('PS-GZ', 'ipv6', 1, 70),
  ];
  return log.map((event) => ({ ...event, networks: undefined, lowest: undefined }));
}

export function recordOf(country: string, units: number): CountryRecord {
  const networks = [{ asn: 131_279, before: 4, now: units }];
  const family = {
    at: 1,
    units,
    prefixes: units,
    baseline: { units: 4, prefixes: 4, provisional: false },
    voters: 40,
    collectors: 3,
    networks,
  };
  return { country, label: country.includes('-') ? 'Gaza' : null, ipv4: family, ipv6: null };
}

export function healthOf(at: number): FeedHealth {
  return {
    at,
    phase: 'loading',
    eventTime: null,
    watchingSince: null,
    families: null,
    collectors: ['rrc00'],
    givenUp: [],
    impairments: [],
  };
}

/** A row whose first value is `first`. */
export function rowOf(country: string, resolution: Resolution, at: number, first: number): HistoryRow {
  return { country, resolution, at, values: Uint32Array.of(first, 1, 2, 3, 4, 5, 6, 7) };
}

export const quiet = { info: (): void => undefined, warn: (): void => undefined };
