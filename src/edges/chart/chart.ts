import type { ChartInput } from './chart-input.js';
import { fixed, holesOf, stepPath, stretchesOf } from './step-line.js';
import type { Scale, Stretch } from './step-line.js';
import { dayOf, daysOf, durationOf, timeOf, timeTicks } from './time-axis.js';
import { dayMs } from '../../core/time.js';

/** Twice the width at which Discord shows it, for sharp screens. */
const size = { width: 1100, height: 520 };
const plot = { left: 96, right: 1004, top: 132, bottom: 432 };
/** The plot reaches a little above the baseline, so that a whole country's line does not run along its edge. */
const topShare = 1.08;
const mostTicks = 8;
/** Shares at whose height an outage's label may stand, best first. */
const labelHeights = [0.85, 0.62, 0.38, 0.13] as const;

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
  const lines = input.series.map((series, index): Line => {
    const stretches = stretchesOf(series.points, input.from, input.to);
    const colour = ink.series[index % ink.series.length];
    return { label: series.label, colour, stretches, paths: stretches.map((stretch) => stepPath(stretch, scale)) };
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${size.width}" height="${size.height}" ` +
      `viewBox="0 0 ${size.width} ${size.height}" font-family="DejaVu Sans">`,
    '<defs><linearGradient id="area" x1="0" y1="0" x2="0" y2="1"><stop offset="0" ' +
      `stop-color="${ink.series[0]}" stop-opacity="0.34"/>` +
      `<stop offset="1" stop-color="${ink.series[0]}" stop-opacity="0.06"/></linearGradient>` +
      `<pattern id="unmeasured" width="10" height="10" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">` +
      `<rect width="2" height="10" fill="${ink.muted}" fill-opacity="0.35"/></pattern></defs>`,
    `<rect width="${size.width}" height="${size.height}" fill="${ink.background}"/>`,
    `<rect x="${plot.left}" y="${plot.top}" width="${plot.right - plot.left}" ` +
      `height="${plot.bottom - plot.top}" fill="${ink.plot}"/>`,
    ...heading(input),
    ...(lines.length > 1 ? legend(lines) : []),
    ...shareAxis(scale),
    ...timeAxis(input, scale),
    ...input.outages.flatMap((outage) => band(outage, input, scale)),
    ...unmeasured(lines, input, scale),
    ...lines.slice(0, 1).flatMap((line) => areas(line, scale)),
    ...baseline(scale),
    ...lines.flatMap(strokes),
    ...input.outages.flatMap((outage) => bandLabel(outage, lines, input, scale)),
    ...lastValues(lines, input, scale),
    `<text x="${plot.left}" y="502" font-size="18" fill="${ink.muted}">` +
      `Share of usual address space visible in BGP · ${escaped(input.source)}</text>`,
    `<text x="${plot.right}" y="502" font-size="18" fill="${ink.muted}" ` +
      `text-anchor="end">${daysOf(input.from, input.to)}, UTC</text>`,
    '</svg>',
  ].join('\n');
}

type Outage = ChartInput['outages'][number];

interface Line {
  readonly label: string;
  readonly colour: string;
  readonly stretches: readonly Stretch[];
  /** The SVG path of each stretch. */
  readonly paths: readonly string[];
}

function heading(input: ChartInput): string[] {
  const room = size.width - 2 * 40;
  const subtitleRoom = room - (input.series.length > 1 ? 260 : 0);
  return [
    `<text x="40" y="58" font-size="${fittingSize(input.title, 36, 0.7, room)}" font-weight="bold" ` +
      `fill="${ink.title}">` +
      `${escaped(input.title)}</text>`,
    `<text x="40" y="98" font-size="${fittingSize(input.subtitle, 24, 0.62, subtitleRoom)}" fill="${ink.text}">` +
      `${escaped(input.subtitle)}</text>`,
  ];
}

/** The font size at which a text of that many characters fits, given its usual em per character. */
function fittingSize(text: string, usual: number, emPerCharacter: number, room: number): string {
  return fixed(Math.min(usual, room / (emPerCharacter * Math.max(1, text.length))));
}

function legend(lines: readonly Line[]): string[] {
  return lines.flatMap(({ label, colour }, index) => {
    const x = plot.right - (lines.length - index) * 124 + 70;
    return [
      `<line x1="${x - 40}" y1="90" x2="${x - 8}" y2="90" stroke="${colour}" stroke-width="5" stroke-linecap="round"/>`,
      `<text x="${x}" y="98" font-size="22" fill="${ink.text}">${escaped(label)}</text>`,
    ];
  });
}

function shareAxis(scale: Scale): string[] {
  return [0, 0.25, 0.5, 0.75, 1].flatMap((share) => {
    const y = fixed(scale.y(share));
    const line =
      `<line x1="${plot.left}" y1="${y}" x2="${plot.right}" ` + `y2="${y}" stroke="${ink.grid}" stroke-width="1.5"/>`;
    const label =
      `<text x="${plot.left - 12}" y="${fixed(scale.y(share) + 8)}" font-size="21" fill="${ink.text}" ` +
      'text-anchor="end">' +
      `${share * 100} %</text>`;
    return share < 1 ? [line, label] : [label];
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
  return [
    `<line x1="${plot.left}" y1="${y}" x2="${plot.right}" y2="${y}" stroke="${ink.muted}" stroke-width="2" ` +
      'stroke-dasharray="9 7"/>',
  ];
}

/** Left and right edge of an outage in the picture, at least 3 wide; null when it lies outside the range. */
function edges(outage: Outage, input: ChartInput, scale: Scale): { left: number; right: number } | null {
  if (outage.from >= input.to || (outage.to !== null && outage.to <= input.from)) return null;
  const left = Math.min(scale.x(outage.from), plot.right - 3);
  return { left, right: Math.max(left + 3, scale.x(outage.to ?? input.to)) };
}

function band(outage: Outage, input: ChartInput, scale: Scale): string[] {
  const at = edges(outage, input, scale);
  if (at === null) return [];
  const height = plot.bottom - plot.top;
  const edge = (x: number): string =>
    `<rect x="${fixed(x)}" y="${plot.top}" width="2" height="${height}" fill="${ink.outage}" fill-opacity="0.75"/>`;
  return [
    `<rect x="${fixed(at.left)}" y="${plot.top}" width="${fixed(at.right - at.left)}" height="${height}" ` +
      `fill="${ink.outage}" fill-opacity="0.18"/>`,
    ...(outage.from >= input.from ? [edge(at.left)] : []),
    ...(outage.to !== null && outage.to <= input.to ? [edge(at.right - 2)] : []),
  ];
}

/**
 * How long it lasted, or since when it lasts, where the band has room for it: at the height that the lines leave free.
 */
function bandLabel(outage: Outage, lines: readonly Line[], input: ChartInput, scale: Scale): string[] {
  const at = edges(outage, input, scale);
  if (at === null) return [];
  const today = input.to - outage.from < dayMs;
  const start = today ? timeOf(outage.from) : `${dayOf(outage.from)} ${timeOf(outage.from)}`;
  const text = outage.to === null ? `since ${start}` : durationOf(outage.from, outage.to);
  const [half, centre] = [(text.length * 11.7) / 2, (at.left + at.right) / 2];
  if (at.right - at.left < 2 * half + 8) return [];
  const beside = lines
    .flatMap(({ stretches }) => stretches)
    .flatMap((stretch) => sharesBetween(stretch, scale, centre - half, centre + half));
  const clearance = (height: number): number => Math.min(1, ...beside.map((share) => Math.abs(share - height)));
  const height = labelHeights.find((candidate) => clearance(candidate) > 0.1) ?? labelHeights[0];
  return [
    `<text x="${fixed(centre)}" y="${fixed(scale.y(height) + 7)}" font-size="20" font-weight="bold" ` +
      `fill="${ink.outageText}" ` +
      `stroke="${ink.plot}" stroke-width="5" stroke-opacity="0.55" stroke-linejoin="round" paint-order="stroke" ` +
      `text-anchor="middle">${text}</text>`,
  ];
}

/** The values that a stretch takes between two places of the picture. */
function sharesBetween(stretch: Stretch, scale: Scale, left: number, right: number): number[] {
  if (scale.x(stretch.end) < left) return [];
  const before = stretch.points.findLast((point) => scale.x(point.at) < left);
  const within = stretch.points.filter((point) => scale.x(point.at) >= left && scale.x(point.at) <= right);
  return [...(before === undefined ? [] : [before]), ...within].map((point) => point.share);
}

function unmeasured(lines: readonly Line[], input: ChartInput, scale: Scale): string[] {
  const holes = holesOf(
    lines.flatMap((line) => line.stretches),
    input.from,
    input.to,
  );
  return holes.flatMap((hole) => {
    const [left, width] = [scale.x(hole.from), scale.x(hole.to) - scale.x(hole.from)];
    if (width < 2) return [];
    const place = `x="${fixed(left)}" y="${plot.top}" width="${fixed(width)}" height="${plot.bottom - plot.top}"`;
    const label =
      `<text x="${fixed(left + width / 2)}" y="${fixed(scale.y(0.5) + 7)}" font-size="20" fill="${ink.text}" ` +
      `text-anchor="middle" stroke="${ink.plot}" stroke-width="8" stroke-linejoin="round" ` +
      'paint-order="stroke">no data</text>';
    return [`<rect ${place} fill="url(#unmeasured)"/>`, ...(width > 110 ? [label] : [])];
  });
}

function areas(line: Line, scale: Scale): string[] {
  return line.stretches.map(
    ({ points }, index) =>
      `<path d="${line.paths[index]}V${plot.bottom}H${fixed(scale.x(points[0].at))}Z" fill="url(#area)"/>`,
  );
}

function strokes({ paths, colour }: Line): string[] {
  const style = `fill="none" stroke="${colour}" stroke-width="3" stroke-linejoin="round" stroke-linecap="round"`;
  return paths.map((path) => `<path d="${path}" ${style}/>`);
}

/** Where each line stands at the right edge, in numbers, if it reaches there. */
function lastValues(lines: readonly Line[], input: ChartInput, scale: Scale): string[] {
  const ends = lines.flatMap(({ colour, stretches }) => {
    const stretch = stretches.at(-1);
    const point = stretch?.points.at(-1);
    if (stretch === undefined || point === undefined || input.to - stretch.end > (input.to - input.from) / 100)
      return [];
    return [{ colour, share: point.share, x: scale.x(stretch.end), y: scale.y(point.share) }];
  });
  ends.sort((a, b) => a.y - b.y);
  let free = -Infinity;
  return ends.flatMap(({ colour, share, x, y }) => {
    const labelY = Math.max(y, free);
    free = labelY + 26;
    return [
      `<circle cx="${fixed(x)}" cy="${fixed(y)}" r="6" fill="${colour}" stroke="${ink.background}" ` +
        'stroke-width="2.5"/>',
      `<text x="${plot.right + 12}" y="${fixed(labelY + 8)}" font-size="21" font-weight="bold" fill="${colour}">` +
        `${escaped(percent(share))}</text>`,
    ];
  });
}

/** "41 %". Neither a trace is called nothing nor a part the whole. */
export function percent(share: number): string {
  if (share > 0 && share < 0.01) return '<1 %';
  return `${share < 1 ? Math.min(99, Math.round(share * 100)) : 100} %`;
}

function escaped(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}
