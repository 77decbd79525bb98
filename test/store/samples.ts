import type { HistorySample, IncidentEvent, Resolution, StoredState } from '../../src/incidents/index.js';

/** A state is opaque to a store but for its version and country: these carry a number to be told apart by. */
export function stateOf(country: string, n: number, version = 2): StoredState {
  return { version, country, n } as unknown as StoredState;
}

export function numberOf(state: StoredState): number {
  return (state as unknown as { n: number }).n;
}

export function eventOf(id: string, at = 0): IncidentEvent {
  const facts = { share: 1, lowest: 1, networks: [] };
  return { id, incident: null, kind: 'notice', at, country: null, ...facts, notice: 'Sicht verloren \u{1F1F0}\u{1F1F5} "100 %"\n' } as unknown as IncidentEvent;
}

/** A row whose first value is `first`. */
export function sampleOf(country: string, resolution: Resolution, at: number, first: number): HistorySample {
  return { country, resolution, at, values: Uint32Array.of(first, 1, 2, 3, 4, 5, 6, 7) };
}

export const quiet = { info: (): void => undefined, warn: (): void => undefined };
