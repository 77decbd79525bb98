import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { createStanding, type Standing } from '../../src/app/standing.js';
import { createEditSubscription, newSubscription, tombstoneMs, type Subscription } from '../../src/delivery/index.js';
import { createLogger } from '../../src/observability/index.js';
import { incidentEvent } from '../support/incident-event.js';
import { MemoryDeliveryStore } from '../support/memory-delivery-store.js';

const start = Date.UTC(2024, 0, 1);
const [guildId, channelId] = ['100', '200'];

let store: MemoryDeliveryStore;
let standing: Standing;
let now: number;
beforeEach(() => {
  [store, now] = [new MemoryDeliveryStore(), start];
  standing = createStanding({
    store, editSubscription: createEditSubscription(store), now: () => now,
    logger: createLogger({ level: 'silent', pretty: false, secrets: [], destination: { write: () => undefined } }),
  });
});

async function settled(): Promise<Subscription | null> {
  // What was set off runs on settled promises alone: one turn of the event loop is the end of it.
  await new Promise<void>((resolve) => setImmediate(resolve));
  return store.subscription(channelId);
}

test('the first channel is subscribed once: to every country from major on, from now on; taken back it stays away', async () => {
  store.append(incidentEvent());
  await standing.firstChannel(channelId);
  assert.deepEqual(await store.subscription(channelId), newSubscription({ channelId, guildId: null, since: 1, createdAt: start }));
  standing.guildBack(guildId, [channelId, '201']);
  assert.equal((await settled())?.guildId, guildId);
  await store.removeSubscription(channelId);
  await standing.firstChannel(channelId);
  assert.equal(await store.subscription(channelId), null);
  await standing.firstChannel('201');
  assert.equal((await store.subscription('201'))?.channelId, '201');
});

test('a first channel that has a subscription already keeps it as it is', async () => {
  const present = newSubscription({ channelId, guildId, since: 3, createdAt: start, updates: 'start' });
  await store.saveSubscription(present);
  await standing.firstChannel(channelId);
  assert.deepEqual(await store.subscription(channelId), present);
});

test('thrown out and let in again: laid aside, and taken up with its settings but nothing of the time between', async () => {
  const present = newSubscription({ channelId, guildId, since: 0, createdAt: start, updates: 'start' });
  await store.saveSubscription(present);
  standing.guildGone(guildId, 'the bot was removed');
  assert.deepEqual((await settled())?.standing, { kind: 'gone', at: start, reason: 'the bot was removed' });
  store.append(incidentEvent());
  standing.guildBack(guildId, [channelId]);
  assert.deepEqual(await settled(), { ...present, since: 1 });
  standing.guildGone(guildId, 'the bot was removed');
  standing.guildBack(guildId, [channelId]);
  assert.equal((await settled())?.standing.kind, 'active', 'at once');
  standing.guildBack(guildId, [channelId]);
  standing.guildGone(guildId, 'the bot was removed');
  assert.equal((await settled())?.standing.kind, 'gone', 'and out again');
});

test('what is gone is kept for 30 days, and no longer', async () => {
  await store.saveSubscription(newSubscription({ channelId, guildId, since: 0, createdAt: start }));
  standing.channelGone(channelId, 'the channel was deleted');
  await settled();
  now = start + tombstoneMs;
  await standing.sweep();
  assert.equal((await store.subscription(channelId))?.standing.kind, 'gone');
  now++;
  await standing.sweep();
  assert.equal(await store.subscription(channelId), null);
});
