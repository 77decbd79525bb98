/** Twenty seeded schedules of faults through the real parts: delivery, sender, gateway and discord.js, against a loopback Discord. */
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { bundle } from '../support/bundle.js';
import { gatewayFaults, restFaults } from '../support/real-schedule.js';
import type { RealTally } from './real-schedule-player.js';

const schedules = 20;
const processes = 2;

test(`${schedules} schedules of faults through the real client: each message once, in order`, { timeout: 120_000 }, async (t) => {
  const bundled = await bundle(new URL('./real-schedule-player.ts', import.meta.url).href);
  t.after(() => bundled.remove());
  const tallies = await Promise.all(Array.from({ length: processes }, async (_, index) => {
    const seeds = Array.from({ length: schedules / processes }, (_seed, n) => 1 + index + n * processes);
    const player = fork(bundled.script, seeds.map(String), {
      execArgv: [], serialization: 'advanced', stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
    });
    t.after(() => player.kill());
    const told: RealTally[] = [];
    let complaint = '';
    player.on('message', (message) => told.push(message as RealTally));
    player.stderr?.setEncoding('utf8').on('data', (text: string) => (complaint += text));
    await once(player, 'close');
    return told.at(0) ?? assert.fail(complaint);
  }));
  const sum = (of: Exclude<keyof RealTally, 'struck'>): number => tallies.reduce((total, tally) => total + tally[of], 0);
  const struck = (kind: string): number => tallies.reduce((total, tally) => total + (tally.struck.get(kind) ?? 0), 0);
  const faults = [...restFaults, ...gatewayFaults, 'outage'].map((kind) => `${kind} ${struck(kind)}`).join(', ');
  t.diagnostic(`${sum('messages')} messages, ${sum('combined')} of them combined; ${sum('doubled')} stand twice where nobody could tell, ${sum('doubtful')} were counted`);
  t.diagnostic(`killed ${sum('killed')} times; ${faults}`);
  for (const kind of [...restFaults, ...gatewayFaults, 'outage']) assert.ok(struck(kind) > 0, `${kind} never struck`);
  assert.ok(sum('killed') > 5, 'it was killed between a message and its acknowledgement');
  assert.ok(sum('combined') > 20, 'Discord was away for longer than news live');
});
