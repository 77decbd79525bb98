import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  newSubscription,
  tombstoneMs,
  type SendResult,
  type Subscription,
} from '../../../../src/edges/delivery/index.js';
import { countryCodes } from '../../../../src/core/countries/index.js';
import { CommandProblem, type Place } from '../../../../src/edges/discord/commands/parts/command.js';
import { commands } from '../../../../src/edges/discord/commands/commands.js';
import { mute } from '../../../../src/edges/discord/commands/mute.js';
import { subscriptions } from '../../../../src/edges/discord/commands/subscriptions.js';
import { testAlert } from '../../../../src/edges/discord/commands/test-alert.js';
import { watch } from '../../../../src/edges/discord/commands/watch.js';
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
  hourMs,
  now,
  textOf,
} from '../../../support/delivery/command-world.js';

function subscribed(changes: Partial<Subscription> = {}): CommandWorld {
  const world = new CommandWorld();
  world.subscribed.set(
    channelId,
    newSubscription({ channelId, guildId, since: 3, createdAt: now - dayMs, ...changes }),
  );
  return world;
}

const managing = commands.filter(({ definition }) => definition.default_member_permissions === '32');

test('every managing command checks the user, and gives the invite link where the bot is missing', async () => {
  assert.equal(managing.length, 6);
  const options = { country: 'KP', duration: '1h' };
  for (const command of managing) {
    const { name } = command.definition;
    const subcommand = name === 'watch' ? 'add' : null;
    await assert.rejects(
      subscribed().ask(command, options, { ...guild, memberPermissions: 0n }, subcommand),
      (error) => error instanceof CommandProblem && /Manage Server/.test(error.message),
      name,
    );
    const strange: Place[] = [
      { ...guild, isMember: false },
      { kind: 'private', channelId: '500' },
    ];
    for (const place of strange) {
      const world = subscribed();
      assert.match(textOf(await world.ask(command, options, place, subcommand)), /oauth2\/authorize/, name);
      assert.deepEqual([world.subscribed.size, world.posted.length], [1, 0], name);
    }
    if (command.press !== undefined)
      await assert.rejects(
        subscribed().press(command, `${name}:1`, { ...guild, memberPermissions: 0n }),
        CommandProblem,
        name,
      );
  }
});

test('/watch on a list adds and removes; without its last country the subscription tells nothing', async () => {
  const world = subscribed({ scope: 'listed', countries: { SY: 'major' } });
  const countries = (): Subscription['countries'] | undefined => world.subscribed.get(channelId)?.countries;
  assert.match(
    textOf(await world.ask(watch, { country: 'KP', 'min-severity': 'unstable' }, guild, 'add')),
    /North Korea is told from now on: unstable or worse\.$/,
  );
  await world.ask(watch, { country: 'IR' }, guild, 'add');
  assert.deepEqual(countries(), { SY: 'major', KP: 'unstable', IR: 'major' });
  assert.match(
    textOf(await world.ask(watch, {}, guild, 'list')),
    /Iran \(IR\), Syria \(SY\): major or down\n• North Korea \(KP\): unstable or worse/,
  );
  assert.match(
    textOf(await world.ask(watch, { country: 'SY' }, guild, 'remove')),
    /Syria is no longer watched\. 2 countries are still watched/,
  );
  await world.ask(watch, { country: 'IR' }, guild, 'remove');
  assert.match(
    textOf(await world.ask(watch, { country: 'north korea' }, guild, 'remove')),
    /North Korea is no longer watched\. ⚠️ That was the last one: \*\*nothing is told there now\*\*/,
  );
  assert.deepEqual(countries(), {});
  assert.match(textOf(await world.ask(watch, {}, guild, 'list')), /No country: nothing is told/);
  await assert.rejects(world.ask(watch, { country: 'KP' }, guild, 'remove'), /was not watched in <#200>/);
});

test('/watch on all sets an exception, and says that it does not narrow', async () => {
  const world = subscribed();
  assert.match(
    textOf(await world.ask(watch, { country: 'KP', 'min-severity': 'unstable' }, guild, 'add')),
    /to every country \(major or down\): that is an exception/,
  );
  assert.equal(world.subscribed.get(channelId)?.scope, 'all');
  assert.match(
    textOf(await world.ask(watch, {}, guild, 'list')),
    /Every country: major or down\n• but North Korea \(KP\): unstable or worse/,
  );
  assert.match(
    textOf(await world.ask(watch, { country: 'KP' }, guild, 'remove')),
    /no threshold of its own any more; like every country it is told from this on: major or down/,
  );
  await assert.rejects(world.ask(watch, { country: 'KP' }, guild, 'remove'), /no threshold of its own[\s\S]*`\/mute`/);
});

test('/watch list holds two hundred countries; a group that the configuration forgot can be taken off', async () => {
  const all = Object.fromEntries(
    countryCodes.map((code, n) => [code, (['unstable', 'degraded', 'major', 'down'] as const)[n % 4]]),
  );
  const world = subscribed({ scope: 'listed', countries: { ...all, 'XX-OLD': 'major' } });
  assert.match(textOf(await world.ask(watch, {}, guild, 'list')), /and \d+ more: unstable or worse/);
  await world.ask(watch, { country: 'xx-old' }, guild, 'remove');
  assert.ok(!('XX-OLD' in (world.subscribed.get(channelId)?.countries ?? {})));
});

test('/watch and /mute need a subscription', async () => {
  const gone = subscribed({ standing: { kind: 'gone', at: now - dayMs, reason: 'the channel was deleted' } });
  for (const subcommand of ['add', 'remove', 'list']) {
    await assert.rejects(
      new CommandWorld().ask(watch, { country: 'KP' }, guild, subcommand),
      /no subscription for <#200> yet: `\/subscribe`/,
    );
    await assert.rejects(
      gone.ask(watch, { country: 'KP' }, guild, subcommand),
      /put aside \(the channel was deleted\): `\/subscribe` brings it back/,
    );
  }
  await assert.rejects(gone.ask(mute, { country: 'KP', duration: '1h' }), CommandProblem);
});

test('/mute silences one country for a while, and off ends it', async () => {
  const world = subscribed({ mutes: { SY: now + dayMs, IQ: now - 1 } });
  const text = textOf(await world.ask(mute, { country: 'KP', duration: '6h' }));
  assert.match(text, new RegExp(`nothing of 🇰🇵 North Korea until <t:${(now + 6 * hourMs) / 1000}:f>`));
  assert.deepEqual(world.subscribed.get(channelId)?.mutes, { SY: now + dayMs, KP: now + 6 * hourMs });
  assert.match(textOf(await world.ask(watch, { country: 'KP' }, guild, 'add')), /is muted here just now/);
  assert.match(textOf(await world.ask(watch, {}, guild, 'list')), /Muted: North Korea \(KP\) until <t:/);
  assert.match(textOf(await world.ask(mute, { country: 'KP', duration: 'off' })), /is told again/);
  assert.deepEqual(world.subscribed.get(channelId)?.mutes, { SY: now + dayMs });
  await assert.rejects(world.ask(mute, { country: 'KP', duration: 'off' }), /is not muted/);
  await assert.rejects(world.ask(mute, { country: 'KP', duration: '2y' }), /For how long\?/);
  assert.match(
    textOf(
      await subscribed({ scope: 'listed', countries: { SY: 'major' } }).ask(mute, { country: 'KP', duration: '1h' }),
    ),
    /not watched there anyway/,
  );
});

test('/subscriptions shows only those of this server, what is wrong with them, and pages', async () => {
  const world = subscribed({ roleId: '400', mutes: { KP: now + dayMs } });
  const other = newSubscription({ channelId: '', guildId, since: 1, createdAt: now });
  world.subscribed.set('201', {
    ...other,
    channelId: '201',
    standing: { kind: 'gone', at: now - dayMs, reason: 'the channel was deleted' },
  });
  world.subscribed.set('999', { ...other, channelId: '999', guildId: '998' });
  world.subscribed.set(dmId, { ...other, channelId: dmId, guildId: null, scope: 'listed', countries: { KP: 'down' } });
  world.trouble = 'it lacks the permission Send Messages';
  const text = textOf(await world.ask(subscriptions));
  assert.match(
    text,
    new RegExp(
      /^2 subscriptions in this server\n\*\*<#200>\*\*: Every country: major or down · .*; /.source +
        /mentions <@&400>; 1 muted\n⚠️ Not told just now: it lacks the permission/.source,
    ),
  );
  assert.match(
    text,
    new RegExp(
      '\\*\\*<#201>\\*\\*: .*\n⚠️ Gone <t:\\d+:R>: the channel was deleted\\. Its settings are kept until ' +
        `<t:${(now - dayMs + tombstoneMs) / 1000}:f>`,
    ),
  );
  assert.doesNotMatch(text, /999|300/);
  world.trouble = null;
  assert.match(
    textOf(await world.ask(subscriptions, {}, dm)),
    /^1 subscription here\n\*\*This direct message\*\*: North Korea \(KP\): down only/,
  );
  assert.match(textOf(await new CommandWorld().ask(subscriptions)), /Nothing is subscribed in this server yet/);
});

test('/subscriptions keeps to the limits even with the longest texts', async () => {
  const world = new CommandWorld();
  const all = Object.fromEntries(
    countryCodes.map((code, n) => [code, (['unstable', 'degraded', 'major', 'down'] as const)[n % 4]]),
  );
  for (let n = 0; n < 31; n++) {
    const id = `10000000000000000${String(n).padStart(2, '0')}`;
    world.subscribed.set(
      id,
      newSubscription({
        channelId: id,
        guildId,
        since: 1,
        createdAt: now,
        countries: all,
        roleId: '1000000000000000099',
      }),
    );
  }
  world.trouble = 'x'.repeat(1000);
  world.troubles.push('y'.repeat(1000));
  const first = await world.ask(subscriptions);
  assert.equal([...textOf(first).matchAll(/\*\*<#/g)].length, 10);
  assert.match(textOf(await world.press(subscriptions, 'subscriptions:4')), /Page 4 of 4/);
});

const outcomes: [SendResult, RegExp][] = [
  [{ kind: 'sent', messageId: '1' }, /✅ The test alert is in <#200>/],
  [
    { kind: 'retry', afterMs: null, scope: 'everywhere', maybeTaken: true, reason: 'Discord did not answer in time' },
    /⚠️ .*or took it without saying so: Discord did not answer in time/,
  ],
  [{ kind: 'closed', reason: 'it lacks Send Messages' }, /❌ I may not post in <#200>: it lacks Send Messages/],
  [{ kind: 'gone', reason: 'it was deleted' }, /❌ <#200> is not there any more/],
  [{ kind: 'refused', reason: 'invalid form body' }, /❌ Discord refused the test alert itself: invalid form body/],
];
test('/test-alert posts what is plainly a test, and reports the result', async () => {
  for (const [outcome, expected] of outcomes) {
    const world = subscribed();
    world.outcome = outcome;
    assert.match(textOf(await world.ask(testAlert)), expected);
    const [{ channelId: to, message }] = world.posted;
    assert.equal(to, channelId);
    assert.ok(message.kind === 'notice' && message.text.startsWith('TEST: ') && message.text.length <= 280);
  }
  const world = new CommandWorld();
  world.channels.set(channelId, access({ permissions: allPermissions & ~(1n << 15n) }));
  assert.match(
    textOf(await world.ask(testAlert)),
    /✅[\s\S]*⚠️ I lack \*\*Attach Files\*\*[\s\S]*no subscription there yet/,
  );
  world.channels.set(channelId, access({ permissions: 0n }));
  await assert.rejects(world.ask(testAlert), /I may not post in <#200>/);
  assert.equal(world.posted.length, 1);
  assert.match(textOf(await world.ask(testAlert, {}, dm)), /in this direct message/);
});

test('/subscriptions says what is wrong with a channel however much it watches', async () => {
  const countries = Object.fromEntries(
    countryCodes.map((code, n) => [code, (['unstable', 'degraded', 'major', 'down'] as const)[n % 4]]),
  );
  const world = subscribed({ countries, roleId: '1000000000000000099', mutes: { KP: now + dayMs } });
  world.trouble =
    'the bot may not write in channel 1000000000000000001: it lacks the permission Send Messages (in a ' +
    'thread: Send Messages in Threads)';
  assert.match(
    textOf(await world.ask(subscriptions)),
    /⚠️ Not told just now: the bot may not write .* Send Messages in Threads\)/,
  );
});

test('/subscriptions names a channel that was closed to the bot even before a post fails', async () => {
  const world = subscribed();
  world.channels.set(channelId, access({ permissions: allPermissions & ~(1n << 11n) }));
  assert.match(textOf(await world.ask(subscriptions)), /⚠️ Not told just now: I lack Send Messages there/);
  world.channels.clear();
  assert.doesNotMatch(textOf(await world.ask(subscriptions)), /⚠️/, 'an archived thread, say: nobody knows');
});
