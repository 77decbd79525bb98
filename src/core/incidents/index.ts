export { combine, singlesOf } from './combined.js';
export { isOver, shareOf } from './event.js';
export type { EventCountry, EventKind, IncidentEvent, OtherFamily } from './event.js';
export { createNotice } from './event-facts.js';
export { fold, type FoldInput } from './fold.js';
export { askAdoption, closedAt, initialIncidentState, openFamilies, type IncidentState } from './incident.js';
export {
  historyRules,
  type Commit,
  type CommitOutcome,
  type HistoryReader,
  type IncidentStore,
  type Lease,
  type StateReader,
} from './ports.js';
export type { NetworkChange } from '../countries/index.js';
export { needsNetworks, networksOfEvent, Records, type Measured } from './records.js';
export type {
  CountryRecord,
  FamilyHealth,
  FamilyRecord,
  FeedHealth,
  RegistryName,
  StandingImpairment,
} from './record.js';
export { parseIncidentSettings, type IncidentSettings } from './settings.js';
export { stateVersion, type StoredState } from './state.js';
