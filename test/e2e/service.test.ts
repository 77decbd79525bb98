/** The whole service over a loopback RIS Live, archive and Discord, on a clock that the test moves. */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { App } from '../../src/app/service/app.js';
import { metric, northKorea, readiness, ServiceWorld } from '../support/process/service-world.js';

const minute = 60_000;
const start = Date.parse('2026-03-02T08:07:00Z');
const rib = Date.parse('2026-03-02T08:00:00Z');

/** A world whose archive has the RIBs of 08:00 and ten minutes of updates. `serving`: how the last RIB is served. */
function story(
  name: string,
  act: (world: ServiceWorld) => Promise<void>,
  {
    serving,
    ...options
  }: { readonly serving?: 'absent'; readonly registry?: 'shipped'; readonly routes?: 'many' } = {},
): void {
  test(name, async (t) => {
    const world = await ServiceWorld.open(start, options);
    t.after(() => world.close());
    world.publishRib(rib, serving);
    world.publishUpdates(rib, rib + 10 * minute);
    await act(world);
  });
}

story(
  'a country drops: one alert; it comes back: one restored',
  async (world) => {
    const app = await world.start();
    assert.equal((await readiness(app)).status, 503);
    await world.ready(app);
    await world.run(app, 2 * minute);
    assert.deepEqual(await readiness(app), { status: 200, reasons: [] });

    await world.tick(app, 'withdraw');
    await world.run(app, 3 * minute);
    await world.discord.until(() => world.discord.posted.length === 1);
    await world.run(app, 3 * minute);
    await world.tick(app, 'announce');
    await world.run(app, 12 * minute);
    await world.discord.until(() => world.discord.posted.length === 2);
    await world.run(app, 5 * minute);
    await app.stop();
    assert.deepEqual(
      world.discord.posted.map(({ content }) => content),
      [
        "🇰🇵 North Korea's national Internet went down at 08:09 UTC: all 4 routes withdrawn. Baseline " +
          'provisional: under 24 hrs of data.',
        "🇰🇵 North Korea's Internet is back after a 6 min outage (08:09-08:15 UTC). Baseline provisional: under " +
          '24 hrs of data.',
      ],
    );
  },
  { registry: 'shipped' },
);

/** Starts a stopped service again, ten minutes later. The archive has the update files of the time between. */
async function startedAgain(world: ServiceWorld): Promise<App> {
  const app = await world.start();
  // The update files end after the stream's first message, so they must not appear before it.
  await world.receiving(2);
  world.publishUpdates(rib + 10 * minute, rib + 30 * minute);
  return app;
}

story(
  'after a stop and a start on the kept table, an outage is told as ever',
  async (world) => {
    const first = await world.start();
    await world.ready(first);
    await world.run(first, minute);
    await first.stop();
    await world.clock.advance(10 * minute);
    world.publishUpdates(rib, rib + 10 * minute);
    const second = await startedAgain(world);
    await world.ready(second);
    await world.run(second, 2 * minute);
    assert.equal(world.logs.join('').match(/RIB loaded/g)?.length, 3, 'the table is the kept one');
    await world.tick(second, 'withdraw');
    await world.run(second, 3 * minute);
    await world.discord.until(() => world.discord.posted.length > 0);
    await second.stop();
    assert.equal(world.discord.posted.length, 1);
    assert.match(
      world.discord.posted[0].content!,
      /^🇰🇵 North Korea's national Internet went down at \d\d:\d\d UTC: all 4 routes withdrawn\./u,
    );
  },
  { routes: 'many' },
);

/** Once with the kept table, and once without it, from RIBs that are older than the outage. */
const restarts = [
  ['the table that was kept', 3],
  ['RIBs from before it', 6],
] as const;
for (const [from, ribsLoaded] of restarts)
  story(
    `a restart in the middle of an outage, from ${from}, says nothing; the end is told with the whole duration`,
    async (world) => {
      const first = await world.start();
      await world.ready(first);
      await world.run(first, minute);
      await world.tick(first, 'withdraw');
      await world.run(first, 3 * minute);
      await world.discord.until(() => world.discord.posted.length === 1);
      await first.stop();
      const { health, record, ongoing } = await world.remembered('KP');
      assert.deepEqual(
        [health?.phase, health?.families?.ipv4.usable, health?.eventTime],
        ['stopped', true, world.clock.now()],
      );
      assert.deepEqual(record?.ipv4?.networks, [{ asn: 131_279, before: 4, now: 0 }]);
      assert.deepEqual(
        ongoing.map(({ networks, lowest }) => [networks, lowest]),
        [[record.ipv4.networks, 0]],
      );

      await world.clock.advance(10 * minute);
      world.publishUpdates(rib, rib + 10 * minute);
      if (ribsLoaded > 3) rmSync(join(world.dataDir, 'table.snapshot'));
      const second = await startedAgain(world);
      await world.ready(second);
      await world.run(second, 5 * minute);
      assert.equal(world.discord.posted.length, 1, 'still down, and known to be told');
      assert.equal(world.logs.join('').match(/RIB loaded/g)?.length, ribsLoaded);
      await world.tick(second, 'announce');
      const backAt = new Date(world.clock.now()).toISOString().slice(11, 16);
      await world.run(second, 12 * minute);
      await world.discord.until(() => world.discord.posted.length === 2);
      await second.stop();
      assert.match(
        world.discord.posted[1].content!,
        new RegExp(`is back after a \\d\\d min outage \\(08:08-${backAt} UTC\\)`),
      );
    },
  );

story(
  'a gap of more than a minute stops judgement until the archive has filled it: no alert for what was not seen',
  async (world) => {
    const app = await world.start();
    await world.ready(app);
    await world.run(app, minute);
    world.drop();
    await world.clock.advance(5 * minute);
    world.publishUpdates(rib, rib + 30 * minute);
    await world.ready(app);
    await world.run(app, 4 * minute);
    assert.match(world.logs.join(''), /collector lost: the connection to RIS Live was lost for too long/);
    assert.equal(world.logs.join('').match(/RIB loaded/g)?.length, 3, 'the tables are not loaded again');
    assert.deepEqual(world.discord.posted, []);
    await app.stop();
  },
);

story('ticks missed while too few collectors were heard are not made up later', async (world) => {
  const app = await world.start();
  await world.ready(app);
  await world.run(app, minute);
  await world.tick(app, 'withdraw');
  await world.run(app, 50_000);
  const lastTickAt = await metric(app, 'last_tick_timestamp_seconds');
  // The country is back, but only one of three collectors reports it. The others report it once they are connected
  // again.
  world.speaking = ['rrc00'];
  await world.say('announce');
  for (let ticks = 0; ticks < 12; ticks++) await world.say();
  assert.equal(await metric(app, 'last_tick_timestamp_seconds'), lastTickAt, 'time stands still');
  world.speaking = ['rrc00', 'rrc01', 'rrc03'];
  world.publishUpdates(rib, rib + 30 * minute);
  await world.ready(app);
  await world.tick(app, 'announce');
  await world.run(app, minute);
  await app.stop();
  assert.deepEqual(await world.toldAndUntold(), []);
});

story('even all collectors together do not move event time more than 2 s ahead of our clock', async (world) => {
  const app = await world.start();
  await world.ready(app);
  world.ahead = 2 * minute;
  for (let ticks = 0; ticks < 3; ticks++) {
    await world.tick(app);
    assert.equal((await metric(app, 'last_tick_timestamp_seconds')) * 1_000, world.clock.now());
  }
  await app.stop();
});

story(
  'an archive that lacks a RIB leaves too few to judge by: that is said, and mended when the RIB is there',
  async (world) => {
    world.publishUpdates(rib, rib + 60 * minute);
    const app = await world.start();
    await world.ready(app);
    assert.deepEqual(await readiness(app), {
      status: 503,
      reasons: [
        'IPv4: unusable: 16 of 20 voters',
        'IPv6: unusable: 0 of 20 voters',
        'rrc03 is left out: rrc03/latest-bview.gz: not found',
      ],
    });
    await world.run(app, 2 * minute);
    assert.equal((await readiness(app)).status, 503, 'still missing');
    world.publishRib(rib);
    assert.equal(world.logs.join('').match(/"IPv4: unusable: 16 of 20 voters"/g)?.length, 1, 'once, not each tick');
    for (let turn = 0; turn < 60 && (await readiness(app)).status !== 200; turn++) await world.ready(app);
    assert.deepEqual(await readiness(app), { status: 200, reasons: [] }, 'without IPv6');
    assert.match(world.logs.join(''), /"IPv4: usable: 24 voters on 3 collectors"/);
    assert.match(world.logs.join(''), /"IPv6: unusable: 0 of 20 voters"/);
    await app.stop();
  },
  { serving: 'absent' },
);

story(
  'the operator adopts what is left: one event, the incident closed, and no alert for it any more',
  async (world) => {
    const first = await world.start();
    await world.ready(first);
    await world.run(first, minute);
    await world.tick(first, 'withdraw', northKorea.slice(1));
    await world.run(first, 32 * minute);
    assert.deepEqual(await world.adopt('KP', 'ipv4'), 75, 'not beside a running service');
    await first.stop();
    assert.equal(await world.adopt('KP', 'ipv6'), 1, 'no such incident');
    assert.equal(await world.adopt('KP', 'ipv4'), 0);

    await world.clock.advance(10 * minute);
    world.publishUpdates(rib, rib + 60 * minute);
    const second = await world.start();
    await world.ready(second);
    await world.run(second, 5 * minute);
    await second.stop();
    assert.deepEqual(await world.toldAndUntold(), ['opened degraded 1 of 4', 'new-normal degraded 1 of 4']);
  },
);

story(
  'another registry is taken from the folder while it watches: no event, nor at the restart after; then an ' +
    'outage is told as ever',
  async (world) => {
    const first = await world.start();
    await world.ready(first);
    await world.run(first, 2 * minute);
    const file = await world.putRegistry();
    // The service looks for a new registry every five minutes and uses it from the next tick on.
    for (let turn = 0; turn < 60 && !world.logs.join('').includes('another registry is in use'); turn++)
      await world.tick(first);
    assert.match(world.logs.join(''), new RegExp(`"from":"\\d{8}-package","to":"${file}"`));
    await world.run(first, 6 * minute);
    await first.stop();
    const { health, record } = await world.remembered('KP');
    assert.deepEqual([health?.registry?.file, record?.ipv4?.units, record?.ipv4?.baseline?.units], [file, 4, 4]);
    world.publishUpdates(rib, rib + 30 * minute);
    await world.clock.advance(minute);
    const second = await world.start();
    await world.ready(second);
    await world.run(second, 3 * minute);
    assert.equal(
      world.logs.filter((line) => line.includes('another registry is in use')).length,
      1,
      'the one of before the restart is still in use',
    );
    assert.equal(world.discord.posted.length, 0);
    await world.tick(second, 'withdraw');
    await world.run(second, 3 * minute);
    await world.discord.until(() => world.discord.posted.length === 1);
    await second.stop();
    assert.match(
      world.discord.posted[0].content!,
      /North Korea's national Internet went down at .* all 4 routes withdrawn/,
    );
  },
  { registry: 'shipped' },
);

story(
  'what blinds it for five minutes is told to the operator, once, and once when it is over; no country hears of it',
  async (world) => {
    world.operatorChannelId = [...world.discord.world.channels.keys()][0];
    const app = await world.start();
    await world.ready(app);
    await world.run(app, 2 * minute);
    world.speaking = [];
    for (let ticks = 0; ticks < 120 && world.discord.posted.length === 0; ticks++) await world.say();
    world.speaking = ['rrc00', 'rrc01', 'rrc03'];
    world.publishUpdates(rib, rib + 60 * minute);
    await world.ready(app);
    for (let ticks = 0; ticks < 30 && world.discord.posted.length === 1; ticks++) await world.tick(app);
    await world.run(app, 2 * minute);
    await app.stop();
    const [degraded, over] = world.discord.posted;
    assert.deepEqual(
      world.discord.posted.map(({ channelId }) => channelId),
      [world.operatorChannelId, world.operatorChannelId],
    );
    assert.match(
      degraded.content!,
      /^Measurement degraded since 2026-03-02 08:\d\d UTC: RIS Live .*, and nothing is judged\.$/,
    );
    assert.match(
      over.content!,
      /^Measurement no longer degraded\. It was from 2026-03-02 08:\d\d UTC to 2026-03-02 08:\d\d UTC: /,
    );
  },
);
