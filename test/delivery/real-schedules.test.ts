/** Twenty seeded schedules of faults through the real parts: delivery, sender, gateway and discord.js, against a loopback Discord. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { compile } from '../support/compile.js';
import { gatewayFaults, restFaults } from '../support/real-schedule.js';
import type { RealTally } from './real-schedule-worker.js';

const schedules = 20;
const workers = 2;

test(`${schedules} schedules of faults through the real client: each message once, in order`, { timeout: 120_000 }, async (t) => {
  const compiled = compile(new URL('./real-schedule-worker.ts', import.meta.url).href);
  t.after(() => compiled.remove());
  const tallies = await Promise.all(Array.from({ length: workers }, async (_, index) => {
    const seeds = Array.from({ length: schedules / workers }, (_seed, n) => 1 + index + n * workers);
    const worker = new Worker(compiled.script, { execArgv: [], workerData: { seeds } });
    t.after(() => worker.terminate());
    const [tally] = await once(worker, 'message') as [RealTally];
    return tally;
  }));
  const sum = (of: Exclude<keyof RealTally, 'struck'>): number => tallies.reduce((total, tally) => total + tally[of], 0);
  const struck = (kind: string): number => tallies.reduce((total, tally) => total + (tally.struck.get(kind) ?? 0), 0);
  const faults = [...restFaults, ...gatewayFaults, 'outage'].map((kind) => `${kind} ${struck(kind)}`).join(', ');
  t.diagnostic(`${sum('messages')} messages, ${sum('combined')} of them combined; ${sum('doubled')} stand twice where nobody could tell, ${sum('doubtful')} were counted`);
  t.diagnostic(`killed ${sum('killed')} times; ${faults}`);
  for (const kind of [...restFaults, ...gatewayFaults, 'outage']) assert.ok(struck(kind) > 0, `${kind} never struck`);
  assert.ok(sum('killed') > 5, 'it was killed between a message and its acknowledgement');
  assert.ok(sum('combined') > 50, 'Discord was away for longer than news live');
});
