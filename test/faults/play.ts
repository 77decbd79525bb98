/** Plays schedules in worker processes, a given number at a time. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { bundle } from '../support/process/bundle.js';
import type { Job, Outcome } from './schedule-worker.js';

/** Both versions of each seed: without and with an outage. */
export function jobsOf(seeds: readonly number[]): Job[] {
  return seeds.flatMap((seed) => [
    { seed, withOutage: false },
    { seed, withOutage: true },
  ]);
}

export async function playAll(
  jobs: readonly Job[],
  processes: number,
  onOutcome: (outcome: Outcome) => void = () => undefined,
): Promise<Outcome[]> {
  const bundled = await bundle(new URL('./schedule-worker.ts', import.meta.url).href);
  const waiting = [...jobs];
  const outcomes: Outcome[] = [];
  try {
    await Promise.all(
      Array.from({ length: Math.min(processes, jobs.length) }, async () => {
        const worker = fork(bundled.script, [], { execArgv: ['--enable-source-maps'] });
        try {
          for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) {
            worker.send(job);
            const [outcome] = (await Promise.race([once(worker, 'message'), died(worker)])) as [Outcome];
            outcomes.push(outcome);
            onOutcome(outcome);
          }
        } finally {
          worker.disconnect();
        }
      }),
    );
  } finally {
    bundled.remove();
  }
  return outcomes;
}

async function died(worker: ReturnType<typeof fork>): Promise<never> {
  const [code, signal] = (await once(worker, 'exit')) as [number | null, string | null];
  throw new Error(`a worker ended: ${String(signal ?? code)}`);
}

/** What a person needs to know about a schedule that failed. */
export function report({ seed, withOutage, wrongs, schedule }: Outcome): string {
  return [
    `seed ${seed} failed:`,
    ...wrongs.map((wrong) => `  - ${wrong}`),
    schedule,
    `  again: npm run soak -- --seed ${seed}${withOutage ? ' --outage' : ' --quiet'}`,
  ].join('\n');
}
