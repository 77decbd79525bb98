/**
 * A process without a loader that plays the schedules its parent names, one after the other, and reports what was
 * wrong.
 */
import { wrongs } from './oracle.js';
import { runSchedule } from './run.js';
import { createSchedule, describe } from './schedule.js';

export interface Job {
  readonly seed: number;
  readonly withOutage: boolean;
}

export interface Outcome extends Job {
  /** Sentences; empty if all is well. */
  readonly wrongs: readonly string[];
  readonly schedule: string;
  readonly outages: number;
  /** Outages that an alert told. */
  readonly found: number;
  readonly notices: number;
  /** In event time. */
  readonly hours: number;
}

async function play({ seed, withOutage }: Job): Promise<Outcome> {
  const schedule = createSchedule(seed, withOutage);
  const log = await runSchedule(schedule);
  const told = log.told.map(({ event }) => event);
  return {
    seed,
    withOutage,
    wrongs: wrongs(schedule, log),
    schedule: describe(schedule),
    outages: schedule.outages.length,
    found: schedule.outages.filter(({ country }) =>
      told.some((event) => event.country === country && event.kind === 'opened'),
    ).length,
    notices: told.filter(({ kind }) => kind === 'notice').length,
    hours: (schedule.to - schedule.from) / 3_600_000,
  };
}

process.on('message', (job: Job) => {
  play(job).then(
    (outcome) => process.send?.(outcome),
    (error: unknown) =>
      process.send?.({
        ...job,
        wrongs: [`it fell: ${(error as Error).stack ?? String(error)}`],
        schedule: describe(createSchedule(job.seed, job.withOutage)),
        outages: 0,
        found: 0,
        notices: 0,
        hours: 0,
      } satisfies Outcome),
  );
});
process.once('disconnect', () => process.exit());
