/**
 * Plays the schedules of these seeds, one after the other. In a process of its own, because its Date runs fast, and
 * because the test runner's hooks on every promise would slow it down.
 */
import assert from 'node:assert/strict';
import { doubles, faultsIn } from '../../../support/delivery/delivery-oracle.js';
import { realSchedule } from '../../../support/delivery/real-schedule.js';
import { runRealSchedule } from '../../../support/delivery/real-run.js';

export interface RealTally {
  messages: number;
  backlogs: number;
  doubled: number;
  doubtful: number;
  killed: number;
  /** By kind of fault, how many requests it struck. */
  readonly struck: Map<string, number>;
}

async function play(seed: number, tally: RealTally): Promise<void> {
  const schedule = realSchedule(seed);
  const run = await runRealSchedule(schedule, seed);
  assert.deepEqual(
    { owed: run.owed, unwell: run.unwell, lost: run.lost, gone: run.gone },
    { owed: 0, unwell: null, lost: 0, gone: [] },
    `seed ${seed}`,
  );
  let twice = 0;
  for (const subscription of schedule.subscriptions) {
    const { channelId } = subscription;
    const { readable, embeds } = schedule.channels.get(channelId)!;
    const heard = run.heard(channelId);
    assert.deepEqual(faultsIn(heard, subscription, schedule.events), [], `seed ${seed}, channel ${channelId}`);
    const again = doubles(heard);
    if (readable && embeds) assert.deepEqual(again, [], `seed ${seed}, channel ${channelId}: twice`);
    assert.equal(new Set(again).size, again.length, `seed ${seed}, channel ${channelId}: three times`);
    assert.ok(
      again.length <= run.doubtful.filter((id) => id === channelId).length,
      `seed ${seed}, channel ${channelId}: twice, and not counted`,
    );
    twice += again.length;
    tally.messages += heard.length;
    tally.backlogs += heard.filter(({ kind }) => kind === 'backlog').length;
  }
  tally.doubled += twice;
  tally.doubtful += run.doubtful.length;
  tally.killed += run.killed;
  for (const [kind, count] of run.struck) tally.struck.set(kind, (tally.struck.get(kind) ?? 0) + count);
}

const tally: RealTally = { messages: 0, backlogs: 0, doubled: 0, doubtful: 0, killed: 0, struck: new Map() };
for (const seed of process.argv.slice(2)) await play(Number(seed), tally);
process.send?.(tally, () => process.disconnect());
