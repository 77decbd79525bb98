export { renderChart } from './chart.js';
export type { ChartInput, ChartPoint } from './chart-input.js';
export { assertFonts, renderPng } from './png.js';
