/**
 * 20 seeded schedules of faults through the real parts: delivery, sender, gateway and discord.js, against a loopback
 * Discord.
 */
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { bundle } from '../../../support/process/bundle.js';
import { gatewayFaults, restFaults } from '../../../support/delivery/real-schedule.js';
import type { RealTally } from './real-schedule-player.js';
import { times } from '../../../support/long.js';
import { suitePatienceMs } from '../../../support/in-time.js';

const schedules = times(20, 60);

test(
  `${schedules} schedules of faults through the real client: each message once, in order`,
  { timeout: suitePatienceMs },
  async (t) => {
    const bundled = await bundle(new URL('./real-schedule-player.ts', import.meta.url).href);
    t.after(() => bundled.remove());
    const seeds = Array.from({ length: schedules }, (_, index) => String(1 + index));
    const player = fork(bundled.script, seeds, {
      execArgv: [],
      serialization: 'advanced',
      stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
    });
    t.after(() => player.kill());
    let tally: RealTally | undefined;
    let complaint = '';
    player.on('message', (message) => (tally = message as RealTally));
    player.stderr?.setEncoding('utf8').on('data', (text: string) => (complaint += text));
    await once(player, 'close');
    const { messages, backlogs, doubled, doubtful, killed, struck: counts } = tally ?? assert.fail(complaint);
    const struck = (kind: string): number => counts.get(kind) ?? 0;
    const faults = [...restFaults, ...gatewayFaults, 'outage'].map((kind) => `${kind} ${struck(kind)}`).join(', ');
    t.diagnostic(
      `${messages} messages, ${backlogs} of them backlogs; ${doubled} stand twice where nobody could tell, ` +
        `${doubtful} were counted`,
    );
    t.diagnostic(`killed ${killed} times; ${faults}`);
    for (const kind of [...restFaults, ...gatewayFaults, 'outage']) assert.ok(struck(kind) > 0, `${kind} never struck`);
    assert.ok(killed > 5, 'it was killed between a message and its acknowledgement');
    assert.ok(backlogs > 20, 'Discord was away for longer than news live');
  },
);
