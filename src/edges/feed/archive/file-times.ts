/** How update files, RIBs and the stream lie to one another in time. */
import type { UnixMillis } from '../../../core/bgp/index.js';
import { updatesFileMs } from './archive.js';

/** How far files and stream overlap where they meet. */
export const overlapMs = 1_000;
/** Before the last message that was heard there may be others, so much older, that were not. */
export const reorderMs = 2_000;
/** Between two looks for a file that is not published yet. */
const pollMs = 20_000;
/** A file not there so long after its end is taken for missing: RIS publishes a few minutes late. */
const missingAfterMs = 30 * 60_000;
/** RIS dumps a RIB every 8 hours (00, 08, 16 UTC) and needs a while for it. */
export const ribEveryMs = 8 * 3_600_000;
const ribReadyMs = 3_600_000;

/**
 * What was missed before then is in the newest RIB, or soon will be: reading hundreds of update files would not be
 * sooner.
 */
export const isTooOld = (from: UnixMillis, now: UnixMillis): boolean => now - from > ribEveryMs;

/** Start of the update file that holds what was said then. */
export const fileOf = (at: UnixMillis): UnixMillis => Math.floor(at / updatesFileMs) * updatesFileMs;

/** Of the update file that starts then. */
export const isMissing = (start: UnixMillis, now: UnixMillis): boolean => now > start + updatesFileMs + missingAfterMs;

/** Until it is worth asking (again) for the update file that starts then. */
export const untilNextLook = (start: UnixMillis, now: UnixMillis): number =>
  Math.max(pollMs, start + updatesFileMs - now);

/** The time of the newest RIB that should be there. */
export const newestRib = (now: UnixMillis): UnixMillis => Math.floor((now - ribReadyMs) / ribEveryMs) * ribEveryMs;

/** For logs. */
export const iso = (at: UnixMillis): string => (Number.isFinite(at) ? new Date(at).toISOString() : String(at));
