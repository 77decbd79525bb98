import { rowValues, unknownValue, type HistoryRow } from '../../core/countries/index.js';
import { historyRules } from '../../core/incidents/index.js';
import type { ChartInput, ChartPoint } from './chart-input.js';
import { familyNames, type Family } from '../../core/bgp/index.js';

/** What one family had at one time, fresher than the last row. */
export interface Measure {
  /** Unix ms. */
  readonly at: number;
  /** /24s or /48s. */
  readonly units: number;
}

/** A country's history as it is stored, and what is to be seen of it. Times are Unix ms. */
export interface History {
  readonly title: string;
  readonly subtitle: string;
  readonly source: string;
  readonly from: number;
  readonly to: number;
  /** Rows of the range, oldest first. */
  readonly minutes: readonly HistoryRow[];
  readonly bins: readonly HistoryRow[];
  /** Those to be drawn, with their baseline in /24s or /48s. */
  readonly families: readonly { readonly family: Family; readonly baseline: number; readonly latest: Measure | null }[];
  /** `to` null: it still lasts. They may overlap. */
  readonly outages: ChartInput['outages'];
}

const columns = { ipv4: rowValues.indexOf('units4'), ipv6: rowValues.indexOf('units6') } as const;

/** What a chart shows of stored history; null where nothing was measured in the range. */
export function historyChart(history: History): ChartInput | null {
  const rows = rowsOf(history);
  const series = history.families.flatMap(({ family, baseline, latest }) => {
    if (baseline <= 0) return [];
    const points = rows.map(({ at, values }): ChartPoint => shareAt(at, values[columns[family]], baseline));
    if (latest !== null && latest.at <= history.to && latest.at > (points.at(-1)?.at ?? -Infinity))
      points.push(shareAt(latest.at, latest.units, baseline));
    return points.some(({ share }) => share !== null) ? [{ label: familyNames[family], points }] : [];
  });
  if (series.length === 0) return null;
  const { title, subtitle, source, from, to } = history;
  return { title, subtitle, source, from, to, series, outages: joined(history.outages) };
}

function shareAt(at: number, units: number, baseline: number): ChartPoint {
  return { at, share: units === unknownValue ? null : units / baseline };
}

/** Minutes as long as they are kept, with bins where no minute was written; beyond that bins alone. */
function rowsOf({ from, to, minutes, bins }: History): HistoryRow[] {
  const isInRange = ({ at }: HistoryRow): boolean => at >= from && at <= to;
  if (to - from > historyRules.minute.keepMs) return bins.filter(isInRange);
  const { stepMs } = historyRules.bin;
  const covered = new Set(minutes.map(({ at }) => at - (at % stepMs)));
  return [...minutes, ...bins.filter(({ at }) => !covered.has(at))].filter(isInRange).sort((a, b) => a.at - b.at);
}

/** Outages that overlap are one band. */
function joined(outages: ChartInput['outages']): ChartInput['outages'] {
  const bands: { from: number; to: number | null }[] = [];
  for (const { from, to } of [...outages].sort((a, b) => a.from - b.from)) {
    const last = bands.at(-1);
    if (last === undefined || (last.to !== null && last.to < from)) bands.push({ from, to });
    else last.to = last.to === null || to === null ? null : Math.max(last.to, to);
  }
  return bands;
}
