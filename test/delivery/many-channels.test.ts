/** What many channels at once must not cost: requests, edits that are dropped, reads of the log. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Errands } from '../../src/delivery/errands.js';
import { createEventCache } from '../../src/delivery/event-cache.js';
import { createPace, type Pace } from '../../src/delivery/pace.js';
import { incidentEvent } from '../support/incident-event.js';

function taken(pace: Pace, now: number): number {
  for (let count = 0; count < 100; count++) if (pace.take(now) > 0) return count;
  return 100;
}

test('45 requests in any second, whichever way the clock is set', () => {
  const pace = createPace();
  const hour = 3_600_000;
  assert.deepEqual([taken(pace, hour), taken(pace, hour + 999), taken(pace, hour + 1_000)], [45, 0, 45]);
  assert.deepEqual([taken(pace, 0), taken(pace, 999), taken(pace, 1_000)], [45, 0, 45], 'an hour back');
});

test('the last edits of ten thousand channels all wait for their turn, each crosspost as well', () => {
  const errands = new Errands();
  const message = { kind: 'alert', event: incidentEvent({}), part: 'start', roleId: null, replyTo: null, silent: true, revision: 0, end: null } as const;
  for (let index = 0; index < 10_000; index++) {
    errands.add({ kind: 'crosspost', channelId: String(index), messageId: '2' });
    errands.add({ kind: 'edit', channelId: String(index), messageId: '1', message });
  }
  assert.equal(errands.size, 20_000);
});

test('what thousands of channels sum up after a day of silence is read from the log once', async () => {
  let reads = 0;
  const eventAt = createEventCache({
    readAfter: (position) => {
      reads++;
      return Promise.resolve([{ position: position + 1, event: incidentEvent({ id: `KP/${position + 1}` }) }]);
    },
  });
  for (let channel = 0; channel < 3; channel++) for (let position = 1; position <= 2_000; position++) await eventAt(position);
  assert.equal(reads, 2_000);
});
