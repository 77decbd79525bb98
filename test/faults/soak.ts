/**
 * npm run soak: every schedule of the first seeds (500, or as many as are named) in event time, then some through real
 * sockets and processes.
 *
 *     npm run soak -- 100                 the first hundred
 *     npm run soak -- --seed 17 --outage  one, with its log (--quiet: without the outage)
 *     npm run soak -- --sockets [seeds]   only those through sockets
 *     npm run soak -- --live [minutes]    20,000 messages a second into the service, 30 minutes unless named
 */
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { liveSoak } from './process/live-soak.js';
import { jobsOf, playAll, report } from './play.js';
import { playThroughSockets } from './process/socket-schedule.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seed: { type: 'string' },
    outage: { type: 'boolean' },
    quiet: { type: 'boolean' },
    sockets: { type: 'boolean' },
    live: { type: 'boolean' },
  },
});
const number = (text: string | undefined, otherwise: number): number => {
  const value = Number(text ?? otherwise);
  if (!(value > 0)) throw new Error(`expected a positive number, got ${String(text)}`);
  return value;
};
const say = (text: string): void => void process.stdout.write(`${text}\n`);

if (values.live === true) process.exitCode = (await liveSoak(number(positionals[0], 30), say)) ? 0 : 1;
else if (values.seed !== undefined) process.exitCode = (await one(number(values.seed, 1))) ? 0 : 1;
else if (values.sockets === true) process.exitCode = (await throughSockets(number(positionals[0], 20))) ? 0 : 1;
else {
  const inEventTime = await many(number(positionals[0], 500));
  process.exitCode = (await throughSockets(20)) && inEventTime ? 0 : 1;
}

async function many(count: number): Promise<boolean> {
  const startedAt = performance.now();
  const jobs = jobsOf(Array.from({ length: count }, (_, index) => index + 1));
  let done = 0;
  const outcomes = await playAll(jobs, cpus().length, (outcome) => {
    if (outcome.wrongs.length > 0) say(`\n${report(outcome)}\n`);
    if (++done % 50 === 0)
      say(`${((performance.now() - startedAt) / 1000).toFixed(0).padStart(5)} s  ${done} of ${jobs.length} played`);
  });
  const sum = (of: 'outages' | 'found' | 'notices' | 'hours'): number =>
    outcomes.reduce((total, outcome) => total + outcome[of], 0);
  const failed = outcomes.filter(({ wrongs }) => wrongs.length > 0);
  say(
    `${count} schedules, each with and without an outage: ${sum('hours').toFixed(0)} h of event time, ` +
      `${sum('found')} of ${sum('outages')} outages found, ${sum('notices')} notices, ${failed.length} failed`,
  );
  if (failed.length > 0)
    say(
      `failed: ${failed.map(({ seed, withOutage }) => `${seed}${withOutage ? ' --outage' : ' --quiet'}`).join(', ')}`,
    );
  return failed.length === 0;
}

async function one(seed: number): Promise<boolean> {
  const { wrongs } = await import('./oracle.js');
  const { runSchedule } = await import('./run.js');
  const { createSchedule, describe } = await import('./schedule.js');
  let well = true;
  for (const withOutage of values.outage === true ? [true] : values.quiet === true ? [false] : [false, true]) {
    const schedule = createSchedule(seed, withOutage);
    const log = await runSchedule(schedule, true);
    const wrong = wrongs(schedule, log);
    say(
      [
        ...log.lines,
        '',
        describe(schedule),
        ...wrong.map((text) => `  - ${text}`),
        wrong.length === 0 ? 'well' : 'failed',
      ].join('\n'),
    );
    well &&= wrong.length === 0;
  }
  return well;
}

async function throughSockets(count: number): Promise<boolean> {
  let failed = 0;
  for (let seed = 1; seed <= count; seed++) {
    const startedAt = performance.now();
    const { wrongs: found, words } = await playThroughSockets(seed);
    say(
      `${((performance.now() - startedAt) / 1000).toFixed(1).padStart(6)} s  sockets, seed ${seed}: ` +
        `${words}${found.map((text) => `\n  - ${text}`).join('')}`,
    );
    if (found.length > 0) failed++;
  }
  say(`${count} schedules through sockets and processes: ${failed} failed`);
  return failed === 0;
}
