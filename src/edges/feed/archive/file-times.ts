/** When update files and RIBs are published, and how files and stream overlap. */
import type { UnixMillis } from '../../../core/bgp/index.js';
import { updatesFileMs } from './archive.js';

/** How far files and stream overlap where they meet. */
export const overlapMs = 1_000;
/** Messages arrive out of order: one that is this much older than the last may not have been heard. */
export const reorderMs = 2_000;
/** Between two looks for a file that is not published yet. */
const pollMs = 20_000;
/** A file that is not there this long after its end counts as missing: RIS publishes a few minutes late. */
const missingAfterMs = 30 * 60_000;
/** RIS dumps a RIB every 8 hours (00, 08, 16 UTC) and needs a while for it. */
export const ribEveryMs = 8 * 3_600_000;
const ribReadyMs = 3_600_000;

/** Rows missed since then are in the newest RIB, or soon will be: that is faster than hundreds of update files. */
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
