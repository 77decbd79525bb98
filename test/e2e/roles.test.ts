/** The service in several roles on one Redis: an ingest, its standby, and a bot. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { openStore } from '../../src/edges/store/index.js';
import { patienceMs } from '../support/in-time.js';
import { startRedisServer, type RedisServer } from '../support/process/redis-server.js';
import { readiness, ServiceWorld } from '../support/process/service-world.js';
import type { App } from '../../src/app/service/app.js';

const minute = 60_000;
const start = Date.parse('2026-03-02T08:07:00Z');
const rib = Date.parse('2026-03-02T08:00:00Z');

interface Stage {
  readonly redis: RedisServer;
  readonly world: ServiceWorld;
  readonly ingest: App;
  readonly bot: App;
}

/** An ingest that judges, and a bot, on a Redis that keeps its data. */
async function onStage(play: (stage: Stage) => Promise<void>): Promise<void> {
  const redis = await startRedisServer({ durable: true });
  const world = await ServiceWorld.open(start, { env: { REDIS_URL: redis.url } });
  try {
    world.publishRib(rib);
    world.publishUpdates(rib, rib + 10 * minute);
    const bot = await world.start('bot');
    const ingest = await world.start('ingest');
    await world.ready(ingest);
    await world.run(ingest, start + 4 * minute - world.clock.now());
    await play({ redis, world, ingest, bot });
  } finally {
    await world.close();
    await redis.stop();
  }
}

async function eventLog({ url }: RedisServer): Promise<string[]> {
  const store = await openStore({ kind: 'redis', url }, { info: () => undefined, warn: () => undefined });
  const events = await store.readAfter(0, 100);
  await store.close();
  return events.map(({ event: { kind, level } }) => `${kind} ${level}`);
}

function texts({ discord }: ServiceWorld): (string | null | undefined)[] {
  return discord.posted.map(({ content }) => content?.replace(' Baseline provisional: under 24 hrs of data.', ''));
}

/** A stop spends at most this long on a store that does not answer. */
const flushMs = 4_000;
/** An app that is asked again at once gets nothing else done. */
const askEveryMs = 20;

/** Asks an app until it gives this answer. Redis takes real time, during which the test's clock stands still. */
async function answers(world: ServiceWorld, app: App, ready: boolean, reason: RegExp): Promise<void> {
  for (const end = performance.now() + patienceMs; performance.now() < end;) {
    const { status, reasons } = await readiness(app);
    if ((status === 200) === ready && (ready || reasons.some((text) => reason.test(text)))) return;
    await pause(askEveryMs);
  }
  assert.fail(
    `never ${ready ? 'ready' : String(reason)}: ${JSON.stringify(await readiness(app))}\n${world.logs.join('')}`,
  );
}

/** Resolves when both apps have reported this many times that Redis is back. */
async function reconnected(world: ServiceWorld, times: number): Promise<void> {
  for (const end = performance.now() + patienceMs; performance.now() < end;) {
    if ((world.logs.join('').match(/Redis at \S+ is back/g) ?? []).length >= times) return;
    await pause(askEveryMs);
  }
  assert.fail(`no connection:\n${world.logs.join('')}`);
}

const down = "🇰🇵 North Korea's national Internet went down at 08:11 UTC: all 4 routes withdrawn.";

test(
  'the ingest remembers, the bot tells, a standby takes over in the middle of an outage: one alert, one ' + 'restored',
  () =>
    onStage(async (stage) => {
      const { world, ingest, bot, redis } = stage;
      const standby = await world.start('ingest');
      await answers(world, standby, false, /^standing by for the lead$/);
      await world.tick(ingest, 'withdraw');
      await world.run(ingest, 3 * minute);
      await world.discord.until(() => world.discord.posted.length === 1);
      assert.match(world.logs.join(''), /standing by: another process is the leader/);

      await ingest.stop();
      world.publishUpdates(rib, rib + 30 * minute);
      await world.ready(standby);
      await world.run(standby, 5 * minute);
      assert.deepEqual(await readiness(standby), { status: 200, reasons: [] });
      assert.deepEqual(await readiness(bot), { status: 200, reasons: [] });
      assert.deepEqual(texts(world), [down], 'the new leader knows what the old one told');

      await world.tick(standby, 'announce');
      await world.run(standby, 15 * minute);
      await world.discord.until(() => world.discord.posted.length === 2);
      await world.run(standby, 5 * minute);
      assert.equal(texts(world)[0], down);
      assert.match(
        String(texts(world)[1]),
        /^🇰🇵 North Korea's Internet is back after an? \d+ min outage \(08:11-08:\d\d UTC\)\.$/,
      );
      assert.equal(texts(world).length, 2);
      await standby.stop();
      assert.deepEqual(await eventLog(redis), ['opened down', 'restored normal']);
    }),
);

test(
  'Redis dead, then hanging, in the middle of an outage: told late, once, in order; /readyz says why ' + 'meanwhile',
  () =>
    onStage(async ({ world, ingest, bot, redis }) => {
      await world.tick(ingest, 'withdraw');
      await redis.kill();
      await world.run(ingest, 4 * minute);
      await answers(world, ingest, false, /^the store does not take what is to be remembered: .*Redis/);
      await answers(world, bot, false, /cannot read the event log: .*Redis/);
      assert.equal(world.discord.posted.length, 0);
      await redis.start();
      await reconnected(world, 2);
      await world.run(ingest, minute);
      await world.discord.until(() => world.discord.posted.length === 1);

      redis.signal('SIGSTOP');
      await world.tick(ingest, 'announce');
      await world.run(ingest, 12 * minute);
      await answers(world, ingest, false, /^the store does not take what is to be remembered: .*Redis/);
      assert.equal(world.discord.posted.length, 1);
      redis.signal('SIGCONT');
      for (let turn = 0; turn < 200 && world.discord.posted.length < 2; turn++) await world.run(ingest, minute / 6);
      await world.discord.until(() => world.discord.posted.length === 2);
      await world.run(ingest, 2 * minute);
      await answers(world, ingest, true, /./);
      await answers(world, bot, true, /./);
      assert.equal(texts(world)[0], down);
      assert.match(
        String(texts(world)[1]),
        /^🇰🇵 North Korea's Internet is back after a 5 min outage \(08:11-08:16 UTC\)\.$/,
      );
      assert.equal(texts(world).length, 2);
      assert.deepEqual(await eventLog(redis), ['opened down', 'restored normal']);
    }),
);

test('a stop while Redis is dead does not wait for it', () =>
  onStage(async ({ world, ingest, bot, redis }) => {
    await world.tick(ingest, 'withdraw');
    await redis.kill();
    await world.run(ingest, 4 * minute);
    await answers(world, ingest, false, /^the store does not take what is to be remembered: .*Redis/);
    const stopped = Promise.all([ingest.stop(), bot.stop()]);
    await world.clock.waiting(flushMs);
    await world.clock.advance(flushMs);
    await stopped;
    assert.doesNotMatch(world.logs.join(''), /did not stop in time/);
  }));
