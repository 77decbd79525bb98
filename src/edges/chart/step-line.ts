import type { ChartPoint } from './chart-input.js';
import { minuteMs } from '../../core/time.js';

/** Where time and share fall in the picture. */
export interface Scale {
  readonly x: (at: number) => number;
  readonly y: (share: number) => number;
}

/** An unbroken stretch of measured points, one at least; `end` is how far its last value holds, Unix ms. */
export interface Stretch {
  readonly points: readonly { readonly at: number; readonly share: number }[];
  readonly end: number;
}

/**
 * Rows this far apart still belong together whatever the usual distance: history of 1-min and 5-min rows may be mixed.
 */
const alwaysJoinedMs = 6 * minuteMs;

/** The stretches of points within from..to: a null, or a hole of more than 2.5 usual distances, ends one. */
export function stretchesOf(points: readonly ChartPoint[], from: number, to: number): Stretch[] {
  const inside = points.filter((point) => point.at >= from && point.at <= to);
  const usual = medianDistance(inside);
  const reach = Math.max(2.5 * usual, alwaysJoinedMs);
  const stretches: Stretch[] = [];
  let open: { at: number; share: number }[] = [];
  const close = (end: number): void => {
    if (open.length > 0) stretches.push({ points: open, end: Math.min(to, end) });
    open = [];
  };
  let last = -Infinity;
  for (const { at, share } of inside) {
    if (at - last > reach) close(last + usual);
    if (share === null) close(at);
    else open.push({ at, share });
    last = at;
  }
  close(last + usual);
  return stretches;
}

function medianDistance(points: readonly ChartPoint[]): number {
  const distances: number[] = [];
  for (let i = 1; i < points.length; i++) distances.push(points[i].at - points[i - 1].at);
  distances.sort((a, b) => a - b);
  return distances.at(Math.floor(distances.length / 2)) ?? alwaysJoinedMs;
}

/**
 * The SVG path of a stretch as steps. However many points fall into one pixel column, it costs at most one horizontal
 * and four vertical moves: first, lowest, highest and last value of the column, so no dip is lost.
 */
export function stepPath(stretch: Stretch, scale: Scale): string {
  const start = stretch.points[0];
  let pen = scale.y(start.share);
  let path = `M${fixed(scale.x(start.at))} ${fixed(pen)}`;
  let column: { x: number; first: number; low: number; high: number; last: number } | null = null;
  const draw = (): void => {
    if (column === null) return;
    const { x, first, low, high, last } = column;
    const turns = [first, low, high, last].map(scale.y).filter((y, i, all) => y !== (i === 0 ? pen : all[i - 1]));
    if (turns.length === 0) return;
    path += `H${fixed(x)}${turns.map((y) => `V${fixed(y)}`).join('')}`;
    pen = scale.y(last);
  };
  for (const { at, share } of stretch.points) {
    const x = scale.x(at);
    if (column !== null && Math.floor(x) === Math.floor(column.x)) {
      column.low = Math.min(column.low, share);
      column.high = Math.max(column.high, share);
      column.last = share;
      continue;
    }
    draw();
    column = { x, first: share, low: share, high: share, last: share };
  }
  draw();
  return `${path}H${fixed(scale.x(stretch.end))}`;
}

/** The times within from..to that no stretch covers. */
export function holesOf(stretches: readonly Stretch[], from: number, to: number): { from: number; to: number }[] {
  const holes: { from: number; to: number }[] = [];
  let covered = from;
  const starting = stretches.map(({ points, end }) => ({ start: points[0].at, end })).sort((a, b) => a.start - b.start);
  for (const { start, end } of [...starting, { start: to, end: to }]) {
    if (start > covered) holes.push({ from: covered, to: start });
    covered = Math.max(covered, end);
  }
  return holes;
}

/** A coordinate with at most one decimal. */
export function fixed(value: number): string {
  return String(Math.round(value * 10) / 10);
}
