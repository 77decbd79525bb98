/** What a tick measures of a country besides units and prefixes: flips, history rows, a group's origins. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { elsewhereIpv6, everyPeer, PipelineWorld, tinyRoutes } from '../../support/replay/pipeline-world.js';

const second = 1_000;
const minute = 60_000;
const unknown = 0xffffffff;
const [first] = tinyRoutes;

test('a prefix that goes and comes within one tick has not flipped', () => {
  const world = new PipelineWorld().say(everyPeer, 'rib', tinyRoutes).loaded().run(minute);
  const flips = (): number => {
    world.run(10 * second);
    return world.view.samples('BB')![0].flipped.length;
  };
  world.say(everyPeer, 'withdrawal', [first]).say(everyPeer, 'announcement', [first]);
  assert.equal(flips(), 0);
  world
    .say(everyPeer, 'withdrawal', tinyRoutes.slice(0, 2))
    .say(everyPeer, 'announcement', [first])
    .say(everyPeer, 'withdrawal', [first]);
  assert.deepEqual([flips(), flips()], [2, 0]);
});

test(
  'a row of history: S, N, voters and the bits that voters flipped in its time, or unknown where too few ' + 'vote',
  () => {
    const world = new PipelineWorld().say(everyPeer, 'rib', tinyRoutes).loaded().run(minute);
    // In the second minute 10 + 5 bits, in the fourth 3 and in its last tick 2, in the sixth (of the next bin) 4.
    world
      .say(everyPeer.slice(0, 10), 'withdrawal', [first])
      .run(30 * second)
      .say(everyPeer.slice(0, 5), 'announcement', [first])
      .run(30 * second);
    world
      .run(minute)
      .say(everyPeer.slice(5, 8), 'announcement', [first])
      .run(50 * second)
      .say(everyPeer.slice(8, 10), 'announcement', [first])
      .run(10 * second);
    world
      .run(minute)
      .say(everyPeer.slice(0, 4), 'withdrawal', [first])
      .run(5 * minute + 10 * second);
    // From here on 30 of 40 peers are lost.
    world.say(everyPeer.slice(0, 30), 'peerDown').run(6 * minute);
    const rows = world.rows.filter(({ country }) => country === 'BB');
    const ipv4 = (resolution: 'minute' | 'bin'): number[][] =>
      rows.filter((row) => row.resolution === resolution).map(({ values }) => [...values.slice(0, 4)]);
    assert.deepEqual(ipv4('minute').slice(0, 13), [
      ...[0, 15, 0, 5, 0, 4, 0, 0, 0, 0, 0].map((churn) => [4, 4, 40, churn]),
      Array(4).fill(unknown),
      Array(4).fill(unknown),
    ]);
    assert.deepEqual(
      ipv4('bin'),
      [
        [4, 4, 40, 20],
        [4, 4, 40, 4],
      ],
      'a bin of one usable tick is none',
    );
    assert.equal(rows.find((row) => row.resolution === 'bin')?.at, Date.parse('2026-01-05T00:00:00Z'));
  },
);

test('a group is judged in IPv6 too: by its own origins', () => {
  const own = elsewhereIpv6.slice(0, 20);
  const groups = [{ code: 'AA-GRP', name: 'Grp', asns: [65_001, 65_002, 65_003], prefixes: [] }];
  const world = new PipelineWorld({ groups }).say(everyPeer, 'rib', elsewhereIpv6.slice(20));
  own.forEach((prefix, index) => world.say(everyPeer, 'rib', [prefix], 65_001 + (index % 3)));
  world.say(everyPeer, 'rib', tinyRoutes, 65_001).loaded().run(minute);
  assert.deepEqual(
    world.view.samples('AA-GRP')?.map(({ baseline }) => baseline?.origins),
    [1, 3],
  );
  world.say(everyPeer, 'withdrawal', own).run(15 * minute);
  assert.deepEqual(
    world.events.map(({ country, family, kind, level }) => [country, family, kind, level]),
    [
      ['AA', 'ipv6', 'opened', 'degraded'],
      ['AA-GRP', 'ipv6', 'opened', 'down'],
    ],
  );
});
