import type { UnixMillis } from '../../../core/bgp/index.js';
import { bviewPath, updatesFileMs, updatesPath } from './archive.js';
import { ribEveryMs } from './file-times.js';
import { hourMs, minuteMs } from '../../../core/time.js';

/** A RIB older than this is not worth loading: too many updates would have to be fetched after it. */
const ribOldestMs = 24 * hourMs;
/** Update files were of 15 minutes before 23 July 2003, as RIPE says of its raw data. */
const quarterHoursUntil = Date.UTC(2003, 6, 23);

/** A file of the archive, and the time in its name. */
export interface DatedFile {
  readonly path: string;
  readonly at: UnixMillis;
}

/**
 * Names under which a collector's newest RIB at or before `from` may stand, the newest first, to be tried one after the
 * other. Dumps of older years are named by the minute before (bview.20100701.0759.gz, .2359.gz).
 */
export function ribsBefore(collector: string, from: UnixMillis): DatedFile[] {
  const files: DatedFile[] = [];
  for (
    let nominal = Math.ceil((from + minuteMs) / ribEveryMs) * ribEveryMs;
    nominal >= from - ribOldestMs;
    nominal -= ribEveryMs
  ) {
    for (const at of [nominal, nominal - minuteMs]) {
      if (at <= from && at >= from - ribOldestMs) files.push({ path: bviewPath(collector, at), at });
    }
  }
  return files;
}

/** The update files that hold what was said from `from` until before `to`, in order. */
export function updatesBetween(
  collector: string,
  from: UnixMillis,
  to: UnixMillis,
): (DatedFile & { readonly end: UnixMillis })[] {
  const files: (DatedFile & { end: UnixMillis })[] = [];
  const stepAt = (at: UnixMillis): number => (at < quarterHoursUntil ? 3 * updatesFileMs : updatesFileMs);
  for (let at = Math.floor(from / stepAt(from)) * stepAt(from); at < to; at += stepAt(at)) {
    files.push({ path: updatesPath(collector, at), at, end: at + stepAt(at) });
  }
  return files;
}
