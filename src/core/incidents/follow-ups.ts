import type { IncidentSettings } from './settings.js';

/** The last follow-up due `elapsedMs` after the clock's start, as time after it; 0 before the first. */
export function followUpDue(elapsedMs: number, { followUp }: IncidentSettings): number {
  const { firstMs, secondMs, thirdMs, dailyMs, dailyUntilMs, weeklyMs } = followUp;
  if (elapsedMs >= dailyMs) {
    return elapsedMs < dailyUntilMs
      ? Math.floor(elapsedMs / dailyMs) * dailyMs
      : dailyUntilMs + Math.floor((elapsedMs - dailyUntilMs) / weeklyMs) * weeklyMs;
  }
  return [thirdMs, secondMs, firstMs].find((dueMs) => elapsedMs >= dueMs) ?? 0;
}
