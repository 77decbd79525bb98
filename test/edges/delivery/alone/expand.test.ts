/** From the event log to what channels are owed, when there are more channels than one write takes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../../../../src/edges/clock.js';
import { newSubscription } from '../../../../src/edges/delivery/index.js';
import { beginExpansion, expand } from '../../../../src/edges/delivery/plan/expand.js';
import { incidentEvent } from '../../../support/delivery/incident-event.js';
import { MemoryDeliveryStore } from '../../../support/delivery/memory-delivery-store.js';

const channels = 1_200;

async function open(events: number): Promise<MemoryDeliveryStore> {
  const store = new MemoryDeliveryStore();
  for (let index = 0; index < channels; index++) {
    await store.saveSubscription(
      newSubscription({ channelId: `3${String(index).padStart(17, '0')}`, guildId: '1', since: 0, createdAt: 0 }),
    );
  }
  await beginExpansion(store);
  for (let number = 1; number <= events; number++) store.append(incidentEvent({ id: `KP/${number}`, incident: 'KP' }));
  return store;
}

async function expandAll(store: MemoryDeliveryStore, signal = new AbortController().signal): Promise<void> {
  await expand(
    (await store.expansion())!,
    { store, operatorChannelId: null, clock: systemClock, onOwed: () => undefined },
    signal,
  );
}

test('the event loop turns between the writes', async () => {
  const store = await open(1);
  let turn = 0;
  const turns: number[] = [];
  const count = (): void => {
    turn++;
    if (turns.length < 3) setImmediate(count);
  };
  store.onCall = (name) => {
    if (name === 'owe') turns.push(turn);
  };
  count();
  await expandAll(store);
  assert.equal(new Set(turns).size, 3, `chunks were written in turns ${turns.join(', ')}`);
});

test('a stop does not wait for all writes, and the rest is written later', async () => {
  const store = await open(20);
  const stop = new AbortController();
  let writes = 0;
  store.onCall = (name) => {
    if (name === 'owe' && ++writes === 5) stop.abort();
  };
  await expandAll(store, stop.signal);
  assert.deepEqual(await store.depth().then(({ owed }) => owed), channels + 1_000);
  await expandAll(store);
  assert.deepEqual(await store.depth().then(({ owed }) => owed), 20 * channels);
});
