export { Guards, type Ruling, type Sight } from './guards.js';
export type { CountAgain, Recount } from './collector.js';
export type { AsOne, Hold, HoldCounts } from './hold.js';
export type { HeavyLosers } from './shared-as.js';
export { parseGuardSettings, type GuardSettings } from './settings.js';
export type { Watched } from './watched.js';
