/**
 * A thousand seeded schedules of faults: every channel gets each message once and in order, whatever fails in Discord,
 * the store or the bot.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { bundle } from '../../../support/process/bundle.js';
import type { Tally } from './schedule-worker.js';
import { times } from '../../../support/long.js';

const schedules = times(1_000, 5_000);
const workers = 2;

test(`${schedules} schedules of faults on 40 channels: each message once, in order`, async (t) => {
  const bundled = await bundle(new URL('./schedule-worker.ts', import.meta.url).href);
  t.after(() => bundled.remove());
  const share = schedules / workers;
  const tallies = await Promise.all(
    Array.from({ length: workers }, async (_, index) => {
      const worker = new Worker(bundled.script, {
        execArgv: [],
        workerData: { from: 1 + index * share, to: 1 + (index + 1) * share },
      });
      const [tally] = (await once(worker, 'message')) as [Tally];
      return tally;
    }),
  );
  const sum = (of: keyof Tally): number => tallies.reduce((total, tally) => total + tally[of], 0);
  t.diagnostic(
    `${sum('messages')} messages, ${sum('backlogs')} of them backlogs; ${sum('doubled')} stand twice where ` +
      `nobody could tell, ${sum('doubtful')} were counted`,
  );
  assert.ok(sum('backlogs') > 500, 'Discord was away for longer than news live');
  assert.ok(sum('doubled') > 0, 'there were cases in which nobody could tell');
});
