import type { ChartInput } from './chart-input.js';
import { fixed, stepPath, stretchesOf } from './step-line.js';
import type { Scale, Stretch } from './step-line.js';
import { daysOf, durationOf, timeOf, timeTicks } from './time-axis.js';

/** Twice the width at which Discord shows it, for sharp screens. */
const size = { width: 1100, height: 520 };
const plot = { left: 96, right: 1012, top: 132, bottom: 432 };
/** The plot reaches a little above the baseline, so that a whole country's line does not run along its edge. */
const topShare = 1.08;
const mostTicks = 8;

const ink = {
  background: '#2b2d31',
  plot: '#232428',
  grid: '#3a3c42',
  title: '#f2f3f5',
  text: '#c4c9d0',
  muted: '#949ba4',
  outage: '#f23f43',
  outageText: '#ffb3b5',
  series: ['#5aa9ff', '#f5b13d'],
} as const;

/** A chart of the share of a country's baseline that was visible over time, as SVG text. Same input, same text. */
export function renderChart(input: ChartInput): string {
  const range = Math.max(1, input.to - input.from);
  const scale: Scale = {
    x: (at) => plot.left + (Math.min(Math.max(at - input.from, 0), range) / range) * (plot.right - plot.left),
    y: (share) => plot.bottom - (Math.min(Math.max(share, 0), topShare) / topShare) * (plot.bottom - plot.top),
  };
  const lines = input.series.map((series, index) => ({
    label: series.label,
    colour: ink.series[index % ink.series.length] ?? ink.text,
    stretches: stretchesOf(series.points, input.from, input.to),
  }));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${size.width}" height="${size.height}" viewBox="0 0 ${size.width} ${size.height}" font-family="DejaVu Sans">`,
    `<defs><linearGradient id="area" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="${ink.series[0]}" stop-opacity="0.34"/>` +
      `<stop offset="1" stop-color="${ink.series[0]}" stop-opacity="0.06"/></linearGradient></defs>`,
    `<rect width="${size.width}" height="${size.height}" fill="${ink.background}"/>`,
    `<rect x="${plot.left}" y="${plot.top}" width="${plot.right - plot.left}" height="${plot.bottom - plot.top}" fill="${ink.plot}"/>`,
    ...heading(input),
    ...(lines.length > 1 ? legend(lines) : []),
    ...shareAxis(scale),
    ...timeAxis(input, scale),
    ...input.outages.flatMap((outage) => band(outage, input, scale)),
    ...areas(lines[0]?.stretches ?? [], scale),
    ...baseline(scale),
    ...lines.flatMap((line) => strokes(line, scale)),
    ...input.outages.flatMap((outage) => bandLabel(outage, input, scale)),
    ...lastValues(lines, input, scale),
    `<text x="${plot.left}" y="502" font-size="18" fill="${ink.muted}">Share of usual address space visible in BGP · RIPE NCC RIS</text>`,
    `<text x="${plot.right}" y="502" font-size="18" fill="${ink.muted}" text-anchor="end">${daysOf(input.from, input.to)}, UTC</text>`,
    '</svg>',
  ].join('\n');
}

interface Line {
  readonly label: string;
  readonly colour: string;
  readonly stretches: readonly Stretch[];
}

function heading(input: ChartInput): string[] {
  const room = size.width - 2 * 40;
  return [
    `<text x="40" y="58" font-size="${fittingSize(input.title, 36, 0.7, room)}" font-weight="bold" fill="${ink.title}">${escaped(input.title)}</text>`,
    `<text x="40" y="98" font-size="${fittingSize(input.subtitle, 24, 0.62, room - (input.series.length > 1 ? 260 : 0))}" fill="${ink.text}">${escaped(input.subtitle)}</text>`,
  ];
}

/** The font size at which a text of that many characters fits, given its usual em per character. */
function fittingSize(text: string, usual: number, emPerCharacter: number, room: number): string {
  return fixed(Math.min(usual, room / (emPerCharacter * Math.max(1, text.length))));
}

function legend(lines: readonly Line[]): string[] {
  return lines.flatMap(({ label, colour }, index) => {
    const x = plot.right - (lines.length - index) * 124 + 40;
    return [
      `<line x1="${x - 40}" y1="90" x2="${x - 8}" y2="90" stroke="${colour}" stroke-width="5" stroke-linecap="round"/>`,
      `<text x="${x}" y="98" font-size="22" fill="${ink.text}">${escaped(label)}</text>`,
    ];
  });
}

function shareAxis(scale: Scale): string[] {
  return [0, 0.25, 0.5, 0.75, 1].flatMap((share) => {
    const y = fixed(scale.y(share));
    const line = share < 1 ? [`<line x1="${plot.left}" y1="${y}" x2="${plot.right}" y2="${y}" stroke="${ink.grid}" stroke-width="1.5"/>`] : [];
    return [...line, `<text x="${plot.left - 12}" y="${fixed(scale.y(share) + 8)}" font-size="21" fill="${ink.text}" text-anchor="end">${share * 100} %</text>`];
  });
}

function timeAxis(input: ChartInput, scale: Scale): string[] {
  return timeTicks(input.from, input.to, mostTicks).flatMap(({ at, label, newDay }) => {
    const x = fixed(scale.x(at));
    const style = newDay ? `fill="${ink.title}" font-weight="bold"` : `fill="${ink.text}"`;
    return [
      `<line x1="${x}" y1="${plot.top}" x2="${x}" y2="${plot.bottom + 8}" stroke="${ink.grid}" stroke-width="1.5"/>`,
      `<text x="${x}" y="464" font-size="21" ${style} text-anchor="middle">${label}</text>`,
    ];
  });
}

function baseline(scale: Scale): string[] {
  const y = fixed(scale.y(1));
  return [`<line x1="${plot.left}" y1="${y}" x2="${plot.right}" y2="${y}" stroke="${ink.muted}" stroke-width="2" stroke-dasharray="9 7"/>`];
}

/** Left and right edge of an outage in the picture, at least 3 wide; null when it lies outside the range. */
function edges(outage: ChartInput['outages'][number], input: ChartInput, scale: Scale): { left: number; right: number } | null {
  if (outage.from >= input.to || (outage.to !== null && outage.to <= input.from)) return null;
  const left = Math.min(scale.x(outage.from), plot.right - 3);
  return { left, right: Math.max(left + 3, scale.x(outage.to ?? input.to)) };
}

function band(outage: ChartInput['outages'][number], input: ChartInput, scale: Scale): string[] {
  const at = edges(outage, input, scale);
  if (at === null) return [];
  const height = plot.bottom - plot.top;
  const edge = (x: number): string => `<rect x="${fixed(x)}" y="${plot.top}" width="2" height="${height}" fill="${ink.outage}" fill-opacity="0.75"/>`;
  return [
    `<rect x="${fixed(at.left)}" y="${plot.top}" width="${fixed(at.right - at.left)}" height="${height}" fill="${ink.outage}" fill-opacity="0.18"/>`,
    ...(outage.from >= input.from ? [edge(at.left)] : []),
    ...(outage.to !== null && outage.to <= input.to ? [edge(at.right - 2)] : []),
  ];
}

/** How long it lasted, or since when it lasts, where the band has room for it. */
function bandLabel(outage: ChartInput['outages'][number], input: ChartInput, scale: Scale): string[] {
  const at = edges(outage, input, scale);
  if (at === null) return [];
  const text = outage.to === null ? `since ${timeOf(outage.from)}` : durationOf(outage.to - outage.from);
  if (at.right - at.left < text.length * 13 + 16) return [];
  return [
    `<text x="${fixed((at.left + at.right) / 2)}" y="${fixed(scale.y(0.85) + 7)}" font-size="20" font-weight="bold" fill="${ink.outageText}" ` +
      `stroke="${ink.plot}" stroke-width="5" stroke-opacity="0.55" stroke-linejoin="round" paint-order="stroke" text-anchor="middle">${text}</text>`,
  ];
}

function areas(stretches: readonly Stretch[], scale: Scale): string[] {
  return stretches.flatMap((stretch) => {
    const start = stretch.points[0];
    if (start === undefined) return [];
    return [`<path d="${stepPath(stretch, scale)}V${plot.bottom}H${fixed(scale.x(start.at))}Z" fill="url(#area)"/>`];
  });
}

function strokes(line: Line, scale: Scale): string[] {
  return line.stretches.map(
    (stretch) => `<path d="${stepPath(stretch, scale)}" fill="none" stroke="${line.colour}" stroke-width="3.5" stroke-linejoin="round" stroke-linecap="round"/>`,
  );
}

/** Where each line stands at the right edge, in numbers, if it reaches there. */
function lastValues(lines: readonly Line[], input: ChartInput, scale: Scale): string[] {
  const ends = lines.flatMap(({ colour, stretches }) => {
    const stretch = stretches.at(-1);
    const point = stretch?.points.at(-1);
    if (stretch === undefined || point === undefined || input.to - stretch.end > (input.to - input.from) / 100) return [];
    return [{ colour, share: point.share, x: scale.x(stretch.end), y: scale.y(point.share) }];
  });
  ends.sort((a, b) => a.y - b.y);
  let free = -Infinity;
  return ends.flatMap(({ colour, share, x, y }) => {
    const labelY = Math.max(y, free);
    free = labelY + 26;
    return [
      `<circle cx="${fixed(x)}" cy="${fixed(y)}" r="6" fill="${colour}" stroke="${ink.background}" stroke-width="2.5"/>`,
      `<text x="${plot.right + 14}" y="${fixed(labelY + 8)}" font-size="21" font-weight="bold" fill="${colour}">${percent(share)}</text>`,
    ];
  });
}

/** "41 %". Neither a trace is called nothing nor a part the whole. */
export function percent(share: number): string {
  if (share > 0 && share < 0.01) return '<1 %'.replace('<', '&lt;');
  return `${share < 1 ? Math.min(99, Math.round(share * 100)) : 100} %`;
}

function escaped(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}
