export type { BaselineState } from './baseline-state.js';
export type { Baseline, BinShares, CountrySample } from './sample.js';
