import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newSubscription, tombstoneMs, type Subscription } from '../../../../src/edges/delivery/index.js';
import { CommandProblem, type CommandInput, type Place } from '../../../../src/edges/discord/commands/parts/command.js';
import { subscribe } from '../../../../src/edges/discord/commands/subscribe.js';
import { unsubscribe } from '../../../../src/edges/discord/commands/unsubscribe.js';
import {
  access,
  allPermissions,
  channelId,
  CommandWorld,
  dayMs,
  dm,
  dmId,
  guild,
  guildId,
  now,
  textOf,
} from '../../../support/delivery/command-world.js';

const made = newSubscription({ channelId, guildId, since: 7, createdAt: now });

function subscribed(changes: Partial<Subscription> = {}): CommandWorld {
  const world = new CommandWorld();
  world.subscribed.set(channelId, { ...made, since: 3, createdAt: now - dayMs, ...changes });
  return world;
}

async function refusal(world: CommandWorld, options: CommandInput['options'], place: Place = guild): Promise<string> {
  const before = JSON.stringify([...world.subscribed]);
  const error: unknown = await world.ask(subscribe, options, place).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof CommandProblem, String(error));
  assert.equal(JSON.stringify([...world.subscribed]), before, 'a refusal changes nothing');
  return error.message;
}

test('without options: everything that is major or down, in this channel, from now on', async () => {
  const world = new CommandWorld();
  const message = await world.ask(subscribe);
  assert.deepEqual(world.subscribed.get(channelId), made);
  assert.match(
    textOf(message),
    new RegExp(
      /✅ Subscribed: alerts come to <#200> from now on\.\n• Every country: major or down\n/.source +
        /• Told: starts, changes, follow-ups and ends/.source,
    ),
  );
  assert.doesNotMatch(textOf(message), /⚠️/);
});

test('with every option', async () => {
  const world = new CommandWorld();
  world.channels.set('201', access({ channelId: '201', kind: 'thread' }));
  const options = {
    channel: '201',
    countries: 'KP, syria; Gaza',
    'min-severity': 'degraded',
    mention: '400',
    updates: 'start',
    'quiet-recovery': true,
  };
  const message = await world.ask(subscribe, options);
  assert.deepEqual(world.subscribed.get('201'), {
    ...made,
    channelId: '201',
    scope: 'listed',
    minSeverity: 'degraded',
    countries: { KP: 'degraded', 'PS-GZ': 'degraded', SY: 'degraded' },
    roleId: '400',
    updates: 'start',
    quietRecovery: true,
  });
  assert.match(
    textOf(message),
    /Gaza \(PS-GZ\), North Korea \(KP\), Syria \(SY\): degraded or worse[\s\S]*<@&400>[\s\S]*without a notification/,
  );
});

const changes: [string, Partial<Subscription>, CommandInput['options'], Partial<Subscription>][] = [
  ['nothing', { roleId: '400', updates: 'start' }, {}, { roleId: '400', updates: 'start' }],
  [
    'updates alone',
    { roleId: '400', quietRecovery: true },
    { updates: 'start+end' },
    { roleId: '400', quietRecovery: true, updates: 'start+end' },
  ],
  [
    'a list for all',
    { countries: { KP: 'unstable' } },
    { countries: 'SY' },
    { scope: 'listed', countries: { SY: 'major' } },
  ],
  [
    'a list for a list',
    { scope: 'listed', minSeverity: 'down', countries: { KP: 'unstable' } },
    { countries: 'SY IR' },
    { scope: 'listed', minSeverity: 'down', countries: { IR: 'down', SY: 'down' } },
  ],
  [
    'all for a list',
    { scope: 'listed', countries: { KP: 'unstable' } },
    { countries: 'all' },
    { scope: 'all', countries: {} },
  ],
  [
    'the threshold of a list: exceptions stay',
    { scope: 'listed', countries: { KP: 'unstable', SY: 'major' } },
    { 'min-severity': 'down' },
    { scope: 'listed', minSeverity: 'down', countries: { KP: 'unstable', SY: 'down' } },
  ],
  [
    'the threshold of all: exceptions stay',
    { countries: { KP: 'unstable', SY: 'major' } },
    { 'min-severity': 'down' },
    { minSeverity: 'down', countries: { KP: 'unstable', SY: 'major' } },
  ],
  ['no mention any more', { roleId: '400' }, { 'no-mention': true }, { roleId: null }],
  ['mutes stay', { mutes: { KP: now + dayMs } }, { 'quiet-recovery': false }, { mutes: { KP: now + dayMs } }],
];
test('used again, it changes only the options that are given', async () => {
  for (const [what, before, options, after] of changes) {
    const world = subscribed(before);
    assert.match(textOf(await world.ask(subscribe, options)), /✅ Changed: what <#200> is told is now/, what);
    assert.deepEqual(
      world.subscribed.get(channelId),
      { ...made, since: 3, createdAt: now - dayMs, ...before, ...after },
      what,
    );
  }
});

test('of two changes at once neither is lost', async () => {
  const world = subscribed();
  await Promise.all([world.ask(subscribe, { updates: 'start' }), world.ask(subscribe, { 'quiet-recovery': true })]);
  assert.deepEqual(world.subscribed.get(channelId), {
    ...made,
    since: 3,
    createdAt: now - dayMs,
    updates: 'start',
    quietRecovery: true,
  });
});

test('a subscription whose channel was gone keeps its settings, and is told nothing of the time between', async () => {
  const kept = { roleId: '400', updates: 'start', scope: 'listed', countries: { KP: 'down' } } as const;
  const world = subscribed({ ...kept, standing: { kind: 'gone', at: now - dayMs, reason: 'the channel was deleted' } });
  assert.match(textOf(await world.ask(subscribe)), /✅ Restored with its settings/);
  assert.deepEqual(world.subscribed.get(channelId), { ...made, ...kept, createdAt: now - dayMs });
  const late = subscribed({
    ...kept,
    standing: { kind: 'gone', at: now - tombstoneMs - 1, reason: 'the channel was deleted' },
  });
  assert.match(textOf(await late.ask(subscribe)), /✅ Subscribed anew/);
  assert.deepEqual(late.subscribed.get(channelId), made);
});

test('regions expand; groups in them too', async () => {
  const world = new CommandWorld();
  await world.ask(subscribe, { countries: 'Baltics, middle east' });
  const { countries = {} } = world.subscribed.get(channelId) ?? {};
  for (const code of ['EE', 'LT', 'LV', 'IR', 'SY', 'PS', 'PS-GZ']) assert.equal(countries[code], 'major', code);
});

test('each unknown word is named, with what may have been meant, and nothing changes', async () => {
  const message = await refusal(new CommandWorld(), { countries: 'KP, Germny, Middel East, Atlantis' });
  assert.match(
    message,
    new RegExp(
      /"Germny"\. Did you mean Germany \(DE\)\?\n.*"Middel East"\. Did you mean Middle East.*\n/.source +
        /.*"Atlantis"\.\nNothing was changed\./.source,
    ),
  );
  assert.match(await refusal(new CommandWorld(), { countries: ' , ' }), /Which countries\?/);
  const many = Array.from({ length: 100 }, (_, n) => `qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq${n}`).join(',');
  assert.match(await refusal(new CommandWorld(), { countries: many }), /And 90 more/);
});

const [view, send, embed, attach, read, inThreads, mentionEveryone] = [10n, 11n, 14n, 15n, 16n, 38n, 17n].map(
  (bit) => 1n << bit,
);
const lacking: [string, bigint, 'text' | 'thread' | 'announcement', readonly string[]][] = [
  ['View Channel', view, 'text', ['View Channel']],
  ['Send Messages', send, 'text', ['Send Messages']],
  ['Send Messages and more', send | embed | read, 'text', ['Send Messages', 'Embed Links', 'Read Message History']],
  ['Send Messages in Threads', inThreads, 'thread', ['Send Messages in Threads']],
];
test('without View Channel or Send Messages it is refused, and every missing permission is named', async () => {
  for (const [what, lacks, kind, names] of lacking) {
    const world = new CommandWorld();
    world.channels.set(channelId, access({ kind, permissions: allPermissions & ~lacks }));
    const message = await refusal(world, {});
    assert.match(message, /I may not post in <#200>/, what);
    assert.deepEqual(
      [...message.matchAll(/\*\*([\w ]+)\*\*/g)].map(([, name]) => name),
      names,
      what,
    );
  }
  const world = new CommandWorld();
  world.channels.set(channelId, access({ kind: 'thread', permissions: allPermissions & ~send }));
  await world.ask(subscribe);
  world.channels.set(channelId, access({ permissions: 1n << 3n }));
  assert.doesNotMatch(textOf(await world.ask(subscribe)), /⚠️/, 'an administrator lacks nothing');
});

test('without the optional permissions it works, and says what will be left out', async () => {
  const world = new CommandWorld();
  world.channels.set(channelId, access({ permissions: allPermissions & ~(embed | attach | read) }));
  const text = textOf(await world.ask(subscribe));
  assert.match(
    text,
    new RegExp(
      /✅ Subscribed[\s\S]*⚠️ I lack \*\*Embed Links\*\*[\s\S]*/.source +
        /⚠️ I lack \*\*Attach Files\*\* there: no charts[\s\S]*⚠️ I lack \*\*Read Message History\*\*/.source,
    ),
  );
});

test('an announcement channel publishes, and a role may not be open to a mention', async () => {
  const world = new CommandWorld();
  world.channels.set(channelId, access({ kind: 'announcement', permissions: allPermissions & ~mentionEveryone }));
  assert.match(
    textOf(await world.ask(subscribe, { mention: '400' })),
    /starts and recoveries are published[\s\S]*<@&400> is pinged only if/,
  );
});

test('what is refused', async () => {
  const world = new CommandWorld();
  world.channels
    .set('202', access({ channelId: '202', guildId: '999' }))
    .set('203', access({ channelId: '203', kind: 'other' }));
  const stories: [CommandInput['options'], Place, RegExp][] = [
    [{ mention: guildId }, guild, /do not ping @everyone/],
    [{ mention: '400', 'no-mention': true }, guild, /choose one/],
    [{ channel: '202' }, guild, /belongs to another server/],
    [{ channel: '203' }, guild, /no place for messages/],
    [{ channel: '204' }, guild, /cannot see <#204>/],
    [{}, { ...guild, memberPermissions: 1n << 11n }, /Manage Server/],
    [{ mention: '400' }, dm, /no roles in a direct message/],
    [{ channel: channelId }, dm, /leave the channel out/],
  ];
  for (const [options, place, expected] of stories) assert.match(await refusal(world, options, place), expected);
});

test("a server's administrator may use it; in a direct message it serves the user", async () => {
  const world = new CommandWorld();
  await world.ask(subscribe, {}, { ...guild, memberPermissions: 1n << 3n });
  assert.match(textOf(await world.ask(subscribe, { countries: 'KP' }, dm)), /alerts come to this direct message/);
  assert.deepEqual(world.subscribed.get(dmId), {
    ...made,
    channelId: dmId,
    guildId: null,
    scope: 'listed',
    countries: { KP: 'major' },
  });
});

test('if only the user has installed the bot, it answers with the invite link', async () => {
  const places: Place[] = [
    { ...guild, isMember: false, memberPermissions: 0n },
    { kind: 'private', channelId: '500' },
  ];
  for (const place of places) {
    const world = new CommandWorld();
    assert.match(textOf(await world.ask(subscribe, {}, place)), /https:\/\/discord\.com\/oauth2\/authorize/);
    assert.equal(world.subscribed.size, 0);
  }
});

test('the countries typed are completed one after the other, regions among them', () => {
  const { deps } = new CommandWorld();
  const values = (typed: string): string[] =>
    (subscribe.complete?.('countries', typed, deps) ?? []).map(({ value }) => value);
  assert.equal(values('')[0], 'all');
  assert.equal(values('middle')[0], 'Middle East');
  assert.equal(values('KP, syr')[0], 'KP, SY');
  assert.deepEqual(subscribe.complete?.('mention', 'x', deps), []);
});

test('unsubscribing forgets it, says if there was none, and works where the channel is no longer seen', async () => {
  const world = subscribed();
  world.channels.clear();
  assert.match(textOf(await world.ask(unsubscribe)), /No more alerts come to <#200>/);
  assert.equal(world.subscribed.size, 0);
  world.channels.set(channelId, access());
  await assert.rejects(world.ask(unsubscribe), /There was no subscription for <#200>/);
  await assert.rejects(
    subscribed({ guildId: '999' }).ask(unsubscribe, {}, { ...guild, memberPermissions: 0n }),
    CommandProblem,
  );
  const stranger = subscribed({ guildId: '999' });
  stranger.channels.clear();
  await assert.rejects(stranger.ask(unsubscribe), /cannot see/);
  assert.equal(stranger.subscribed.size, 1);
});

test('"and" stands between countries, and is not Andorra\'s code', async () => {
  const lists: [string, readonly string[]][] = [
    ['Iran and Iraq', ['IQ', 'IR']],
    ['KP, SY and IR', ['IR', 'KP', 'SY']],
    ['KP, and SY', ['KP', 'SY']],
    ['Iran & North Korea', ['IR', 'KP']],
    ['AND', ['AD']],
    ['Trinidad & Tobago; Iran', ['IR', 'TT']],
  ];
  for (const [countries, codes] of lists) {
    const world = new CommandWorld();
    await world.ask(subscribe, { countries });
    assert.deepEqual(Object.keys(world.subscribed.get(channelId)?.countries ?? {}), codes, countries);
  }
  assert.match(
    await refusal(new CommandWorld(), { countries: 'Iran and Atlantis' }),
    /no country or region called "Iran and Atlantis"/,
  );
});

test('a list of half the world leaves room for the missing permissions and the rest', async () => {
  const world = new CommandWorld();
  world.channels.set(
    channelId,
    access({ kind: 'announcement', permissions: allPermissions & ~(embed | attach | read | mentionEveryone) }),
  );
  const options = {
    countries: 'Africa, Europe, Asia',
    mention: '1000000000000000099',
    updates: 'start',
    'quiet-recovery': true,
  };
  const text = textOf(await world.ask(subscribe, options));
  assert.match(
    text,
    new RegExp(
      /and \d+ more: major or down[\s\S]*Told: starts and when[\s\S]*Mentions[\s\S]*/.source +
        /Embed Links[\s\S]*Attach Files[\s\S]*Read Message History[\s\S]*/.source +
        /announcement channel[\s\S]*pinged only if[\s\S]*`\/test-alert`/.source,
    ),
  );
});
