import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newSubscription, priorities, tombstoneMs } from '../../../src/edges/delivery/index.js';
import type {
  EventLog,
  Expansion,
  Notes,
  Outbox,
  Owed,
  Subscription,
  Subscriptions,
} from '../../../src/edges/delivery/index.js';
import { noon, owedTo, toldTo } from './samples.js';

export type DeliveryStore = EventLog & Outbox & Subscriptions & Notes;
/** After a close, the next open must find the content again. */
type ClosableStore = DeliveryStore & { close(): Promise<void> };
export interface DeliveryHarness {
  /** An empty place of its own. */
  create(): Promise<{ open(): Promise<ClosableStore>; remove(): Promise<void> }>;
}

const day = 86_400_000;

const subscribed = (channelId: string, over: Partial<Subscription> = {}): Subscription =>
  newSubscription({ channelId, guildId: '7', since: 0, createdAt: noon, ...over });

/** What every store must do for delivery. */
export function deliveryContract(harness: DeliveryHarness): void {
  let store: ClosableStore;
  let place: Awaited<ReturnType<DeliveryHarness['create']>>;

  /** Each story starts with an empty store. */
  function story(name: string, run: () => Promise<void>): void {
    test(name, async () => {
      place = await harness.create();
      store = await place.open();
      try {
        await run();
      } finally {
        await store.close();
        await place.remove();
      }
    });
  }
  async function reopen(): Promise<void> {
    await store.close();
    store = await place.open();
  }
  /** Writes these rows as the next chunk. */
  let chunks = 0;
  const owe = (...rows: Owed[]): Promise<void> => store.owe(rows, { position: ++chunks, channelId: null });
  /** Everything that is owed, as "channel:positions". Every way of reading must agree. */
  async function owedNow(): Promise<string[]> {
    const heads = await store.heads();
    const all: Owed[] = [];
    for (const head of heads) {
      const { owed } = await store.channel(head.channelId, 1000);
      assert.deepEqual(owed[0], head, 'the head of a channel is its first');
      all.push(...owed);
    }
    const oldestAt = all.length === 0 ? null : Math.min(...all.map(({ owedAt }) => owedAt));
    assert.deepEqual(await store.depth(), { owed: all.length, oldestAt });
    return all.map(({ channelId, positions }) => `${channelId}:${positions.join('+')}`);
  }

  story('an empty store owes nothing and has no subscriptions', async () => {
    assert.equal(await store.expansion(), null);
    assert.deepEqual(await owedNow(), []);
    assert.deepEqual(await store.depth(), { owed: 0, oldestAt: null });
    assert.deepEqual(await store.channel('1', 10), { subscription: null, owed: [], told: [] });
    assert.deepEqual(await store.subscriptions(), []);
    assert.equal(await store.subscription('1'), null);
    assert.equal(await store.note('commands'), null);
    await store.removeSubscription('1');
    await store.acknowledge(owedTo('1', 1), [toldTo('1', 'KP-1')]);
    assert.deepEqual(await store.channel('1', 10), { subscription: null, owed: [], told: [] });
  });

  story('the next process to open the store finds every owed row, by position', async () => {
    const rows = [
      owedTo('20', 10, { priority: priorities.recovery }),
      owedTo('20', 9, { priority: priorities.update }),
      owedTo('3', 2 ** 40, { positions: [2 ** 40, 2 ** 40 + 1], owedAt: noon - day }),
      owedTo('100', 9, { priority: priorities.escalation }),
    ];
    await store.owe(rows, { position: 8, channelId: '20' });
    await reopen();
    assert.deepEqual(await store.expansion(), { position: 8, channelId: '20' });
    assert.deepEqual(await store.heads(), [rows[3], rows[1], rows[2]], 'by channel id as text');
    assert.deepEqual(await store.channel('20', 10), { subscription: null, owed: [rows[1], rows[0]], told: [] });
    assert.deepEqual((await store.channel('20', 1)).owed, [rows[1]]);
    assert.deepEqual(await store.depth(), { owed: 4, oldestAt: noon - day });
  });

  const expansions: [name: string, stored: Expansion, next: Expansion, taken: boolean][] = [
    ['the next event', { position: 5, channelId: '9' }, { position: 6, channelId: null }, true],
    ['an earlier event', { position: 5, channelId: null }, { position: 4, channelId: '9' }, false],
    ['the first channels of the same event', { position: 5, channelId: null }, { position: 5, channelId: '1' }, true],
    [
      'the next channels, in the order of text',
      { position: 5, channelId: '10' },
      { position: 5, channelId: '9' },
      true,
    ],
    [
      'earlier channels, in the order of text',
      { position: 5, channelId: '9' },
      { position: 5, channelId: '10' },
      false,
    ],
    ['a longer id that begins the same', { position: 5, channelId: '10' }, { position: 5, channelId: '100' }, true],
    ['a shorter id that begins the same', { position: 5, channelId: '100' }, { position: 5, channelId: '10' }, false],
    ['the same once more', { position: 5, channelId: '9' }, { position: 5, channelId: '9' }, false],
    ['the same event from its beginning', { position: 5, channelId: '9' }, { position: 5, channelId: null }, false],
    [
      'the same event, of which there were no channels',
      { position: 5, channelId: null },
      { position: 5, channelId: null },
      false,
    ],
    ['a position of more digits', { position: 9, channelId: null }, { position: 10, channelId: null }, true],
  ];
  for (const [name, stored, next, taken] of expansions) {
    story(`an expansion ${taken ? 'goes on with' : 'does not go back to'} ${name}`, async () => {
      await store.owe([owedTo('1', 1), owedTo('2', 1)], stored);
      await store.acknowledge(owedTo('1', 1), []);
      await store.owe([owedTo('1', 1), owedTo('2', 2), owedTo('3', 2)], next);
      assert.deepEqual(await store.expansion(), taken ? next : stored);
      assert.deepEqual(await owedNow(), taken ? ['1:1', '2:1', '2:2', '3:2'] : ['2:1']);
    });
  }

  story('an expansion advances even if nothing is owed', async () => {
    await store.owe([], { position: 3, channelId: null });
    assert.deepEqual(await store.expansion(), { position: 3, channelId: null });
    assert.deepEqual(await owedNow(), []);
  });

  story('what is owed under the same channel and position is replaced', async () => {
    await owe(owedTo('1', 5), owedTo('1', 6));
    const instead = owedTo('1', 5, { positions: [5, 7], priority: priorities.update, owedAt: noon + day });
    await owe(instead);
    assert.deepEqual((await store.channel('1', 10)).owed, [instead, owedTo('1', 6)]);
    assert.deepEqual(await store.depth(), { owed: 2, oldestAt: noon + 6 });
  });

  story('an acknowledged row is no longer owed, and what it told is remembered by incident', async () => {
    await owe(owedTo('1', 5), owedTo('1', 6), owedTo('2', 5));
    const [kp, sy] = [toldTo('1', 'KP-1'), toldTo('1', 'SY-1', { position: null, severity: 'major' })];
    await store.acknowledge(owedTo('1', 5), [sy, kp]);
    await reopen();
    assert.deepEqual(await owedNow(), ['1:6', '2:5']);
    assert.deepEqual((await store.channel('1', 10)).told, [kp, sy]);
    assert.deepEqual((await store.channel('2', 10)).told, []);
    const later = toldTo('1', 'KP-1', { severity: 'major', over: true });
    await store.acknowledge(owedTo('1', 6), [later]);
    assert.deepEqual(await owedNow(), ['2:5']);
    assert.deepEqual((await store.channel('1', 10)).told, [later, sy]);
  });

  story('a row that is no longer owed cannot be acknowledged, and nothing is remembered', async () => {
    await owe(owedTo('1', 5), owedTo('1', 6));
    await store.acknowledge(owedTo('1', 5), []);
    await store.acknowledge(owedTo('1', 5), [toldTo('1', 'KP-1')]);
    await store.acknowledge(owedTo('2', 6), [toldTo('2', 'KP-1')]);
    await store.combine([owedTo('1', 6)], owedTo('1', 6, { positions: [6, 7] }));
    await store.acknowledge(owedTo('1', 6), [toldTo('1', 'KP-1')]);
    assert.deepEqual(await owedNow(), ['1:6+7'], 'the combined message tells more than the one before it');
    for (const channelId of ['1', '2']) assert.deepEqual((await store.channel(channelId, 10)).told, []);
  });

  story('an incident that is over is forgotten after 35 days, at some acknowledgement of its channel', async () => {
    const kept = 35 * day;
    await owe(...[1, 2, 3, 4].flatMap((position) => [owedTo('1', position, { owedAt: noon }), owedTo('2', position)]));
    const toldOf = async (channelId: string): Promise<string[]> =>
      (await store.channel(channelId, 1)).told.map(({ incident }) => incident);
    for (const channelId of ['1', '2']) {
      await store.acknowledge(owedTo(channelId, 1), [
        toldTo(channelId, 'lasts'),
        toldTo(channelId, 'over', { over: true }),
        toldTo(channelId, 'later', { over: true, at: noon + 1 }),
        toldTo(channelId, 'relapsed', { over: true }),
      ]);
    }
    await store.acknowledge(owedTo('1', 2, { owedAt: noon }), [
      toldTo('1', 'relapsed'),
      toldTo('1', 'new', { at: noon + kept }),
    ]);
    assert.deepEqual(await toldOf('1'), ['lasts', 'later', 'new', 'over', 'relapsed']);
    await store.acknowledge(owedTo('1', 3, { owedAt: noon }), [toldTo('1', 'new', { at: noon + kept + 1 })]);
    assert.deepEqual(await toldOf('1'), ['lasts', 'later', 'new', 'relapsed']);
    await store.acknowledge(owedTo('1', 4, { owedAt: noon + kept + 2 }), []);
    assert.deepEqual(
      await toldOf('1'),
      ['lasts', 'new', 'relapsed'],
      'without anything told the time is that of what was owed',
    );
    assert.deepEqual(await toldOf('2'), ['later', 'lasts', 'over', 'relapsed'].sort());
  });

  story('one combined row replaces several', async () => {
    await owe(...[1, 2, 3, 4].map((position) => owedTo('1', position)), owedTo('2', 1));
    const into = owedTo('1', 1, { positions: [1, 2, 3], owedAt: noon + 9, priority: priorities.update });
    await store.combine(
      [1, 2, 3].map((position) => owedTo('1', position)),
      into,
    );
    await reopen();
    assert.deepEqual(await owedNow(), ['1:1+2+3', '1:4', '2:1']);
    assert.deepEqual((await store.channel('1', 1)).owed, [into]);
    await store.combine([into, owedTo('1', 4)], owedTo('1', 4, { positions: [1, 2, 3, 4] }));
    assert.deepEqual(await owedNow(), ['1:1+2+3+4', '2:1'], 'under another position than the first');
  });

  story('rows are not combined if one of them has changed', async () => {
    await owe(owedTo('1', 1), owedTo('1', 2, { positions: [2, 3] }), owedTo('1', 4));
    const into = owedTo('1', 1, { positions: [1, 2, 4] });
    for (const gone of [owedTo('1', 2), owedTo('1', 3)])
      await store.combine([owedTo('1', 1), gone, owedTo('1', 4)], into);
    assert.deepEqual(await owedNow(), ['1:1', '1:2+3', '1:4']);
  });

  story('subscriptions are replaced whole and come in the order of text', async () => {
    const gone = subscribed('9', {
      standing: { kind: 'gone', at: noon, reason: 'channel deleted \u{1F1F0}\u{1F1F5} "x"\n' },
      createdAt: noon - tombstoneMs,
    });
    const some = subscribed('100', {
      guildId: null,
      countries: { KP: 'unstable', 'PS-GZ': 'down' },
      mutes: { SY: noon },
      roleId: '5',
      since: 77,
    });
    for (const subscription of [gone, subscribed('10'), subscribed('100'), some])
      await store.saveSubscription(subscription);
    await reopen();
    assert.deepEqual(await store.subscriptions(), [subscribed('10'), some, gone]);
    assert.deepEqual(await store.subscription('100'), some);
    assert.deepEqual((await store.channel('9', 1)).subscription, gone);
  });

  story('removing a subscription removes what the channel is owed and was told, of no other channel', async () => {
    for (const channelId of ['1', '2']) {
      await store.saveSubscription(subscribed(channelId));
      await owe(owedTo(channelId, 1, { owedAt: noon + Number(channelId) }), owedTo(channelId, 2), owedTo(channelId, 3));
      await store.acknowledge(owedTo(channelId, 1), [
        toldTo(channelId, 'KP-1'),
        toldTo(channelId, 'KP-2', { over: true }),
      ]);
    }
    await store.removeSubscription('1');
    await reopen();
    assert.deepEqual(await owedNow(), ['2:2', '2:3']);
    assert.deepEqual(await store.channel('1', 10), { subscription: null, owed: [], told: [] });
    assert.equal((await store.channel('2', 10)).told.length, 2);
    assert.deepEqual(
      (await store.subscriptions()).map(({ channelId }) => channelId),
      ['2'],
    );
    await owe(owedTo('1', 9));
    assert.deepEqual(await owedNow(), ['1:9', '2:2', '2:3'], 'it starts anew');
    assert.deepEqual((await store.channel('1', 10)).told, []);
  });

  story('notes are kept by name and replaced', async () => {
    await store.setNote('commands', 'a1');
    await store.setNote('channel', '');
    await store.setNote('commands', 'b2 "\u{1F1F0}\u{1F1F5}"');
    await reopen();
    assert.deepEqual(
      [await store.note('commands'), await store.note('channel'), await store.note('other')],
      ['b2 "\u{1F1F0}\u{1F1F5}"', '', null],
    );
  });

  story('cursors move forward only, each target its own', async () => {
    await store.moveCursor('terminal', 7);
    await store.moveCursor('terminal', 5);
    await store.moveCursor('other', 0);
    assert.deepEqual(
      [await store.cursor('terminal'), await store.cursor('other'), await store.cursor('none')],
      [7, 0, null],
    );
  });

  story('a reader cannot change what is kept', async () => {
    await store.saveSubscription(subscribed('1'));
    await owe(owedTo('1', 1));
    const [first, second] = [await store.channel('1', 9), await store.channel('1', 9)];
    assert.deepEqual(first, second);
    assert.notEqual(first.owed[0], second.owed[0]);
    assert.notEqual(first.subscription, second.subscription);
  });
}
