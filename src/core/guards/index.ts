export { Guards, type Ruling, type Sight } from './guards.js';
export type { CountAgain, Recount } from './one-collector.js';
export { guardNames, type Combined, type GuardName, type Hold, type HoldCounts } from './hold.js';
export type { HeavyLosers } from './shared-as.js';
export { parseGuardSettings, type GuardSettings } from './settings.js';
export type { Watched } from './watched.js';
