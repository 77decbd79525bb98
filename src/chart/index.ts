export { chartAltText } from './alt-text.js';
export type { ChartInput, ChartPoint } from './chart-input.js';
export { renderChart } from './chart.js';
export { assertFonts, renderPng } from './png.js';
