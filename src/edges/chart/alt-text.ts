import type { ChartInput, ChartPoint } from './chart-input.js';
import { percent } from './chart.js';
import { dayOf, daysOf, timeOf } from './time-axis.js';
import { clip } from '../../core/report/index.js';

/** What Discord takes as an attachment's description, in UTF-16 units (documentation, Attachment Object). */
const altTextLimit = 1024;
const mostOutages = 4;

/**
 * The chart in words, for who cannot see it: range, first, lowest and last value of each line, the outages. Plain text.
 */
export function chartAltText(input: ChartInput): string {
  const shown = input.outages.filter((outage) => outage.from < input.to && (outage.to ?? input.to) > input.from);
  const outages = shown
    .slice(-mostOutages)
    .map(({ from, to }) => `${moment(from)} to ${to === null ? 'now, still lasting' : moment(to)}`);
  const earlier = shown.length - outages.length;
  const sentences = [
    `Line chart, ${daysOf(input.from, input.to)} (UTC): ${input.title}`,
    input.subtitle,
    ...input.series.map(
      ({ label, points }) =>
        `${label}: ${course(points.filter((point) => point.at >= input.from && point.at <= input.to))}`,
    ),
    outages.length === 0 ? '' : `Outages: ${outages.join('; ')}${earlier > 0 ? `; and ${earlier} earlier` : ''}`,
  ];
  const text = sentences
    .filter((sentence) => sentence !== '')
    .map((sentence) => `${sentence.replace(/\.$/, '')}.`)
    .join(' ');
  return clip(text, altTextLimit);
}

function course(points: readonly ChartPoint[]): string {
  const measured = points.flatMap(({ at, share }) => (share === null ? [] : [{ at, share }]));
  const [first, last] = [measured.at(0), measured.at(-1)];
  if (first === undefined || last === undefined) return 'no data';
  const lowest = measured.reduce((low, point) => (point.share < low.share ? point : low));
  return (
    `${percent(first.share)} of the baseline at first, lowest ${percent(lowest.share)} at ` +
    `${moment(lowest.at)}, ${percent(last.share)} at last`
  );
}

/** "22 Dec 16:15". */
function moment(at: number): string {
  return `${dayOf(at)} ${timeOf(at)}`;
}
