import type { PeerColumn } from './peer-column.js';

/** A prefix is up if `upFrom` voters or more see it, down if fewer than `downBelow` do. */
export interface Thresholds {
  readonly upFrom: number;
  readonly downBelow: number;
}

/** A verdict that would be another. `up`: what it would be. */
export interface ChangedVerdict {
  readonly id: number;
  readonly code: number;
  /** Origin ASN. */
  readonly origin: number;
  readonly up: boolean;
}

/** Some of the voters, and the thresholds without them. */
export interface VotersAside extends Thresholds {
  readonly columns: readonly PeerColumn[];
}

/**
 * Ids of the prefixes whose verdict would be another without these voters, for each set of them. Few verdicts are near
 * a threshold: only those are counted again, in one pass over the columns.
 */
export function verdictsChangedWithout(
  asides: readonly VotersAside[],
  counts: Uint16Array,
  verdicts: Uint8Array,
  size: number,
): number[][] {
  // A prefix that is down can come up only if none of the voters set aside see it; one that is up can go down only if
  // all of them do.
  const mayComeUpFrom = Math.min(...asides.map(({ upFrom }) => upFrom));
  const mayGoDownBelow = Math.max(...asides.map(({ downBelow, columns }) => downBelow + columns.length));
  const found: number[] = [];
  for (let id = 0; id < size; id++)
    if (verdicts[id] === 1 ? counts[id] < mayGoDownBelow : counts[id] >= mayComeUpFrom) found.push(id);
  const near = Uint32Array.from(found);
  const seen = new Uint16Array(near.length);
  for (let place = 0; place < near.length; place++) seen[place] = counts[near[place]];
  return asides.map(({ columns, upFrom, downBelow }) => {
    const left = seen.slice();
    for (const column of columns) column.takeFrom(left, near);
    return found.filter((id, place) => (verdicts[id] === 1 ? left[place] < downBelow : left[place] >= upFrom));
  });
}
