export { chartAltText } from './alt-text.js';
export type { ChartInput, ChartPoint } from './chart-input.js';
export { renderChart } from './chart.js';
export { historyChart, type History, type Measure } from './history-chart.js';
export { assertFonts, renderPng } from './png.js';
