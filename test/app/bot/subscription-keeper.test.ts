/** What happens to subscriptions when channels and servers come and go, and to DISCORD_CHANNEL_ID. */
import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { SubscriptionKeeper } from '../../../src/app/bot/subscription-keeper.js';
import {
  createEditSubscription,
  newSubscription,
  tombstoneMs,
  type Subscription,
} from '../../../src/edges/delivery/index.js';
import { createLogger } from '../../../src/edges/observability/index.js';
import { FakeClock } from '../../support/clocks/fake-clock.js';
import { incidentEvents } from '../../support/delivery/incident-event.js';
import { MemoryDeliveryStore } from '../../support/delivery/memory-delivery-store.js';

const start = Date.UTC(2026, 2, 2, 8);
const logger = createLogger({ level: 'silent', pretty: false, secrets: [] });
let clock: FakeClock;
let store: MemoryDeliveryStore;
let keeper: SubscriptionKeeper;

describe('subscriptions', () => {
  beforeEach(() => {
    clock = new FakeClock(start);
    store = new MemoryDeliveryStore();
    keeper = new SubscriptionKeeper({ store, editSubscription: createEditSubscription(store), logger, clock });
  });

  /** Lets promises run that the test cannot await. */
  const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const save = (channelId: string, changes: Partial<Subscription> = {}): Promise<void> =>
    store.saveSubscription(
      newSubscription({ channelId, guildId: '1', since: 0, createdAt: start, minSeverity: 'down', ...changes }),
    );
  async function kindOf(channelId: string): Promise<string | undefined> {
    return (await store.subscription(channelId))?.standing.kind;
  }

  describe('a channel', () => {
    test('that is deleted is put aside; one without a subscription stays without', async () => {
      await save('10');
      keeper.channelGone('10', 'deleted');
      keeper.channelGone('11', 'deleted');
      await settled();
      assert.deepEqual((await store.subscription('10'))?.standing, { kind: 'gone', at: start, reason: 'deleted' });
      assert.equal(await store.subscription('11'), null);
    });

    test('put aside is forgotten after 30 days, not before', async () => {
      await save('10');
      await save('11');
      keeper.channelGone('10', 'deleted');
      await settled();
      clock.jump(tombstoneMs);
      await keeper.sweep();
      assert.equal(await kindOf('10'), 'gone');
      clock.jump(1);
      await keeper.sweep();
      assert.deepEqual([await kindOf('10'), await kindOf('11')], [undefined, 'active']);
    });
  });

  test(
    'a server that throws the bot out and takes it back has its channels as they were, and hears what comes ' +
      'from then on',
    async () => {
      await save('10');
      await save('11');
      await save('20', { guildId: '2' });
      keeper.guildGone('1', 'the bot was removed');
      await settled();
      assert.deepEqual([await kindOf('10'), await kindOf('11'), await kindOf('20')], ['gone', 'gone', 'active']);
      store.append(...incidentEvents(7));
      // The second channel was deleted meanwhile.
      keeper.guildBack('1', ['10']);
      keeper.guildBack('2', ['20']);
      await settled();
      const back = await store.subscription('10');
      assert.deepEqual([back?.standing.kind, back?.since, back?.minSeverity], ['active', 7, 'down']);
      assert.equal(await kindOf('11'), 'gone');
    },
  );

  test('a store that is away when a server comes back delays it, no more', async () => {
    await save('10', { standing: { kind: 'gone', at: start, reason: 'the bot was removed' } });
    store.onCall = () => {
      throw new Error('the store is away');
    };
    keeper.guildBack('1', ['10']);
    await clock.waiting(5_000);
    store.onCall = () => undefined;
    await clock.advance(5_000);
    await settled();
    assert.equal(await kindOf('10'), 'active');
  });

  test('a session with many servers reads the subscriptions once', async () => {
    let reads = 0;
    store.onCall = (name) => {
      if (name === 'subscriptions') reads++;
    };
    for (let guild = 0; guild < 100; guild++) keeper.guildBack(String(guild), [`${guild}1`]);
    await settled();
    assert.equal(reads, 1);
  });

  describe('DISCORD_CHANNEL_ID', () => {
    test('is subscribed to everything from major on, once: after an unsubscribe it stays unsubscribed', async () => {
      store.append(...incidentEvents(3));
      await keeper.firstChannel('10');
      const first = await store.subscription('10');
      assert.deepEqual([first?.scope, first?.minSeverity, first?.since], ['all', 'major', 3]);
      await store.removeSubscription('10');
      await keeper.firstChannel('10');
      assert.equal(await store.subscription('10'), null);
    });

    test('keeps the subscription that it has', async () => {
      await save('10');
      await keeper.firstChannel('10');
      assert.equal((await store.subscription('10'))?.minSeverity, 'down');
    });

    test('goes on at the position of an earlier version', async () => {
      store.append(...incidentEvents(5));
      await store.moveCursor('discord:10', 2);
      await keeper.firstChannel('10');
      assert.equal((await store.subscription('10'))?.since, 2);
      assert.deepEqual(await store.expansion(), { position: 2, channelId: null });
    });

    test('learns its server as soon as the gateway names it', async () => {
      await keeper.firstChannel('10');
      keeper.guildBack('1', ['10']);
      await settled();
      assert.equal((await store.subscription('10'))?.guildId, '1');
    });
  });
});
