export type { BaselineState } from './baseline-state.js';
export type { Baseline, BinShares, CountrySample } from './sample.js';
export { countryCodes, countryName, flagOf } from './names.js';
export type { CountryName } from './names.js';
