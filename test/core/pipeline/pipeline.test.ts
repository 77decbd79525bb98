/** What only the assembled core shows: rules by country, what is remembered, and when judgement is frozen. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StoredState } from '../../../src/core/incidents/index.js';
import { elsewhereIpv6, everyPeer, PipelineWorld, tinyRoutes } from '../../support/replay/pipeline-world.js';
import { shippedRules } from '../../support/rules.js';

const minute = 60_000;
const hour = 60 * minute;

test('rules of one country: each fault is named, and they apply to that country only', () => {
  const faults: [patch: unknown, problem: RegExp][] = [
    [{ overrides: { KPX: {} } }, /^rules\.overrides\.KPX: no country has this code$/],
    [{ overrides: { kp: {} } }, /^rules\.overrides\.kp: no country has this code$/],
    [
      { overrides: { KP: { detektor: {} } } },
      /^rules\.overrides\.KP: expected an object with countries, detector or incidents/,
    ],
    [{ overrides: { KP: { table: { minVoters: 1 } } } }, /^rules\.overrides\.KP: expected/],
    [{ overrides: { KP: { overrides: {} } } }, /^rules\.overrides\.KP: expected/],
    [{ overrides: { KP: 3 } }, /^rules\.overrides\.KP: expected/],
    [{ overrides: { KP: { detector: { down: { dwel: 1 } } } } }, /^rules\.overrides\.KP\.detector\.down\.dwel: /],
    [{ overrides: [] }, /^rules\.overrides: expected an object/],
    [{ detektor: {} }, /^rules\.detektor: no such setting$/],
  ];
  for (const [patch, message] of faults) assert.throws(() => shippedRules(patch), { message }, JSON.stringify(patch));
  const { overrides, detector } = shippedRules({
    overrides: { KP: { detector: { down: { dwellMs: 1 } } }, 'PS-GZ': {} },
  });
  assert.deepEqual(
    [overrides['KP'].detector.down, overrides['PS-GZ'].detector],
    [{ ...detector.down, dwellMs: 1 }, detector],
  );
});

test('at load, routes that 16 of 40 see are up only in a country that was normal when it was last known', () => {
  const first = new PipelineWorld().say(everyPeer, 'rib', tinyRoutes).loaded().run(minute);
  const normal = first.view.state('BB');
  first.say(everyPeer, 'withdrawal', tinyRoutes).run(5 * minute);
  const down = first.view.state('BB');
  assert.equal(down?.detector.ipv4.level, 'down');
  const unitsAfter = (restored: StoredState | undefined): number =>
    new PipelineWorld({ restored }).say(everyPeer.slice(0, 16), 'rib', tinyRoutes).loaded().run(minute).units;
  assert.deepEqual([unitsAfter(normal), unitsAfter(down), unitsAfter(undefined)], [4, 0, 0]);
});

test('a baseline stands still from the opening of an incident until an hour after its close', () => {
  const world = new PipelineWorld().say(everyPeer, 'rib', tinyRoutes).loaded().run(minute);
  world
    .say(everyPeer, 'withdrawal', tinyRoutes)
    .run(10 * minute)
    .say(everyPeer, 'announcement', tinyRoutes)
    .run(2 * hour);
  const [opened, restored] = world.events;
  assert.deepEqual([opened.kind, restored.kind], ['opened', 'restored']);
  assert.deepEqual(world.view.state('BB')?.baseline.ipv4.frozen, [{ from: opened.at, to: restored.at + hour }]);
});

test('that of IPv6 stands still only for an incident of IPv6', () => {
  const world = new PipelineWorld();
  for (const origin of [1, 2, 3])
    world.say(everyPeer, 'rib', elsewhereIpv6.slice(origin * 20 - 20, origin * 20), origin);
  world.loaded().run(minute);
  const gone = elsewhereIpv6.slice(2);
  world
    .say(everyPeer, 'withdrawal', gone)
    .run(20 * minute)
    .say(everyPeer, 'announcement', gone)
    .run(2 * hour);
  const [opened, restored] = world.events;
  assert.deepEqual([opened.family, opened.kind, restored.kind], ['ipv6', 'opened', 'restored']);
  const baseline = world.view.state('AA')?.baseline;
  assert.deepEqual([baseline?.ipv4.frozen, baseline?.ipv6.frozen], [[], [{ from: opened.at, to: restored.at + hour }]]);
});

test('judgement goes on through a hole of 60 s, and is frozen by a longer one', () => {
  for (const [ms, told] of [
    [minute, ['opened']],
    [minute + 1, []],
  ] as const) {
    const world = new PipelineWorld().say(everyPeer, 'rib', tinyRoutes).loaded().run(minute);
    world.pipeline.handle({ kind: 'stream-lost', from: world.at - ms, to: world.at, ticksFrom: world.at });
    world.say(everyPeer, 'withdrawal', tinyRoutes).run(5 * minute);
    assert.deepEqual(
      world.events.map(({ kind }) => kind),
      told,
    );
  }
});
