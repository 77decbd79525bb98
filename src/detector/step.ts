import type { CountrySample } from '../countries/index.js';
import type { Reason } from './reason.js';
import type { DetectorSettings } from './settings.js';
import type { DetectorState } from './state.js';

/** One tick of one country and family. */
export function step(
  state: DetectorState,
  sample: CountrySample,
  incidentOpen: boolean,
  settings: DetectorSettings,
): { readonly state: DetectorState; readonly reason: Reason } {
  void [sample, incidentOpen, settings];
  return { state, reason: { kind: 'steady' } };
}
