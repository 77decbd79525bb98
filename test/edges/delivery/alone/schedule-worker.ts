/**
 * Plays the schedules from..to. In a worker of its own, because the test runner's hooks on every promise would make
 * them three times as slow.
 */
import assert from 'node:assert/strict';
import { parentPort, workerData } from 'node:worker_threads';
import { doubles, faultsIn } from '../../../support/delivery/delivery-oracle.js';
import { runSchedule } from '../../../support/delivery/delivery-run.js';
import { deliverySchedule } from '../../../support/delivery/delivery-schedule.js';

/** In every tenth schedule Discord is away for longer than an event counts as news. */
const longEvery = 10;

export interface Tally {
  messages: number;
  backlogs: number;
  /** Messages posted twice because neither side could tell that the first had arrived. */
  doubled: number;
  /** Messages that the bot itself counted as possibly doubled. */
  doubtful: number;
}

async function play(seed: number, tally: Tally): Promise<void> {
  const schedule = deliverySchedule(seed, seed % longEvery === 0);
  const run = await runSchedule(schedule, seed);
  assert.equal((await run.store.depth()).owed, 0, `seed ${seed}: some are still owed`);
  assert.equal(run.lost, 0, `seed ${seed}: messages were given up`);
  let twice = 0;
  for (const subscription of schedule.subscriptions) {
    const { channelId } = subscription;
    const { readable, embeds } = schedule.channels.get(channelId)!;
    const heard = run.discord.in(channelId).map(({ message }) => message);
    assert.deepEqual(faultsIn(heard, subscription, schedule.events), [], `seed ${seed}, channel ${channelId}`);
    const again = doubles(heard);
    if (readable && embeds) assert.deepEqual(again, [], `seed ${seed}, channel ${channelId}: twice`);
    assert.equal(new Set(again).size, again.length, `seed ${seed}, channel ${channelId}: three times`);
    twice += again.length;
  }
  assert.ok(twice <= run.doubtful, `seed ${seed}: ${twice} doubles, ${run.doubtful} counted`);
  for (const sent of run.discord.requests) {
    for (let index = 45; index < sent.length; index++)
      assert.ok(sent[index] - sent[index - 45] >= 1_000, `seed ${seed}: more than 45 requests in a second`);
  }
  tally.messages += run.discord.messages.length;
  tally.backlogs += run.discord.messages.filter(({ message }) => message.kind === 'backlog').length;
  tally.doubled += twice;
  tally.doubtful += run.doubtful;
}

const { from, to } = workerData as { readonly from: number; readonly to: number };
const tally: Tally = { messages: 0, backlogs: 0, doubled: 0, doubtful: 0 };
for (let seed = from; seed < to; seed++) await play(seed, tally);
parentPort?.postMessage(tally);
