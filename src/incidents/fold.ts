import type { Family, UnixMillis } from '../bgp/index.js';
import type { CountrySample } from '../countries/index.js';
import type { DetectorState, Reason } from '../detector/index.js';
import type { IncidentEvent } from './event.js';
import type { IncidentState } from './incident.js';
import type { IncidentSettings } from './settings.js';

export type { IncidentState } from './incident.js';

/** One tick of one country: what was measured, and what the detector made of it. */
export interface FoldInput {
  readonly at: UnixMillis;
  readonly samples: Readonly<Record<Family, CountrySample>>;
  readonly detector: Readonly<Record<Family, { readonly before: DetectorState; readonly after: DetectorState; readonly reason: Reason }>>;
}

/** Folds one tick into the country's incidents. */
export function fold(
  state: IncidentState,
  input: FoldInput,
  settings: IncidentSettings,
): { readonly state: IncidentState; readonly events: readonly IncidentEvent[] } {
  void [input, settings];
  return { state, events: [] };
}
