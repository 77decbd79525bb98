import type { Family } from '../bgp/index.js';
import type { BaselineState } from '../countries/index.js';
import type { DetectorState } from '../detector/index.js';
import type { IncidentState } from './fold.js';

export const stateVersion = 3;

/**
 * All that is remembered of one country between ticks and across restarts: plain JSON, replaced whole when it changes.
 */
export interface StoredState {
  readonly version: typeof stateVersion;
  readonly country: string;
  readonly detector: Readonly<Record<Family, DetectorState>>;
  readonly incidents: IncidentState;
  readonly baseline: Readonly<Record<Family, BaselineState>>;
}
