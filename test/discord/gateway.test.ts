import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { GatewayCloseCodes } from 'discord.js';
import { FakeClock } from '../support/fake-clock.js';
import { fastClock } from '../support/fast-clock.js';
import { GatewayWorld } from './gateway-world.js';

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

  test('one 401 is not the token', async () => {
    const world = new GatewayWorld({ clock: fastClock(100) });
    world.discord.script({ kind: 'error', status: 401, on: 'GET /gateway/bot' });
    await world.connected();
  });

  for (const [name, fault] of Object.entries({
    '503': { kind: 'error', status: 503, on: '*', times: 3 },
    '429': { kind: 'rate-limit', retryAfterSeconds: 0.05, global: true, on: '*', times: 2 },
    'a page that is not Discord\'s': { kind: 'page', status: 200, on: '*', times: 2 },
    'resets': { kind: 'reset', on: '*', times: 3 },
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

  test('spends no session that the day has no more of', async () => {
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
    assert.match(world.gateway.health().reason ?? '', /^Discord's gateway is down since \d{4}-\d\d-\d\d \d\d:\d\d UTC: Discord closed it \(code 1006\)$/);
    await world.until(() => world.gateway.health().connected);
    assert.deepEqual([world.discord.gateway.counts.resumed, world.gateway.identifiesLastHour()], [1, 1]);
  });

  test('is down when no heartbeat is answered for two and a half intervals, whatever the client believes', async () => {
    const clock = new FakeClock();
    const world = await new GatewayWorld({ clock }).connected();
    clock.jump(2.5 * 41_250);
    assert.equal(world.gateway.health().connected, true);
    clock.jump(1);
    assert.deepEqual(world.gateway.health(), { connected: false, reason: 'Discord\'s gateway is down since 2024-01-01 00:00 UTC: it answers no heartbeat' });
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

  test('20 times in an hour is told, and followed by pauses of 30 min, 1 h, 2 h .. 6 h', async () => {
    const clock = new FakeClock();
    const world = new GatewayWorld({ clock });
    world.discord.gateway.refuseSessions(1000);
    await world.discord.start();
    void world.run();
    let sessions = 0;
    for (const pause of [30, 60, 120, 240, 360, 360]) {
      sessions += 20;
      while (!clock.pending.includes(pause * minute)) {
        const { identifies } = world.discord.gateway.counts;
        await world.until(() => clock.pending.length > 0 || world.discord.gateway.counts.identifies > identifies);
        clock.jump(Math.min(...clock.pending.filter((ms) => ms < 2 * minute), 2 * minute));
        await new Promise<void>((resolve) => setImmediate(resolve));
      }
      assert.equal(world.discord.gateway.counts.identifies, sessions);
      clock.jump(pause * minute);
    }
    assert.match(world.notices[0], /20 sessions with Discord in an hour came to nothing.*30 minutes/);
    assert.equal(world.notices.length, 6);
  });
});
