/** The first of the schedules that `npm run soak` plays by the hundred: nothing false is told, nothing true is missed, the operator knows. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jobsOf, playAll, report } from './play.js';

const seeds = Array.from({ length: 10 }, (_, index) => index + 1);

test(`${seeds.length} seeded schedules of faults against a quiet Internet, and against one with an outage in it`, async (t) => {
  const outcomes = await playAll(jobsOf(seeds), 1);
  const failed = outcomes.filter(({ wrongs }) => wrongs.length > 0);
  assert.equal(failed.length, 0, `\n${failed.map(report).join('\n\n')}`);
  const sum = (of: 'outages' | 'found' | 'notices'): number => outcomes.reduce((total, outcome) => total + outcome[of], 0);
  t.diagnostic(`${sum('found')} of ${sum('outages')} outages found, ${sum('notices')} notices to the operator`);
  assert.ok(sum('found') >= seeds.length * 0.8, 'most outages can be seen through the faults');
});
