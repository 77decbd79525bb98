export { legalMoves, levelRank, type Level, type Size, type Trouble } from './level.js';
export type { Entered, InstabilityBefore, Left, Reason, Steady, Unjudged } from './reason.js';
export { parseDetectorSettings, type DetectorSettings } from './settings.js';
export { initialDetectorState, isSettled, type DetectorState, type NormalState, type TroubledState } from './state.js';
export { step } from './step.js';
