import { subscriptionVersion } from '../delivery/index.js';
import type { Subscription } from '../delivery/index.js';
import { stateVersion } from '../../core/incidents/index.js';
import type { FeedHealth, IncidentEvent, StoredState } from '../../core/incidents/index.js';
import { StoreRefusedError } from './errors.js';

type Json = Readonly<Record<string, unknown>>;

/** What leads from version n to n + 1, by n. */
export type Migrations = Readonly<Record<number, (older: Json) => Json>>;

const stateMigrations: Migrations = {
  // How low an incident went was not kept: 1 is wrong of none, and the next tick knows better.
  1: (older) => ({ ...older, incidents: eachFamily(older['incidents'], withLowest) }),
  // Until then a country kept its registry for as long as the program its version.
  2: (older) => ({ ...older, baseline: eachFamily(older['baseline'], (baseline) => ({ ...baseline, shifts: [] })) }),
};

function eachFamily(both: unknown, change: (one: Json) => Json): Json {
  return Object.fromEntries(Object.entries(both as Record<string, Json>).map(([family, one]) => [family, change(one)]));
}

function withLowest(incident: Json): Json {
  if (incident['kind'] === 'open') return { ...incident, lowest: 1 };
  return incident['kind'] === 'closed' ? { ...incident, last: { ...(incident['last'] as Json), lowest: 1 } } : incident;
}

/**
 * A stored state as this program knows it: an older one is migrated step by step. A newer one is refused
 * (StoreRefusedError), so that a program put back to an earlier version never overwrites what it does not understand.
 */
export function parseState(
  text: string,
  migrations: Migrations = stateMigrations,
  current: number = stateVersion,
): StoredState {
  const state = JSON.parse(text) as Json;
  return presentOf(`The state of ${String(state['country'])}`, state, migrations, current) as unknown as StoredState;
}

/** A stored subscription; a newer one is refused as a state is. */
export function readSubscription(text: string): Subscription {
  const stored = JSON.parse(text) as Json;
  return presentOf(
    `The subscription of channel ${String(stored['channelId'])}`,
    stored,
    {},
    subscriptionVersion,
  ) as unknown as Subscription;
}

function presentOf(what: string, stored: Json, migrations: Migrations, current: number): Json {
  let value = stored;
  for (let version = value['version']; version !== current; version = value['version']) {
    if (typeof version === 'number' && version > current) throw newerError(what, version, current);
    const migrate = typeof version === 'number' ? migrations[version] : undefined;
    if (migrate === undefined)
      throw new StoreRefusedError(`${what} has version ${String(version)}, which no migration leads from.`);
    value = { ...migrate(value), version: Number(version) + 1 };
  }
  return value;
}

/** An event of the log as this program knows it: older ones lack what came later. */
export function parseEvent(text: string): IncidentEvent {
  const event = JSON.parse(text) as IncidentEvent;
  // What the type promises an older program may not have written.
  const { networks, lowest, countries, asn, partOf } = event as Partial<IncidentEvent>;
  return {
    ...event,
    networks: networks ?? [],
    lowest: lowest ?? event.share,
    countries: countries ?? [],
    asn: asn ?? null,
    partOf: partOf ?? null,
  };
}

/** What an ingest last said of its own sight, as this program knows it. */
export function parseHealth(text: string): FeedHealth {
  const health = JSON.parse(text) as FeedHealth;
  const { impairments } = health as Partial<FeedHealth>;
  return { ...health, impairments: impairments ?? [] };
}

/** The refusal of data from a later program. `what` begins the sentence. */
export function newerError(what: string, found: number, known: number): StoreRefusedError {
  return new StoreRefusedError(
    `${what} was written by a newer lightsout (version ${found}, this one knows up to ${known}): run that ` +
      'one, or move its data away.',
  );
}
