export { confirmedLevel, decisionOf, dueAt, fallTimes, isRising, type Counted, type Decision } from './decision.js';
export { legalMoves, levelRank, type Level, type Trouble } from './level.js';
export type { Left, Reason, Steady } from './reason.js';
export { parseDetectorSettings, type DetectorSettings } from './settings.js';
export { initialDetectorState, isSettled, type DetectorState, type TroubledState } from './state.js';
export { decide, isJudged, observe, step, unrestrained, type Observation, type Restraint } from './step.js';
