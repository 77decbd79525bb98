import assert from 'node:assert/strict';
import { historyRules } from '../../../src/core/incidents/index.js';
import type { Commit } from '../../../src/core/incidents/index.js';
import type { Store } from '../../../src/edges/store/index.js';
import { healthOf, incidentEventOf, numberOf, owedTo, recordOf, rowOf, stateOf, toldTo } from './samples.js';

const start = Date.UTC(2026, 5, 10);
const { stepMs, keepMs } = historyRules.minute;
const countries = ['KP', 'SY', 'TG'];

/** The commit of a version: states, rows, records, health and two events that all carry its number. */
export function writtenBy(version: number): Omit<Commit, 'lease' | 'version'> {
  const at = start + version * stepMs;
  return {
    at,
    states: countries.map((country) => stateOf(country, version)),
    rows: countries.map((country) => rowOf(country, 'minute', at, version)),
    events: [1, 2].map((n) => ({ ...incidentEventOf('KP', 'ipv4', n, at), id: `${version}/${n}` })),
    records: countries.map((country) => recordOf(country, version)),
    health: healthOf(version),
  };
}

/**
 * Asserts that the store holds exactly what the commits 1 to its version wrote, each whole and once. Returns that
 * version.
 */
export async function assertWhole(store: Store): Promise<number> {
  const { version, states } = await store.load();
  assert.deepEqual(
    states.map((state) => numberOf(state)),
    version === 0 ? [] : countries.map(() => version),
    'states',
  );
  assert.deepEqual(
    (await store.records()).map(({ ipv4 }) => ipv4?.units),
    version === 0 ? [] : countries.map(() => version),
    'records',
  );
  assert.equal((await store.health())?.at ?? 0, version, 'health');
  assert.deepEqual(
    (await store.incidents(0, 'KP')).map(({ id }) => id),
    version === 0 ? [] : [`${version}/2`],
    'incidents',
  );
  assert.equal(await store.end(), version * 2, 'end of the event log');
  const events = await store.readAfter(0, version * 2 + 10);
  assert.deepEqual(
    events.map(({ position, event }) => `${position} ${event.id}`),
    Array.from({ length: version * 2 }, (_, index) => `${index + 1} ${Math.floor(index / 2) + 1}/${(index % 2) + 1}`),
    'events',
  );
  for (const country of countries) {
    // Older rows may have been dropped.
    const first = Math.max(1, version - keepMs / stepMs + 1);
    const rows = await store.history(country, 'minute', start + first * stepMs, start + (version + 60) * stepMs);
    assert.deepEqual(
      rows.map(({ values }) => values[0]),
      Array.from({ length: version - first + 1 }, (_, index) => first + index),
      'history',
    );
  }
  return version;
}

/**
 * Brings two channels up to `version`, from where they are: each version is owed to both, and the first is told it at
 * once.
 */
export async function tellUpTo(store: Store, version: number): Promise<void> {
  const left = (await store.channel('1', 1)).owed.at(0);
  if (left !== undefined) await store.acknowledge(left, [toldTo('1', 'KP-1', { position: left.position })]);
  for (let position = ((await store.expansion())?.position ?? 0) + 1; position <= version; position++) {
    const owed = owedTo('1', position);
    await store.owe([owed, owedTo('2', position)], { position, channelId: null });
    await store.acknowledge(owed, [toldTo('1', 'KP-1', { position })]);
  }
}

/** Asserts that every version up to the last expanded one is owed to both channels, or told to the first, once. */
export async function assertTold(store: Store, version: number): Promise<void> {
  const expanded = (await store.expansion())?.position ?? 0;
  assert.ok(expanded === version || expanded === version - 1, `${version} committed, ${expanded} expanded`);
  const [first, second] = [await store.channel('1', expanded + 1), await store.channel('2', expanded + 1)];
  const told = first.told.at(0)?.position ?? 0;
  assert.deepEqual(
    [told, ...first.owed.map(({ position }) => position)],
    told === expanded ? [expanded] : [expanded - 1, expanded],
    'told, then owed',
  );
  assert.deepEqual(
    second.owed.map(({ position }) => position),
    Array.from({ length: expanded }, (_, index) => index + 1),
    'owed',
  );
  assert.equal((await store.depth()).owed, first.owed.length + second.owed.length);
  assert.deepEqual(await store.heads(), [...first.owed.slice(0, 1), ...second.owed.slice(0, 1)]);
}
