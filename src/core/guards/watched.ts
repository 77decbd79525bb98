import type { Family } from '../bgp/index.js';
import type { DetectorSettings, Observation } from '../detector/index.js';

/** One country and family at a tick, before it is decided. */
export interface Watched {
  readonly country: string;
  readonly family: Family;
  readonly observation: Observation;
  readonly settings: DetectorSettings;
}
