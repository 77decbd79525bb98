/** Delivery to channels, on the test's clock, against a simulated Discord. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Delivery, newSubscription, type Message, type Subscription } from '../../../../src/edges/delivery/index.js';
import { requestsPerSecond } from '../../../../src/edges/discord/rest/requests-per-second.js';
import type { IncidentEvent } from '../../../../src/core/incidents/index.js';
import { createLogger } from '../../../../src/edges/observability/index.js';
import { combinedEvents, incidentEvent } from '../../../support/delivery/incident-event.js';
import { MemoryDeliveryStore } from '../../../support/delivery/memory-delivery-store.js';
import { QuickClock } from '../../../support/clocks/quick-clock.js';
import { VirtualDiscord, type VirtualFault, type VirtualMessage } from '../../../support/delivery/virtual-discord.js';

const minute = 60_000;
const hour = 60 * minute;
const start = Date.UTC(2026, 2, 2, 8);
const here = '200000000000000001';
const there = '200000000000000002';
const operator = '200000000000000009';

interface World {
  readonly clock: QuickClock;
  readonly store: MemoryDeliveryStore;
  readonly discord: VirtualDiscord;
  readonly delivery: Delivery;
  /** Events of one incident arrive at their times; then `ms` pass. */
  happen(ms: number, ...events: readonly Partial<IncidentEvent>[]): Promise<void>;
  /** The messages in a channel: "start", "update re 1". */
  heard(channelId?: string): string[];
  readonly lines: string[];
  /** What an edit shows of the country's present. */
  now: Partial<IncidentEvent> | null;
  stop(): Promise<void>;
}

const pollMs = 3_000;

async function open(
  faults: readonly VirtualFault[] = [],
  subscriptions: readonly Partial<Subscription>[] = [{}],
  store = new MemoryDeliveryStore(),
): Promise<World> {
  const clock = new QuickClock(start);
  const channel = { readable: true, embeds: true };
  const discord = new VirtualDiscord(new Map([here, there, operator].map((id) => [id, channel])), faults, () => 0);
  for (const wanted of subscriptions) {
    await store.saveSubscription(
      newSubscription({ channelId: here, guildId: '1', since: 0, createdAt: start, ...wanted }),
    );
  }
  const lines: string[] = [];
  const stopped = new AbortController();
  const world: World = {
    clock,
    store,
    discord,
    lines,
    now: null,
    delivery: new Delivery({
      store,
      send: discord.sender(clock.mortal(() => false)),
      operatorChannelId: operator,
      clock: clock.mortal(() => false),
      random: () => 1,
      pollMs,
      mostAtOnce: requestsPerSecond,
      refresh: (event) => Promise.resolve(world.now === null ? null : { ...event, ...world.now }),
      logger: createLogger({
        level: 'info',
        pretty: false,
        secrets: [],
        destination: { write: (line) => lines.push(line) },
      }),
      report: { attempt: () => undefined, doubtful: () => undefined, lost: () => undefined },
    }),
    async happen(ms, ...events) {
      for (const event of events) store.append(incidentEvent({ at: clock.now(), ...event }));
      world.delivery.wake();
      await clock.runUntil(clock.now() + ms);
    },
    heard: (channelId = here) => discord.in(channelId).map(inWords),
    async stop() {
      stopped.abort();
      await clock.runUntil(clock.now() + minute);
      await running;
    },
  };
  const running = world.delivery.run(stopped.signal);
  await clock.runUntil(start);
  return world;
}

function inWords({ message }: VirtualMessage): string {
  if (message.kind === 'notice') return message.text;
  const reply = message.replyTo === null ? '' : ` re ${message.replyTo}`;
  if (message.kind === 'backlog')
    return `backlog of ${message.events.map(({ country, kind }) => `${country} ${kind}`).join(', ')}${reply}`;
  return (
    `${message.part} ` +
    `${message.event.country ?? message.event.countries.map(({ country }) => country).join('+')}${reply}`
  );
}

const down = { id: 'KP/1', incident: 'KP' } as const;
const still = { id: 'KP/2', incident: 'KP', kind: 'follow-up' } as const;
const back = { id: 'KP/3', incident: 'KP', kind: 'restored', level: 'normal' } as const;
const syria = { id: 'SY/1', incident: 'SY', country: 'SY' } as const;

function story(name: string, act: (world: World) => Promise<void>, ...setting: Parameters<typeof open>): void {
  test(name, async () => {
    const world = await open(...setting);
    await act(world);
    await world.stop();
  });
}

const away = (from: number, to: number): VirtualFault => ({ kind: 'down', from, to, chance: 1, channels: null });

const combined = (): IncidentEvent[] =>
  combinedEvents(
    [
      { country: 'KP', at: start },
      { country: 'SY', at: start },
    ].map((one) => ({ ...one, incident: one.country })),
  );

story('several countries at once are one message, and what follows of each replies to it', async (world) => {
  await world.happen(minute, ...combined());
  world.now = { prefixes: 2 };
  await world.happen(10 * minute, { ...still, country: 'SY', incident: 'SY', id: 'SY/2' });
  await world.happen(minute, back);
  await world.happen(
    minute,
    { ...back, country: 'SY', incident: 'SY', id: 'SY/3' },
    { ...down, id: 'KP/4', kind: 'down-again' },
  );
  assert.deepEqual(world.heard(), [
    'start KP+SY',
    'update SY re 1',
    'recovery KP re 1',
    'recovery SY re 1',
    'start KP re 1',
  ]);
  assert.deepEqual(world.discord.edits, [], "it is no single country's to edit");
});

story(
  'told late, several countries at once are summed up with what came after',
  async (world) => {
    await world.happen(hour, ...combined());
    await world.happen(7 * hour, back);
    assert.deepEqual(world.heard(), ['backlog of KP restored, SY opened']);
    await world.happen(minute, { ...back, country: 'SY', incident: 'SY', id: 'SY/3' });
    assert.deepEqual(world.heard().slice(1), ['recovery SY re 1']);
  },
  [away(start, start + 7.5 * hour)],
);

const closed = (from: number, to: number, channelId: string): VirtualFault => ({
  kind: 'closed',
  from,
  to,
  chance: 1,
  channels: new Set([channelId]),
});

story('a start, what goes on and the end, as replies to the start', async (world) => {
  await world.happen(minute, down);
  await world.happen(minute, still);
  await world.happen(minute, back);
  assert.deepEqual(world.heard(), ['start KP', 'update KP re 1', 'recovery KP re 1']);
});

test('a channel that subscribes during an outage is told neither its start nor its end', async () => {
  const store = new MemoryDeliveryStore();
  store.append(incidentEvent({ at: start, ...down }));
  const world = await open([], [{ since: 1 }], store);
  await world.happen(minute, back);
  await world.happen(minute, syria);
  assert.deepEqual(world.heard(), ['start SY']);
  await world.stop();
});

story(
  'a channel that is closed to us is asked after 5 and 30 minutes, 2 hours, then daily, and the others do not wait',
  async (world) => {
    await world.happen(minute, down);
    assert.deepEqual([world.heard(), world.heard(there)], [[], ['start KP']]);
    assert.match(world.delivery.troubleOf(here) ?? '', /may not write/);
    assert.equal(world.delivery.closed(), 1);
    assert.equal(world.delivery.trouble(), null, 'one channel is not the service');
    await world.happen(40 * hour);
    const [asked] = world.discord.requests;
    // The posts of both channels, the crosspost of the other one, then the probes.
    assert.deepEqual(
      asked.slice(-4).map((at) => Math.round((at - start) / minute)),
      [5, 35, 155, 1595],
    );
  },
  [closed(start, start + 9_999 * hour, here)],
  [{}, { channelId: there }],
);

story(
  'where the only channel is closed to us nobody is told, and that is said',
  async (world) => {
    await world.happen(minute, down);
    assert.match(world.delivery.trouble() ?? '', /^Discord: the bot may not write there/);
  },
  [closed(start, start + hour, here)],
);

story(
  'what closed it is mended: it is told at once, and its pause is over',
  async (world) => {
    await world.happen(10 * minute, down);
    assert.deepEqual(world.heard(), []);
    world.delivery.reopen([here]);
    await world.happen(minute);
    assert.deepEqual(world.heard(), ['start KP']);
    assert.equal(world.delivery.troubleOf(here), null);
  },
  [closed(start, start + 8 * minute, here)],
);

story(
  'a channel that is gone is laid aside with its settings, not deleted',
  async (world) => {
    await world.happen(minute, down);
    await world.happen(minute, still, syria);
    const laidAside = await world.store.subscription(here);
    assert.deepEqual(laidAside?.standing, { kind: 'gone', at: start + 100, reason: 'there is no such channel' });
    assert.equal(laidAside.minSeverity, 'down');
    assert.deepEqual(await world.store.depth(), { owed: 0, oldestAt: null });
  },
  [{ kind: 'gone', from: start, to: start + hour, chance: 1, channels: null }],
  [{ minSeverity: 'down' }],
);

story(
  'after a long silence of Discord one message sums up what is still going on and what is over',
  async (world) => {
    await world.happen(hour, down);
    assert.match(world.delivery.trouble() ?? '', /down/);
    await world.happen(hour, syria, still);
    await world.happen(7 * hour, { ...syria, id: 'SY/2', kind: 'restored', level: 'normal' });
    assert.deepEqual(world.heard(), ['backlog of KP follow-up, SY restored']);
    assert.equal(world.delivery.trouble(), null);
    await world.happen(minute, back);
    assert.deepEqual(world.heard().slice(1), ['recovery KP re 1'], 'its end goes to who was told in the sum');
  },
  [away(start, start + 8 * hour)],
);

story(
  'after a short one each message comes, in order',
  async (world) => {
    await world.happen(minute, down);
    await world.happen(hour, still);
    await world.happen(2 * hour, back);
    assert.deepEqual(world.heard(), ['start KP', 'update KP re 1', 'recovery KP re 1']);
  },
  [away(start, start + hour)],
);

test('when many channels wait, starts come first, then updates, then ends', async () => {
  const ids = [here, there, operator];
  const world = await open(
    [away(start, start + minute)],
    ids.map((channelId, index) => ({
      channelId,
      scope: 'listed',
      countries: { [['KP', 'SY', 'EG'][index]]: 'major' },
    })),
  );
  const told = { firstMessageId: '1', position: null, severity: 'down', at: start, over: false } as const;
  await world.store.owe([], { position: 0, channelId: 'x' });
  for (const [channelId, incident] of [
    [here, 'KP'],
    [there, 'SY'],
  ] as const) {
    const row = { channelId, position: 9_000, positions: [9_000], priority: 0, owedAt: start } as const;
    await world.store.owe([row], { position: 0, channelId: `y${channelId}` });
    await world.store.acknowledge(row, [{ ...told, channelId, incident }]);
  }
  // No channel gets the first event: its place in the expansion was used up above.
  await world.happen(
    5 * minute,
    { country: 'FR', level: 'degraded', worst: 'degraded' },
    back,
    { ...syria, kind: 'follow-up' },
    { id: 'EG/1', incident: 'EG', country: 'EG' },
  );
  assert.deepEqual(world.discord.messages.map(inWords), ['start EG', 'update SY re 1', 'recovery KP re 1']);
  await world.stop();
});

story(
  'ten thousand channels wait while Discord is away, and one request at a time asks whether it is back',
  async (world) => {
    await world.happen(10 * minute, down);
    assert.ok(world.discord.requests[0].length < 200, `${world.discord.requests[0].length} requests in ten minutes`);
  },
  [away(start, start + hour)],
  Array.from({ length: 2_000 }, (_, index) => ({
    channelId: index === 0 ? here : `3${String(index).padStart(17, '0')}`,
  })),
);

story('a notice goes only to the operator', async (world) => {
  await world.happen(minute, {
    id: 'notice-1',
    incident: null,
    country: null,
    kind: 'notice',
    notice: 'Measurement degraded: 12 of 20 voters.',
  });
  assert.deepEqual([world.heard(), world.heard(operator)], [[], ['Measurement degraded: 12 of 20 voters.']]);
});

const noticeOf = (number: number): Partial<IncidentEvent> => ({
  id: `notice-${number}`,
  incident: null,
  country: null,
  kind: 'notice',
  notice: `Notice ${number}.`,
});

story(
  'after a long silence the operator still gets every notice, and the alerts around them where the channel ' +
    'is subscribed too',
  async (world) => {
    await world.happen(hour, noticeOf(1));
    await world.happen(hour, noticeOf(2), down);
    await world.happen(hour, still, noticeOf(3));
    await world.happen(12 * hour, syria, { ...syria, id: 'SY/2', kind: 'restored', level: 'normal' });
    assert.deepEqual(world.heard(operator), [
      'Notice 1.',
      'Notice 2.',
      'backlog of KP follow-up',
      'Notice 3.',
      'backlog of SY restored',
    ]);
  },
  [away(start, start + 10 * hour)],
  [{ channelId: operator }],
);

const edits = ({ discord }: World): string[] =>
  discord.edits.map(({ messageId, message }) => `${messageId}: ${editInWords(message)}`);
const editInWords = (message: Message): string =>
  message.kind !== 'alert'
    ? message.kind
    : message.end === null
      ? `revision ${message.revision}, ${message.event.prefixes} routes`
      : `over, ${message.end.kind}`;

story(
  'the first message follows the numbers for an hour, every five minutes and only where they changed; its ' +
    'last edit is the end',
  async (world) => {
    await world.happen(6 * minute, down);
    assert.deepEqual(edits(world), [], 'nothing changed');
    world.now = { prefixes: 1 };
    await world.happen(6 * minute);
    assert.deepEqual(edits(world), ['1: revision 2, 1 routes']);
    await world.happen(3 * hour);
    assert.equal(edits(world).at(-1), '1: revision 11, 1 routes');
    assert.equal(edits(world).length, 10);
    await world.happen(minute, back);
    await world.happen(2 * hour);
    assert.equal(edits(world).at(-1), '1: over, restored');
    assert.equal(edits(world).length, 11);
  },
);

story(
  'who wants only starts sees the end in the first message',
  async (world) => {
    await world.happen(minute, down);
    await world.happen(minute, back);
    assert.deepEqual([world.heard(), edits(world)], [['start KP'], ['1: over, restored']]);
  },
  [],
  [{ updates: 'start' }],
);

story('while the store is away nothing is lost, and the log says why no channel is told', async (world) => {
  world.store.onCall = () => {
    throw new Error('the store is away');
  };
  await world.happen(minute, down);
  assert.match(world.delivery.trouble() ?? '', /the store is away/);
  world.store.onCall = () => undefined;
  await world.happen(2 * minute);
  assert.deepEqual([world.heard(), world.delivery.trouble()], [['start KP'], null]);
});

story(
  'an end while the country is muted says nothing, but it is one: its message turns green, and what ' +
    'follows is a start again',
  async (world) => {
    const mute = async (mutes: Subscription['mutes']): Promise<void> =>
      world.store.saveSubscription({ ...(await world.store.subscription(here))!, mutes });
    await world.happen(minute, down);
    await mute({ KP: start + hour });
    await world.happen(minute, back);
    assert.deepEqual([world.heard(), edits(world)], [['start KP'], ['1: over, restored']]);
    await mute({});
    await world.happen(minute, { ...down, id: 'KP/4', kind: 'down-again' });
    assert.deepEqual(world.heard(), ['start KP', 'start KP re 1']);
  },
  [],
  [{ updates: 'start+end' }],
);

story(
  'a channel that is closed to us is no trouble of the service while others listen, and is where nobody else does',
  async (world) => {
    await world.happen(5 * minute, down);
    assert.deepEqual(
      [world.delivery.closed(), world.delivery.trouble()],
      [1, null],
      'nobody else wanted to hear of this',
    );
    await world.store.removeSubscription(there);
    await world.happen(5 * minute);
    assert.match(world.delivery.trouble() ?? '', /may not write/);
    world.delivery.reopen([here]);
    await world.happen(minute);
    assert.deepEqual([world.heard(), world.delivery.trouble()], [['start KP'], null]);
  },
  [closed(start, start + 10 * minute, here)],
  [{}, { channelId: there, scope: 'listed', countries: { SY: 'major' } }],
);
