export { EventTime } from './event-time.js';
export type { VerdictSink } from './route-table.js';
export { parseTableSettings } from './settings.js';
export type { TableSettings } from './settings.js';
export { Table } from './table.js';
export { describeUsability } from './usability.js';
export type { Usability } from './usability.js';
export type { Turned } from './without.js';
