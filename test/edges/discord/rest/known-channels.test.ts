import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ChannelType } from 'discord.js';
import { FakeClock } from '../../../support/clocks/fake-clock.js';
import { GatewayWorld } from '../gateway-world.js';

const [guildId, channelId] = ['300000000000000001', '200000000000000001'];

describe('a channel is looked up in memory', () => {
  test('with what the bot may do there: text, announcements, threads; nothing of what it does not see', async () => {
    const world = new GatewayWorld();
    const { world: discord } = world.discord;
    const news = discord.addChannel({ type: ChannelType.GuildAnnouncement, name: 'news' });
    const thread = discord.addThread(channelId, { name: 'KP' });
    const voice = discord.addChannel({ type: ChannelType.GuildVoice });
    discord.deny(news.id, 'AttachFiles');
    discord.deny(channelId, 'EmbedLinks');
    await world.connected();
    const lookUp = (id: string): unknown[] => {
      const access = world.gateway.lookUpChannel(id);
      const may = (bit: bigint): boolean => access !== null && (access.permissions & bit) !== 0n;
      return access === null
        ? []
        : [access.kind, access.name, access.guildId, may(1n << 38n), may(1n << 14n), may(1n << 15n)];
    };
    assert.deepEqual(lookUp(channelId), ['text', 'alerts', guildId, true, false, true]);
    assert.deepEqual(lookUp(news.id), ['announcement', 'news', guildId, true, true, false]);
    assert.deepEqual(lookUp(thread.id), ['thread', 'KP', guildId, true, false, true]);
    assert.equal(lookUp(voice.id)[0], 'other');
    assert.deepEqual(lookUp('404'), []);
  });

  test('and still known while the gateway is away', async () => {
    const world = await new GatewayWorld({ clock: new FakeClock() }).connected();
    await world.discord.stop();
    await world.until(() => !world.gateway.health().connected);
    assert.equal(world.gateway.lookUpChannel(channelId)?.name, 'alerts');
  });
});

describe('what happens to channels is told', () => {
  const stories: { name: string; act: (world: GatewayWorld) => void; told: readonly string[] }[] = [
    {
      name: 'permissions of a channel',
      act: ({ discord }) => discord.changes.channelUpdate(channelId),
      told: ['open', channelId],
    },
    {
      name: 'a role',
      told: ['open', channelId],
      act: ({ discord }) => discord.changes.roleUpdate(guildId, guildId, { permissions: 0n }),
    },
    {
      name: 'the roles of the bot',
      act: ({ discord }) => discord.changes.memberUpdate(guildId, { roles: [] }),
      told: ['open', channelId],
    },
    {
      name: 'a deleted channel',
      act: ({ discord }) => discord.changes.channelDelete(channelId),
      told: ['gone', channelId, 'the channel was deleted'],
    },
    {
      name: 'a lost server',
      act: ({ discord }) => discord.changes.guildDelete(guildId),
      told: ['guild-gone', guildId, 'the bot was removed from that server, or the server was deleted'],
    },
  ];
  for (const { name, act, told } of stories) {
    test(name, async () => {
      const world = await new GatewayWorld().connected();
      const before = world.told.length;
      act(world);
      await world.until(() => world.told.length > before);
      assert.deepEqual(world.told.slice(before), [told]);
    });
  }

  test('threads, by themselves and with their channel', async () => {
    const world = new GatewayWorld();
    const [first, second] = [world.discord.world.addThread(channelId), world.discord.world.addThread(channelId)];
    await world.connected();
    assert.deepEqual(world.told, [['guild-back', guildId, channelId, first.id, second.id]]);
    const before = world.told.length;
    world.discord.changes.threadUpdate(first.id, { archived: false });
    world.discord.changes.threadDelete(first.id);
    world.discord.changes.channelDelete(channelId);
    await world.until(() => world.told.length >= before + 4);
    assert.deepEqual(world.told.slice(before), [
      ['open', first.id],
      ['gone', first.id, 'the thread was deleted'],
      ['gone', second.id, 'its channel was deleted'],
      ['gone', channelId, 'the channel was deleted'],
    ]);
  });

  test('a server in an outage is not lost, and told when it is back', async () => {
    const world = await new GatewayWorld().connected();
    const before = world.told.length;
    world.discord.changes.guildDelete(guildId, { unavailable: true });
    world.discord.changes.guildCreate({ id: guildId });
    await world.until(() => world.told.length > before);
    assert.deepEqual(world.told.slice(before), [['guild-back', guildId, channelId]]);
  });

  test('an invitation, and what was lost while the gateway was away', async () => {
    const clock = new FakeClock();
    const world = await new GatewayWorld({ clock }).connected();
    const guild = world.discord.changes.guildCreate({ name: 'another' });
    await world.until(() => world.told.some(([what, id]) => what === 'guild-back' && id === guild.id));
    world.discord.world.guilds.get(guildId)!.members.delete(world.discord.world.bot.id);
    world.discord.gateway.invalidateSessions(false);
    await clock.waiting(750);
    clock.jump(5000);
    await world.until(() => world.told.some(([what]) => what === 'guild-gone'));
    assert.deepEqual(
      world.told.filter(([what]) => what === 'guild-gone'),
      [['guild-gone', guildId, 'the bot is in that server no more']],
    );
  });
});
