import { hourMs, minuteMs, secondMs } from '../../../core/time.js';

/**
 * Discord's documentation, Gateway, Session Start Limit: 1000 IDENTIFYs a day, and who sends more has its token reset.
 * A day of this many an hour stays well below.
 */
export const identifiesAnHour = 20;
const firstPauseMs = 30 * minuteMs;
const longestPauseMs = 6 * hourMs;
/** Session Start Limit, max_concurrency: one IDENTIFY in so long. */
const spacingMs = 5 * secondMs;

/** Counts sessions asked for, and says when to ask for no more. All times are wall clock, Unix ms. */
export interface IdentifyBudget {
  /** An IDENTIFY goes out. */
  spend(now: number): void;
  /** How many went out in the hour before `now`. */
  lastHour(now: number): number;
  /** How long to wait before the next, if the pace alone decides. */
  spacing(now: number): number;
  /** Too many in an hour: how long to pause, longer each time (30 min, 1 h, 2 h .. 6 h). null: go on. */
  pause(now: number): number | null;
  /** A session has held so long that the trouble is over: the next pause is a first one. */
  forgive(): void;
}

export function createIdentifyBudget(): IdentifyBudget {
  let spent: number[] = [];
  let pausedAt = Number.NEGATIVE_INFINITY;
  let pauses = 0;
  const since = (from: number): number => spent.filter((at) => at > from).length;
  return {
    spend: (now) => {
      spent = [...spent.filter((at) => at > now - hourMs), now];
    },
    lastHour: (now) => since(now - hourMs),
    spacing: (now) => Math.max(0, (spent.at(-1) ?? Number.NEGATIVE_INFINITY) + spacingMs - now),
    pause: (now) => {
      if (since(Math.max(pausedAt, now - hourMs)) < identifiesAnHour) return null;
      pausedAt = now;
      return Math.min(longestPauseMs, firstPauseMs * 2 ** pauses++);
    },
    forgive: () => {
      pauses = 0;
    },
  };
}
