export type { EventKind, IncidentEvent, OtherFamily } from './event.js';
export { fold, type FoldInput } from './fold.js';
export { askAdoption, closedAt, initialIncidentState, openFamilies, type ClosedIncident, type IncidentState, type OpenIncident } from './incident.js';
export {
  historyRules,
  rowValues,
  unknownValue,
  type Commit,
  type CommitOutcome,
  type HistoryReader,
  type HistorySample,
  type IncidentStore,
  type Lease,
  type Resolution,
} from './ports.js';
export { parseIncidentSettings, type IncidentSettings } from './settings.js';
export { stateVersion, type StoredState } from './state.js';
