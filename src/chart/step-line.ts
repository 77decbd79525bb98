import type { ChartPoint } from './chart-input.js';

/** Where time and share fall in the picture. */
export interface Scale {
  readonly x: (at: number) => number;
  readonly y: (share: number) => number;
}

/** An unbroken stretch of measured points; `end` is how far its last value holds, Unix ms. */
export interface Stretch {
  readonly points: readonly { readonly at: number; readonly share: number }[];
  readonly end: number;
}

/** Rows this far apart still belong together whatever the usual distance: history of 1-min and 5-min rows may be mixed. */
const alwaysJoinedMs = 6 * 60_000;

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
  for (let i = 1; i < points.length; i++) distances.push((points[i]?.at ?? 0) - (points[i - 1]?.at ?? 0));
  distances.sort((a, b) => a - b);
  return distances[Math.floor(distances.length / 2)] ?? alwaysJoinedMs;
}

/**
 * The SVG path of a stretch as steps. However many points fall into one pixel column, it costs at most one horizontal and four
 * vertical moves: first, lowest, highest and last value of the column, so no dip is lost.
 */
export function stepPath(stretch: Stretch, scale: Scale): string {
  let path = '';
  let column = NaN;
  let [low, high, last] = [0, 0, 0];
  let drawn = NaN;
  const vertical = (share: number): void => {
    const y = scale.y(share);
    if (y !== drawn) path += `V${fixed(y)}`;
    drawn = y;
  };
  const leaveColumn = (): void => {
    if (Number.isNaN(column)) return;
    vertical(low);
    vertical(high);
    vertical(last);
  };
  for (const { at, share } of stretch.points) {
    const x = scale.x(at);
    if (Math.floor(x) === column) {
      low = Math.min(low, share);
      high = Math.max(high, share);
      last = share;
      continue;
    }
    leaveColumn();
    if (path === '') {
      drawn = scale.y(share);
      path = `M${fixed(x)} ${fixed(drawn)}`;
    } else if (scale.y(share) !== drawn) {
      path += `H${fixed(x)}`;
      vertical(share);
    }
    column = Math.floor(x);
    low = high = last = share;
  }
  leaveColumn();
  return `${path}H${fixed(scale.x(stretch.end))}`;
}

/** A coordinate with at most one decimal. */
export function fixed(value: number): string {
  return String(Math.round(value * 10) / 10);
}
