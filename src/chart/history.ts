import { rowValues, unknownValue } from '../incidents/index.js';
import type { HistorySample } from '../incidents/index.js';
import type { ChartPoint } from './chart-input.js';

/** The points of one family's line from a country's history rows, as shares of `baseline` units (above 0). */
export function pointsOf(samples: readonly HistorySample[], family: 'ipv4' | 'ipv6', baseline: number): ChartPoint[] {
  const column = rowValues.indexOf(family === 'ipv4' ? 'units4' : 'units6');
  return samples.map(({ at, values }) => ({ at, share: values[column] === unknownValue ? null : values[column] / baseline }));
}
