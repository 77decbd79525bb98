/** Which networks of a country lost what, before and now, as the assembled core reports it. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { NetworkChange } from '../../../../src/core/incidents/index.js';
import { elsewhereIpv6, everyPeer, PipelineWorld } from '../../../support/replay/pipeline-world.js';

const minute = 60_000;
const first = ['6.0.0.0/24', '6.0.1.0/24'];
const second = ['6.0.2.0/23', '6.0.2.0/24'];

/** BB's four /24s: two of AS10; two of AS11, by an aggregate and a more-specific under it. */
function whole(options: ConstructorParameters<typeof PipelineWorld>[0] = {}): PipelineWorld {
  return new PipelineWorld(options).say(everyPeer, 'rib', first, 10).say(everyPeer, 'rib', second, 11);
}

/** "AS10 2-0": before and now. */
function shown(networks: readonly NetworkChange[] | undefined): string[] {
  return (networks ?? []).map(({ asn, before, now }) => `AS${asn} ${before}-${now}`);
}

function networksOf(world: PipelineWorld, country = 'BB', family: 'ipv4' | 'ipv6' = 'ipv4'): string[] {
  return shown(world.records.get(country)?.[family]?.networks);
}

const stories: [name: string, happens: (world: PipelineWorld) => PipelineWorld, expected: string[]][] = [
  [
    'one network withdraws all: it is first',
    (world) => world.say(everyPeer, 'withdrawal', first),
    ['AS10 2-0', 'AS11 2-2'],
  ],
  [
    'an aggregate is lost: only what no more-specific covers',
    (world) => world.say(everyPeer, 'withdrawal', ['6.0.2.0/23']),
    ['AS11 2-1', 'AS10 2-2'],
  ],
  [
    'a more-specific under a living aggregate: nothing',
    (world) => world.say(everyPeer, 'withdrawal', ['6.0.2.0/24']),
    [],
  ],
  ['a healthy country has none', (world) => world, []],
  [
    'another announces a part of it now',
    (world) => world.say(everyPeer, 'withdrawal', first).say(everyPeer, 'announcement', ['6.0.0.0/24'], 12),
    ['AS10 2-0', 'AS11 2-2', 'AS12 0-1'],
  ],
  [
    'what it announces outside of the country is no part of it',
    (world) =>
      world
        .say(everyPeer, 'announcement', ['6.0.0.0/21'], 11)
        .run(6 * minute)
        .say(everyPeer, 'withdrawal', ['6.0.0.0/21', ...first]),
    ['AS10 2-0', 'AS11 4-2'],
  ],
];
describe('the networks of a country that is not whole', () => {
  for (const [name, happens, expected] of stories) {
    test(name, () => {
      assert.deepEqual(
        networksOf(
          happens(
            whole()
              .loaded()
              .run(6 * minute),
          ).run(2 * minute),
        ),
        expected,
      );
    });
  }

  test('an event names those that lost, and how low it went', () => {
    const world = whole()
      .loaded()
      .run(6 * minute)
      .say(everyPeer, 'withdrawal', [...first, '6.0.2.0/23', '6.0.2.0/24'])
      .run(5 * minute);
    world.say(everyPeer, 'announcement', ['6.0.0.0/24'], 10).run(6 * minute);
    world
      .say(everyPeer, 'announcement', ['6.0.1.0/24'], 10)
      .say(everyPeer, 'announcement', second, 11)
      .run(15 * minute);
    assert.deepEqual(
      world.events.map(({ kind, lowest, networks }) => [kind, lowest, ...shown(networks)]),
      [
        ['opened', 0, 'AS10 2-0', 'AS11 2-0'],
        ['restored', 0],
      ],
    );
    assert.deepEqual(networksOf(world), [], 'it is whole again');
  });

  test('the networks of before are kept for as long as they are away', () => {
    const world = whole()
      .loaded()
      .run(6 * minute)
      .say(everyPeer, 'withdrawal', first)
      .run(30 * minute);
    assert.deepEqual(networksOf(world), ['AS10 2-0', 'AS11 2-2']);
  });

  test('after a restart in between, "before" is as stored until the country is whole again', () => {
    const before = whole()
      .loaded()
      .run(6 * minute)
      .say(everyPeer, 'withdrawal', first)
      .run(2 * minute);
    const options = {
      restored: before.view.state('BB'),
      measured: before.records.get('BB'),
      start: '2026-01-05T01:00:00Z',
    };
    const world = new PipelineWorld(options)
      .say(everyPeer, 'rib', second, 11)
      .say(everyPeer, 'rib', elsewhereIpv6)
      .loaded()
      .run(12 * minute);
    assert.deepEqual(networksOf(world), ['AS10 2-0', 'AS11 2-2']);
    world.say(everyPeer, 'announcement', first, 10).run(6 * minute);
    assert.deepEqual(networksOf(world), []);
    world.say(everyPeer, 'withdrawal', second).run(2 * minute);
    assert.deepEqual(networksOf(world), ['AS11 2-0', 'AS10 2-2']);
  });

  test('after a restart in between with nothing stored, "before" is unknown', () => {
    const before = whole()
      .loaded()
      .run(6 * minute)
      .say(everyPeer, 'withdrawal', first)
      .run(2 * minute);
    const world = new PipelineWorld({ restored: before.view.state('BB') })
      .say(everyPeer, 'rib', second, 11)
      .loaded()
      .run(12 * minute);
    assert.deepEqual(networksOf(world), []);
  });

  test('a group counts the networks of its own prefixes', () => {
    const groups = [{ code: 'BB-G', name: 'Grp', asns: [10], prefixes: ['6.0.3.0/24'] }];
    const world = whole({ groups })
      .loaded()
      .run(6 * minute)
      .say(everyPeer, 'withdrawal', first)
      .run(2 * minute);
    assert.deepEqual(networksOf(world, 'BB-G'), ['AS10 2-0', 'AS11 1-1']);
    assert.equal(world.records.get('BB-G')?.label, 'Grp');
  });

  test('IPv6 in /48s, a prefix shorter than /32 as its first /32', () => {
    const world = new PipelineWorld()
      .say(everyPeer, 'rib', elsewhereIpv6.slice(0, 40), 20)
      .say(everyPeer, 'rib', elsewhereIpv6.slice(40), 22);
    world.say(everyPeer, 'rib', ['2a00:1000::/29', '2a00:1000::/33'], 21).loaded();
    world
      .run(6 * minute)
      .say(everyPeer, 'withdrawal', ['2a00:1000::/29', ...elsewhereIpv6.slice(0, 6)])
      .run(2 * minute);
    assert.deepEqual(networksOf(world, 'AA', 'ipv6'), [
      `AS20 ${40 * 65_536}-${34 * 65_536}`,
      'AS21 65536-32768',
      `AS22 ${20 * 65_536}-${20 * 65_536}`,
    ]);
  });
});

test('a record keeps the last measure while too few peers vote', () => {
  const world = whole()
    .loaded()
    .run(6 * minute)
    .say(everyPeer, 'withdrawal', ['6.0.0.0/24'])
    .run(2 * minute);
  const measured = world.records.get('BB');
  assert.deepEqual(
    [measured?.ipv4?.units, measured?.ipv4?.baseline?.units, measured?.ipv4?.voters, measured?.ipv6],
    [3, 4, 40, null],
  );
  world.say(everyPeer.slice(0, 30), 'peerDown').run(5 * minute);
  assert.deepEqual(world.records.get('BB'), measured);
});
