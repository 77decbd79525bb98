import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deliveryContract } from './delivery-contract.js';
import { owedTo } from './samples.js';
import { incidentEvents } from '../../support/delivery/incident-event.js';
import { MemoryDeliveryStore } from '../../support/delivery/memory-delivery-store.js';

deliveryContract({
  create() {
    const store = Object.assign(new MemoryDeliveryStore(), { close: () => Promise.resolve() });
    return Promise.resolve({ open: () => Promise.resolve(store), remove: () => Promise.resolve() });
  },
});

test('it has an event log', async () => {
  const store = new MemoryDeliveryStore();
  assert.deepEqual([await store.readAfter(0, 9), await store.end()], [[], 0]);
  store.append(...incidentEvents(3));
  const [first, second, third] = incidentEvents(3).map((event, index) => ({ position: index + 1, event }));
  assert.deepEqual(
    [await store.readAfter(0, 2), await store.readAfter(2, 9), await store.end()],
    [[first, second], [third], 3],
  );
});

test('a store that is away changes nothing; with a lost answer the change is done', async () => {
  const store = new MemoryDeliveryStore();
  const away = (): void => {
    throw new Error('the store is away');
  };
  store.onCall = away;
  await assert.rejects(store.owe([owedTo('1', 1)], { position: 1, channelId: null }), /is away/);
  store.onCall = () => undefined;
  assert.equal((await store.depth()).owed, 0);
  store.onAnswer = away;
  await assert.rejects(store.owe([owedTo('1', 1)], { position: 1, channelId: null }), /is away/);
  store.onAnswer = () => undefined;
  assert.equal((await store.depth()).owed, 1);
});

test('a reader cannot change the values inside a row', async () => {
  const store = new MemoryDeliveryStore();
  await store.owe([owedTo('1', 1)], { position: 1, channelId: null });
  const [head] = await store.heads();
  assert.throws(() => (head.positions as number[]).push(2), TypeError);
});
