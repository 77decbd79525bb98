/** One of the schedules that `npm run soak` plays through real sockets and processes, with a SIGKILL and an outage in it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { playThroughSockets } from './socket-schedule.js';

test('a service over loopback sockets, killed with SIGKILL and started again, tells one outage once and nothing else', async (t) => {
  const { wrongs, schedule, words, output } = await playThroughSockets(1);
  assert.deepEqual(wrongs, [], `\n${schedule}\n${output}`);
  t.diagnostic(words);
});
