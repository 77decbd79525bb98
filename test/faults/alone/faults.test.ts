/**
 * A few of the schedules that `npm run soak` plays by the hundred: no false alert, no missed outage, and the operator
 * is told.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { playAll, report } from '../play.js';
import { createSchedule } from '../schedule.js';

/** Together they have every kind of fault. */
const quiet = [93, 176];
const outage = [180, 199];
const jobs = [
  ...quiet.map((seed) => ({ seed, withOutage: false })),
  ...outage.map((seed) => ({ seed, withOutage: true })),
];
const kinds = 16;

test(
  `${jobs.length} seeded schedules of faults against a quiet ` + 'Internet, or against one with an outage in it',
  async (t) => {
    const struck = new Set(
      jobs.flatMap(({ seed, withOutage }) => createSchedule(seed, withOutage).faults.map(({ kind }) => kind)),
    );
    assert.equal(struck.size, kinds);
    const outcomes = await playAll(jobs, 1);
    const failed = outcomes.filter(({ wrongs }) => wrongs.length > 0);
    assert.equal(failed.length, 0, `\n${failed.map(report).join('\n\n')}`);
    const sum = (of: 'outages' | 'found' | 'notices'): number =>
      outcomes.reduce((total, outcome) => total + outcome[of], 0);
    t.diagnostic(`${sum('found')} of ${sum('outages')} outages found, ${sum('notices')} notices to the operator`);
    assert.equal(sum('found'), sum('outages'), 'these can be seen through the faults');
  },
);
