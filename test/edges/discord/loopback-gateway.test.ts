/** The loopback Discord's gateway, as discord.js's own client sees it. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, test, type TestContext } from 'node:test';
import { createInflate, constants } from 'node:zlib';
import { Client, Events, GatewayIntentBits } from 'discord.js';
import { WebSocket } from 'ws';
import { patienceMs } from '../../support/in-time.js';
import { DiscordServer, type DiscordOptions } from '../../support/discord/server.js';

const channelId = '200000000000000001';
const guildId = '300000000000000001';
/**
 * The client waits half a second before it reconnects, so the stories run at the same time, each with its own Discord.
 */
const atOnce = { concurrency: true, timeout: patienceMs };

interface Story {
  readonly discord: DiscordServer;
  readonly newClient: (intents?: GatewayIntentBits) => Client;
  /** Resolves with a client that is ready. */
  readonly login: () => Promise<Client<true>>;
}

async function begin(t: TestContext, options?: DiscordOptions): Promise<Story> {
  const discord = new DiscordServer(options);
  await discord.start();
  const clients: Client[] = [];
  t.after(async () => {
    await Promise.all(clients.map((client) => client.destroy()));
    await discord.stop();
  });
  // Without the five seconds that the client waits between two IDENTIFYs.
  const ws = { buildIdentifyThrottler: () => Promise.resolve({ waitForIdentify: () => Promise.resolve() }) };
  const newClient = (intents = GatewayIntentBits.Guilds): Client => {
    const client = new Client({ intents, rest: { api: discord.apiUrl }, ws });
    clients.push(client);
    return client;
  };
  const login = async (): Promise<Client<true>> => {
    const client = newClient();
    const ready = once(client, Events.ClientReady);
    await client.login(discord.world.token);
    await ready;
    return client as Client<true>;
  };
  return { discord, newClient, login };
}

describe('login', atOnce, () => {
  test('the client is ready, and knows the guild, its channels and threads, and its own permissions', async (t) => {
    const { discord, login } = await begin(t);
    const thread = discord.world.addThread(channelId, { name: 'night shift' });
    discord.world.deny(channelId, 'EmbedLinks');
    const client = await login();
    assert.equal(client.user.tag, 'lightsout');
    assert.equal(client.application.id, discord.world.application.id);
    const guild = client.guilds.cache.get(guildId)!;
    assert.equal(guild.name, 'newsroom');
    const channel = guild.channels.cache.get(channelId)!;
    assert.equal(channel.name, 'alerts');
    assert.ok(channel.permissionsFor(client.user)!.has('SendMessages'));
    assert.ok(!channel.permissionsFor(client.user)!.has('EmbedLinks'));
    assert.ok(client.channels.cache.get(thread.id)!.isThread());
    assert.deepEqual(
      discord.gateway.sessions.map(({ connected }) => connected),
      [true],
    );
  });

  test('a guild in an outage is not listed yet', async (t) => {
    const { discord, login } = await begin(t);
    discord.world.guilds.get(guildId)!.unavailable = true;
    const client = await login();
    assert.equal(client.guilds.cache.get(guildId)?.available, false);
    discord.changes.guildCreate({ id: guildId });
    await once(client, Events.GuildAvailable);
  });

  test('a wrong token is closed with 4004, and intents that are not allowed with 4014', async (t) => {
    const { discord, newClient } = await begin(t);
    discord.gateway.closeAtIdentify(4004);
    await assert.rejects(newClient().login('good-token'), /Authentication failed/);
    await assert.rejects(newClient(GatewayIntentBits.GuildMembers).login('good-token'), /disallowed intents/i);
    assert.equal(discord.gateway.counts.identifies, 2);
  });
});

describe('a change in Discord reaches the gateway and REST', atOnce, () => {
  test('channels, threads, roles and guilds come, change and go', async (t) => {
    const { discord, login } = await begin(t);
    const client = await login();
    const { changes, world } = discord;
    const heard = async (event: string, happens: () => unknown): Promise<unknown[]> => {
      const told = once(client, event);
      happens();
      return told;
    };
    await heard(Events.ChannelCreate, () => changes.channelCreate({ id: '21', name: 'wire' }));
    world.deny('21', 'SendMessages');
    await heard(Events.ChannelUpdate, () => changes.channelUpdate('21'));
    const channel = client.channels.cache.get('21')!;
    assert.ok(
      channel.isSendable() &&
        !('permissionsFor' in channel && channel.permissionsFor(client.user)!.has('SendMessages')),
    );
    await assert.rejects(channel.send('hello'), { code: 50013 });
    await heard(Events.ThreadCreate, () => changes.threadCreate(channelId, { id: '22' }));
    await heard(Events.ThreadUpdate, () => changes.threadUpdate('22', { locked: true }));
    await heard(Events.ThreadDelete, () => changes.threadDelete('22'));
    await assert.rejects(client.channels.fetch('22'), { code: 10003 });
    await heard(Events.ChannelDelete, () => changes.channelDelete('21'));
    await assert.rejects(client.channels.fetch('21', { force: true }), { code: 10003 });
    const role = [...world.guilds.get(guildId)!.roles.values()][1];
    await heard(Events.GuildRoleUpdate, () => changes.roleUpdate(guildId, role.id, { permissions: 0n }));
    await heard(Events.GuildMemberUpdate, () => changes.memberUpdate(guildId, { roles: [] }));
    await heard(Events.GuildCreate, () => changes.guildCreate({ id: '31', name: 'another' }));
    await heard(Events.GuildUnavailable, () => changes.guildDelete('31', { unavailable: true }));
    await heard(Events.GuildAvailable, () => changes.guildCreate({ id: '31' }));
    await heard(Events.GuildDelete, () => changes.guildDelete(guildId));
    await assert.rejects(client.channels.fetch(channelId, { force: true }), { code: 50001 });
  });
});

describe('the connection fails', atOnce, () => {
  const endings: [string, (discord: DiscordServer) => void][] = [
    ['it breaks', ({ gateway }) => gateway.drop()],
    ['closed with 4000', ({ gateway }) => gateway.close(4000)],
    ['op 7', ({ gateway }) => gateway.requestReconnect()],
    ['heartbeats go unanswered', ({ gateway }) => void (gateway.acknowledges = false)],
  ];
  for (const [name, end] of endings) {
    test(`${name}: the session is resumed, and what was missed is told`, async (t) => {
      const { discord, login } = await begin(t, { heartbeatIntervalMs: 200 });
      const client = await login();
      const [missed, resumed] = [once(client, Events.ChannelCreate), once(client, Events.ShardResume)];
      end(discord);
      await discord.until(() => discord.gateway.sessions.every(({ connected }) => !connected));
      discord.gateway.acknowledges = true;
      discord.changes.channelCreate({ name: 'missed' });
      assert.equal(((await missed)[0] as { readonly name: string }).name, 'missed');
      await resumed;
      assert.deepEqual([discord.gateway.counts.identifies, discord.gateway.counts.resumed], [1, 1]);
    });
  }

  test('op 9, resumable: the session is resumed on the same connection', async (t) => {
    const { discord, login } = await begin(t);
    const client = await login();
    const resumed = once(client, Events.ShardResume);
    discord.gateway.invalidateSessions(true);
    await resumed;
    assert.deepEqual([discord.gateway.counts.connections, discord.gateway.counts.resumed], [1, 1]);
  });

  const losses: [string, (discord: DiscordServer) => void][] = [
    ['op 9, for good', ({ gateway }) => gateway.invalidateSessions(false)],
    ['closed with 4009', ({ gateway }) => gateway.close(4009)],
    ['closed with 4007', ({ gateway }) => gateway.close(4007)],
    [
      'it breaks, and the session is forgotten',
      ({ gateway }) => {
        gateway.forgetSessions();
        gateway.drop();
      },
    ],
  ];
  for (const [name, end] of losses) {
    test(`${name}: the client identifies again`, async (t) => {
      const { discord, login } = await begin(t);
      const client = await login();
      const again = once(client, Events.ShardReady);
      end(discord);
      await again;
      assert.deepEqual([discord.gateway.counts.identifies, discord.gateway.counts.resumed], [2, 0]);
    });
  }

  test('sessions are refused, and each IDENTIFY counts', async (t) => {
    const { discord, login } = await begin(t);
    discord.gateway.refuseSessions(3);
    const client = await login();
    assert.equal(discord.gateway.counts.identifies, 4);
    const { session_start_limit: limit } = (await client.rest.get('/gateway/bot')) as {
      session_start_limit: { remaining: number };
    };
    assert.equal(limit.remaining, 996);
  });

  test('the server is away, comes back on its port, and the session goes on', async (t) => {
    const { discord, login } = await begin(t);
    const client = await login();
    const { apiUrl } = discord;
    const resumed = once(client, Events.ShardResume);
    await discord.stop();
    await discord.start();
    assert.equal(discord.apiUrl, apiUrl);
    await resumed;
    assert.ok(await client.channels.fetch(channelId, { force: true }));
  });
});

test('heartbeats are answered', async (t) => {
  const { discord, login } = await begin(t, { heartbeatIntervalMs: 50 });
  const client = await login();
  await discord.until(() => discord.gateway.counts.heartbeats > 2);
  assert.ok(client.ws.ping >= 0);
});

test('a client that asks for it gets one zlib stream', async (t) => {
  const { discord } = await begin(t);
  const socket = new WebSocket(
    `ws://127.0.0.1:${new URL(discord.apiUrl).port}/?v=10&encoding=json&compress=zlib-stream`,
  );
  const inflate = createInflate({ flush: constants.Z_SYNC_FLUSH });
  socket.on('message', (data: Buffer) => void inflate.write(data));
  const next = async (): Promise<{ readonly op: number; readonly t: string | null }> =>
    JSON.parse(String((await once(inflate, 'data'))[0])) as { readonly op: number; readonly t: string | null };
  assert.equal((await next()).op, 10);
  socket.send(JSON.stringify({ op: 2, d: { token: 'good-token', intents: 1, properties: {} } }));
  assert.equal((await next()).t, 'READY');
  socket.terminate();
});
