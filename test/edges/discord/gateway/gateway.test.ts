import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { describe, test } from 'node:test';
import { GatewayCloseCodes } from 'discord.js';
import { createIdentifyBudget } from '../../../../src/edges/discord/gateway/identify-budget.js';
import { FakeClock } from '../../../support/clocks/fake-clock.js';
import { fastClock } from '../../../support/clocks/fast-clock.js';
import { GatewayWorld } from '../gateway-world.js';

const minute = 60_000;

describe('a login', () => {
  test('asks for the Guilds intent alone, and is connected when READY has come', async () => {
    const world = await new GatewayWorld().connected();
    assert.deepEqual(world.gateway.health(), { connected: true, reason: null });
    assert.equal(world.gateway.identifiesLastHour(), 1);
  });

  test('with a token that Discord refuses is the end, and says so', async () => {
    const world = new GatewayWorld();
    world.discord.world.token = 'another';
    await world.discord.start();
    const end = await world.run();
    assert.equal(end.kind, 'token-refused');
    assert.match(JSON.stringify(end), /set DISCORD_TOKEN anew/);
    assert.match(world.gateway.health().reason ?? '', /set DISCORD_TOKEN anew/);
    assert.equal(world.discord.gateway.counts.connections, 0);
  });

  test('goes on after a single 401, which does not prove that the token is bad', async () => {
    const world = new GatewayWorld({ clock: fastClock(100) });
    world.discord.script({ kind: 'error', status: 401, on: 'GET /gateway/bot' });
    await world.connected();
  });

  for (const [name, fault] of Object.entries({
    '503': { kind: 'error', status: 503, on: '*', times: 3 },
    '429': { kind: 'rate-limit', retryAfterSeconds: 0.05, global: true, on: '*', times: 2 },
    "a page that is not Discord's": { kind: 'page', status: 200, on: '*', times: 2 },
    resets: { kind: 'reset', on: '*', times: 3 },
  } as const)) {
    test(`waits while Discord answers ${name}`, async () => {
      const world = new GatewayWorld({ clock: fastClock(fault.kind === 'rate-limit' ? 1 : 1000) });
      world.discord.script(fault);
      await world.connected();
      assert.equal(world.gateway.identifiesLastHour(), 1);
    });
  }

  test('waits, longer each time, while there is no Discord', async () => {
    const clock = new FakeClock();
    const world = new GatewayWorld({ clock });
    await world.discord.start();
    await world.discord.stop();
    void world.run();
    for (const wait of [750, 1500, 3000, 6000, 12_000, 24_000, 45_000, 45_000]) {
      await clock.waiting(wait);
      assert.match(world.gateway.health().reason ?? '', /down since 2024-01-01 00:00 UTC: Discord cannot be reached/);
      clock.jump(wait);
    }
  });

  test('waits when no session is left for the day', async () => {
    const clock = new FakeClock();
    const world = new GatewayWorld({ clock });
    world.discord.gateway.counts.identifies = 960;
    await world.discord.start();
    void world.run();
    await clock.waiting(86_400_000);
    assert.match(world.gateway.health().reason ?? '', /1000 sessions a day, and 40 are left/);
    assert.equal(world.discord.gateway.counts.connections, 0);
  });
});

describe('health', () => {
  test('is down while a connection is, and up again with the session resumed', async () => {
    const world = await new GatewayWorld().connected();
    world.discord.gateway.drop();
    await world.until(() => !world.gateway.health().connected);
    assert.match(
      world.gateway.health().reason ?? '',
      /^Discord's gateway is down since \d{4}-\d\d-\d\d \d\d:\d\d UTC: Discord closed it \(code 1006\)$/,
    );
    await world.until(() => world.gateway.health().connected);
    assert.deepEqual([world.discord.gateway.counts.resumed, world.gateway.identifiesLastHour()], [1, 1]);
  });

  test('is down when no heartbeat is answered for two and a half intervals, whatever the client believes', async () => {
    const clock = new FakeClock();
    const world = await new GatewayWorld({ clock }).connected();
    clock.jump(2.5 * 41_250);
    assert.equal(world.gateway.health().connected, true);
    // Before the first heartbeat only an upper limit of the interval is known.
    clock.jump(41_250);
    assert.deepEqual(world.gateway.health(), {
      connected: false,
      reason: "Discord's gateway is down since 2024-01-01 00:00 UTC: it answers no heartbeat",
    });
  });

  test('goes by the interval that the connection has named', async () => {
    const clock = new FakeClock();
    const world = await new GatewayWorld({ clock, heartbeatIntervalMs: 20 }).connected();
    await world.discord.until(() => world.discord.gateway.counts.heartbeats >= 2);
    clock.jump(10_000);
    const { heartbeats } = world.discord.gateway.counts;
    await world.discord.until(() => world.discord.gateway.counts.heartbeats >= heartbeats + 2);
    assert.equal(world.gateway.health().connected, true);
    world.discord.gateway.acknowledges = false;
    clock.jump(51);
    assert.equal(world.gateway.health().connected, false);
  });

  for (const [name, interrupt] of Object.entries({
    'op 7': (world: GatewayWorld) => world.discord.gateway.requestReconnect(),
    'op 9 that may be resumed': (world: GatewayWorld) => world.discord.gateway.invalidateSessions(true),
  })) {
    test(`${name} is resumed without a new session`, async () => {
      const world = await new GatewayWorld().connected();
      interrupt(world);
      await world.until(() => world.discord.gateway.counts.resumed === 1 && world.gateway.health().connected);
      assert.equal(world.discord.gateway.counts.identifies, 1);
    });
  }

  test('op 9 that may not be resumed costs one new session, asked for 5 s after the last', async () => {
    const clock = new FakeClock();
    const world = await new GatewayWorld({ clock }).connected();
    world.discord.gateway.invalidateSessions(false);
    await world.until(() => !world.gateway.health().connected);
    assert.match(world.gateway.health().reason ?? '', /Discord ended the session/);
    await clock.waiting(750);
    clock.jump(750);
    await clock.waiting(4250);
    clock.jump(4250);
    await world.until(() => world.gateway.health().connected);
    assert.deepEqual([world.discord.gateway.counts.identifies, world.gateway.identifiesLastHour()], [2, 2]);
  });

  test('a gateway that closes again and again is not resumed for ever', async () => {
    const clock = new FakeClock();
    const world = await new GatewayWorld({ clock }).connected();
    for (let losses = 1; losses <= 4; losses++) {
      await world.until(() => world.discord.gateway.counts.resumed === losses - 1 && world.gateway.health().connected);
      world.discord.gateway.close(GatewayCloseCodes.UnknownError);
      await world.until(() => !world.gateway.health().connected);
    }
    assert.match(world.gateway.health().reason ?? '', /code 4000, unknown error/);
    await clock.waiting(750);
    assert.equal(world.discord.gateway.counts.connections, 4);
  });

  test('a gateway that is gone is not dialled every half second, and found again when it is back', async () => {
    const clock = new FakeClock();
    const world = await new GatewayWorld({ clock }).connected();
    await world.discord.stop();
    await world.until(() => !world.gateway.health().connected);
    await clock.waiting(750);
    clock.jump(750);
    await clock.waiting(1500);
    assert.match(world.gateway.health().reason ?? '', /cannot be reached/);
    await world.discord.start();
    clock.jump(10_000);
    await world.until(() => world.gateway.health().connected);
    assert.equal(world.discord.gateway.counts.identifies, 2);
  });
});

describe('a session that is refused', () => {
  test('4004 in mid-life is asked again over REST; then told, and looked at every 5 min', async () => {
    const clock = new FakeClock();
    const world = await new GatewayWorld({ clock }).connected();
    world.discord.world.token = 'another';
    world.discord.gateway.close(GatewayCloseCodes.AuthenticationFailed);
    await clock.waiting(750);
    assert.match(world.gateway.health().reason ?? '', /refused the token at the gateway \(4004\)/);
    clock.jump(750);
    await clock.waiting(5 * minute);
    assert.equal(world.notices.length, 1);
    assert.match(world.notices[0], /set DISCORD_TOKEN anew/);
    clock.jump(5 * minute);
    await clock.waiting(5 * minute);
    assert.equal(world.notices.length, 1);
    world.discord.world.token = 'good-token';
    clock.jump(5 * minute);
    await world.until(() => world.gateway.health().connected);
    assert.equal(world.discord.gateway.counts.identifies, 2);
  });

  test('4014 names the intent, and is looked at every 5 min', async () => {
    const clock = new FakeClock();
    const world = new GatewayWorld({ clock, allowedIntents: 0 });
    await world.discord.start();
    void world.run();
    await clock.waiting(5 * minute);
    assert.match(world.gateway.health().reason ?? '', /intent Guilds.*4014/);
    assert.match(world.notices.join(), /intent Guilds/);
    assert.equal(world.discord.gateway.counts.identifies, 1);
  });

  test('20 times in an hour is reported, and no session is asked for in the next 30 minutes', async () => {
    const clock = new FakeClock();
    const world = new GatewayWorld({ clock });
    world.discord.gateway.refuseSessions(20);
    await world.discord.start();
    void world.run();
    const pass = async (ms: number): Promise<void> => {
      await clock.waiting(ms);
      clock.jump(ms);
    };
    for (let n = 0; n < 20; n++) {
      const backOff = Math.min(45_000, 750 * 2 ** n);
      await pass(backOff);
      // One session in 5 s.
      if (backOff < 5000) await pass(5000 - backOff);
    }
    await clock.waiting(30 * minute);
    assert.equal(world.discord.gateway.counts.identifies, 20);
    assert.equal(world.gateway.identifiesLastHour(), 20);
    assert.match(world.notices.join(), /^20 sessions with Discord in an hour came to nothing.*30 minutes/);
    clock.jump(30 * minute);
    await world.until(() => world.gateway.health().connected);
  });

  test('each pause is longer than the last, up to 6 h, until a session has held', () => {
    const budget = createIdentifyBudget();
    let now = Date.UTC(2024, 0, 1);
    const pauseAfterTwenty = (): number | null => {
      for (let n = 0; n < 20; n++) {
        assert.equal(budget.pause(now), null);
        budget.spend((now += minute));
      }
      const pause = budget.pause(now);
      now += pause ?? 0;
      return pause;
    };
    assert.deepEqual(
      Array.from({ length: 6 }, pauseAfterTwenty),
      [30, 60, 120, 240, 360, 360].map((minutes) => minutes * minute),
    );
    budget.forgive();
    assert.equal(pauseAfterTwenty(), 30 * minute);
  });

  test('20 sessions are no trouble when they came over more than an hour', () => {
    const budget = createIdentifyBudget();
    for (let n = 0; n < 100; n++) {
      assert.equal(budget.pause(n * 4 * minute), null);
      budget.spend(n * 4 * minute);
    }
    assert.equal(budget.lastHour(100 * 4 * minute), 14);
  });
});

test('a stop while the gateway is being dialled causes no error from the broken socket', async (t) => {
  const mute = createServer();
  mute.listen(0, '127.0.0.1');
  await once(mute, 'listening');
  t.after(() => mute.close());
  const world = new GatewayWorld();
  Object.assign(world.discord.gateway, { urlOf: () => `ws://127.0.0.1:${(mute.address() as AddressInfo).port}/` });
  await world.discord.start();
  const run = world.run();
  const [socket] = (await once(mute, 'connection')) as [Socket];
  await world.stop();
  assert.deepEqual(await run, { kind: 'stopped' });
  socket.resetAndDestroy();
  await once(socket, 'close');
});

test('an event that cannot be read is logged and skipped', async () => {
  const world = await new GatewayWorld().connected();
  world.discord.gateway.dispatch('CHANNEL_CREATE', null);
  world.discord.gateway.dispatch('GUILD_ROLE_UPDATE', { guild_id: '300000000000000001' });
  world.discord.gateway.dispatch('GUILD_CREATE', {});
  world.discord.changes.channelCreate({ id: '200000000000000077', name: 'after' });
  world.discord.changes.channelUpdate('200000000000000077');
  await world.until(() => world.told.some(([what]) => what === 'open'));
  assert.ok(world.logged(/a Discord event could not be read/));
  assert.equal(world.gateway.lookUpChannel('200000000000000077')?.name, 'after');
  assert.equal(world.gateway.health().connected, true);
});
