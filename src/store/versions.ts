import { stateVersion } from '../incidents/index.js';
import type { StoredState } from '../incidents/index.js';
import { StoreRefusedError } from './errors.js';

type Json = Readonly<Record<string, unknown>>;

/** What leads from state version n to n + 1, by n. */
export type StateMigrations = Readonly<Record<number, (older: Json) => Json>>;

const stateMigrations: StateMigrations = {};

/**
 * A stored state as this program knows it: an older one is migrated step by step. A newer one is refused (StoreRefusedError), so
 * that a program put back to an earlier version never overwrites what it does not understand.
 */
export function parseState(text: string, migrations: StateMigrations = stateMigrations, current: number = stateVersion): StoredState {
  let state = JSON.parse(text) as Json;
  const country = String(state['country']);
  for (let version = state['version']; version !== current; version = state['version']) {
    if (typeof version === 'number' && version > current) throw newerError(`The state of ${country}`, version, current);
    const migrate = typeof version === 'number' ? migrations[version] : undefined;
    if (migrate === undefined) {
      throw new StoreRefusedError(`The state of ${country} has version ${String(version)}, which no migration leads from.`);
    }
    state = { ...migrate(state), version: Number(version) + 1 };
  }
  return state as unknown as StoredState;
}

/** The refusal of data from a later program. `what` begins the sentence. */
export function newerError(what: string, found: number, known: number): StoreRefusedError {
  return new StoreRefusedError(
    `${what} was written by a newer lightsout (version ${found}, this one knows up to ${known}): run that one, or move its data away.`,
  );
}
