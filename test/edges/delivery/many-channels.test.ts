/** The costs that many channels must not have: requests, dropped edits, reads of the log. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BestEffortQueue } from '../../../src/edges/delivery/lanes/best-effort-queue.js';
import { createEventCache } from '../../../src/edges/delivery/lanes/event-cache.js';
import { requestsPerSecond } from '../../../src/edges/discord/rest/requests-per-second.js';
import { RateLimit } from '../../../src/edges/waiting/index.js';
import { FakeClock } from '../../support/clocks/fake-clock.js';
import { incidentEvent } from '../../support/delivery/incident-event.js';

/** How many places are given before `ms` have passed. */
async function taken(clock: FakeClock, rateLimit: RateLimit, ms: number): Promise<number> {
  let count = 0;
  const ended = new AbortController();
  for (let asked = 0; asked < 100; asked++)
    void rateLimit.take(ended.signal).then(() => (ended.signal.aborted ? 0 : count++));
  await clock.advance(0);
  await clock.advance(ms);
  ended.abort();
  await clock.advance(0);
  return count;
}

test('45 requests in any second, whichever way the clock is set', async () => {
  const hour = 3_600_000;
  const clock = new FakeClock(hour);
  const rateLimit = new RateLimit(clock, requestsPerSecond);
  assert.equal(await taken(clock, rateLimit, 999), 45);
  assert.equal(await taken(clock, rateLimit, 1), 45);
  assert.equal(await taken(clock, rateLimit, 998), 0);
  // The same limit on a clock that was set back.
  let back = 0;
  const set = new RateLimit(
    {
      now: () => clock.now() - back,
      sleep: (ms, signal) => clock.sleep(ms, signal),
      after: (ms, fn) => clock.after(ms, fn),
    },
    requestsPerSecond,
  );
  assert.equal(await taken(clock, set, 500), 45);
  back = hour;
  assert.equal(await taken(clock, set, 500), 45);
});

test('the last edits and crossposts of ten thousand channels all wait for their turn', () => {
  const queue = new BestEffortQueue();
  const message = {
    kind: 'alert',
    event: incidentEvent({}),
    part: 'start',
    roleId: null,
    replyTo: null,
    silent: true,
    revision: 0,
    end: null,
  } as const;
  for (let index = 0; index < 10_000; index++) {
    queue.add({ kind: 'crosspost', channelId: String(index), messageId: '2' });
    queue.add({ kind: 'edit', channelId: String(index), messageId: '1', message });
  }
  assert.equal(queue.size, 20_000);
});

test('the backlog of thousands of channels after a day of silence is read from the log once', async () => {
  let reads = 0;
  const eventAt = createEventCache({
    readAfter: (position) => {
      reads++;
      return Promise.resolve([{ position: position + 1, event: incidentEvent({ id: `KP/${position + 1}` }) }]);
    },
  });
  for (let channel = 0; channel < 3; channel++)
    for (let position = 1; position <= 2_000; position++) await eventAt(position);
  assert.equal(reads, 2_000);
});
