/** A new registry while countries are watched causes no event and no jump of a share, whatever their state. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRegistry, type CountryMap } from '../../../src/core/countries/index.js';
import { elsewhere, elsewhereIpv6, everyPeer, PipelineWorld, tinyRoutes } from '../../support/replay/pipeline-world.js';
import { ipv4Unit } from '../../support/registry/units.js';

const second = 1_000;
const minute = 60_000;
const hour = 60 * minute;

/** "BB 6.0.0.0-6.0.3.255" for IPv4. AA holds 2a00::/16. */
function mapOf(...ranges: string[]): CountryMap {
  const rows = ranges.map((range) => {
    const [code, first, last] = range.split(/[ -]/);
    return `${ipv4Unit(first)},${ipv4Unit(last)},${code}`;
  });
  return parseRegistry(rows.join('\n'), '2a00::,2a00:ffff:ffff:ffff:ffff:ffff:ffff:ffff,AA', []).map;
}

const rest = 'CC 7.0.0.0-7.255.255.255';
/** The first registry. */
const first = mapOf('BB 6.0.0.0-6.0.3.255', rest);
/** BB gains half of CC's space. Both get other numbers, because AB comes before them. */
const renumbered = mapOf(
  'AB 7.0.0.0-7.9.255.255',
  'BB 6.0.0.0-6.0.3.255',
  'BB 7.10.0.0-7.10.255.255',
  'CC 7.11.0.0-7.255.255.255',
);
/** BB has half of its first space. */
const halved = mapOf('BB 6.0.0.0-6.0.1.255', 'CC 6.0.2.0-6.0.3.255', rest);
const gone = mapOf('CC 6.0.0.0-6.0.3.255', rest);

function share(world: PipelineWorld, country: string, family: 0 | 1 = 0): number | null {
  const sample = world.view.samples(country)?.[family];
  return sample === undefined || sample.baseline === null ? null : sample.units / sample.baseline.units;
}

const newborn = (): PipelineWorld =>
  new PipelineWorld({ map: first }).say(everyPeer, 'rib', [...tinyRoutes, ...elsewhereIpv6]).loaded();
/** The state of a world after 26 hours, when its baselines are settled. */
const past = (() => {
  const { view, rows, at } = newborn().run(26 * hour);
  return {
    start: new Date(at).toISOString(),
    restored: [...view.states()],
    bins: rows.filter(({ resolution }) => resolution === 'bin'),
  };
})();
const settled = (): PipelineWorld =>
  new PipelineWorld({ map: first, ...past })
    .say(everyPeer, 'rib', [...tinyRoutes, ...elsewhereIpv6])
    .loaded()
    .run(minute);

const lived: [what: string, world: () => PipelineWorld][] = [
  ['provisional baselines', () => newborn().run(2 * hour)],
  ['settled baselines', settled],
];
for (const [what, made] of lived) {
  test(
    `in normal times, ${what}: renumbered, with a country that is new, then halved, then with one that is ` +
      'gone, then as it was',
    () => {
      const world = made();
      const swapped = (map: CountryMap, units: Record<string, number>): void => {
        world.swap(map);
        world.run(20 * second);
        const found = Object.fromEntries(
          Object.keys(units).map((country) => [
            country,
            world.view.samples(country)?.[country === 'AA' ? 1 : 0].units ?? 0,
          ]),
        );
        assert.deepEqual(found, units);
        for (const country of Object.keys(units))
          if (units[country] > 0) assert.equal(share(world, country, country === 'AA' ? 1 : 0), 1, country);
        world.run(40 * minute);
      };
      swapped(renumbered, { AA: 60 * 65_536, AB: 10 * 256, BB: 4 + 256, CC: 49 * 256 });
      swapped(halved, { AA: 60 * 65_536, BB: 2, CC: 60 * 256 + 2 });
      swapped(gone, { BB: 0, CC: 60 * 256 + 4 });
      swapped(first, { BB: 4, CC: 60 * 256 });
      assert.deepEqual(world.events, []);
    },
  );
}

test('a loss too small to be told does not become an outage because a registry takes addresses away', () => {
  const world = settled();
  world.say(everyPeer, 'withdrawal', elsewhere.slice(0, 10)).run(hour);
  const before = share(world, 'CC')!;
  assert.ok(before > 0.8 && before < 0.85);
  world.swap(mapOf('BB 6.0.0.0-6.0.3.255', 'CC 7.0.0.0-7.39.255.255'));
  world.run(2 * hour);
  assert.ok(Math.abs(share(world, 'CC')! - before) < 0.001, `${share(world, 'CC')}`);
  assert.deepEqual(world.events, []);
});

const outages: [what: string, map: CountryMap, after: number][] = [
  ['and the same in every respect', mapOf('BB 6.0.0.0-6.0.3.255', rest), 4],
  ['and renumbered, BB with more', renumbered, 260],
];
for (const [what, map, after] of outages) {
  test(`in an incident, ${what}: it goes on, and ends as it would have`, () => {
    const routes = [...tinyRoutes, ...elsewhere.slice(10, 11)];
    const story = (swaps: boolean): PipelineWorld => {
      const world = settled();
      world.say(everyPeer, 'withdrawal', routes).run(30 * minute);
      if (swaps) world.swap(map);
      return world
        .run(30 * minute)
        .say(everyPeer, 'announcement', routes)
        .run(hour);
    };
    const [plain, swapped] = [story(false), story(true)];
    assert.deepEqual(
      swapped.events.map(({ kind, country, since, until }) => [kind, country, since, until]),
      plain.events.map(({ kind, country, since, until }) => [kind, country, since, until]),
    );
    assert.deepEqual(
      plain.events.map(({ kind }) => kind),
      ['opened', 'restored'],
    );
    assert.equal(swapped.units, after);
    // What was measured in the outage is told by the registry of that time; stored rows stay.
    assert.deepEqual(
      swapped.rows
        .filter(
          ({ country, resolution, at }) =>
            country === 'BB' && resolution === 'minute' && at < plain.at - hour - 30 * minute,
        )
        .map(({ values }) => [...values]),
      plain.rows
        .filter(
          ({ country, resolution, at }) =>
            country === 'BB' && resolution === 'minute' && at < plain.at - hour - 30 * minute,
        )
        .map(({ values }) => [...values]),
    );
  });
}

test(
  'a restart after two swaps: bins from before and after them, and the baseline is what it was; another ' +
    'outage is told as ever',
  () => {
    const world = new PipelineWorld({ map: first })
      .say(everyPeer, 'rib', tinyRoutes)
      .loaded()
      .run(25 * hour);
    const swappedAt = world.at;
    world.swap(renumbered).run(2 * minute + 10 * second);
    assert.deepEqual(world.moved.map(({ country, baseline }) => [country, baseline.ipv4.shifts]).sort(), [
      ['BB', [{ at: swappedAt - ((swappedAt - 1) % (5 * minute)) - 1, dS: 256, dN: 1 }]],
      ['CC', [{ at: swappedAt - ((swappedAt - 1) % (5 * minute)) - 1, dS: -11 * 256, dN: -11 }]],
    ]);
    world.swap(halved);
    world.run(3 * hour);
    const stored = JSON.parse(JSON.stringify(world.view.state('BB'))) as NonNullable<
      ReturnType<typeof world.view.state>
    >;
    const bins = world.rows.filter(({ country, resolution }) => country === 'BB' && resolution === 'bin');
    const again = new PipelineWorld({ map: halved, start: new Date(world.at).toISOString(), restored: stored, bins })
      .say(everyPeer, 'rib', tinyRoutes)
      .loaded()
      .run(10 * second);
    assert.deepEqual(again.view.samples('BB')![0].baseline, world.view.samples('BB')![0].baseline);
    assert.deepEqual([again.units, share(again, 'BB')], [2, 1]);
    again.say(everyPeer, 'withdrawal', tinyRoutes).run(40 * minute);
    assert.deepEqual(
      again.events.map(({ kind, level }) => [kind, level]),
      [['opened', 'down']],
    );
  },
);

test(
  'before verdicts were made nothing can be measured, and nothing is swapped; a family without baselines ' +
    'holds nobody up',
  () => {
    const world = new PipelineWorld({ map: first }).say(everyPeer, 'rib', tinyRoutes);
    const fresh = new PipelineWorld({ map: first });
    assert.equal(fresh.view.canSwapRegistry, true, 'nothing is stored: any registry will do');
    world.loaded().run(hour);
    const again = new PipelineWorld({
      map: first,
      restored: world.view.state('BB')!,
      bins: world.rows.filter(({ country, resolution }) => country === 'BB' && resolution === 'bin'),
    });
    assert.equal(again.view.canSwapRegistry, false);
    again.say(everyPeer, 'rib', tinyRoutes).loaded();
    assert.equal(again.view.canSwapRegistry, true);
  },
);

test('if part of the dark space moves to another country, the incident ends when the rest is back', () => {
  const world = settled();
  world.say(everyPeer, 'withdrawal', tinyRoutes).run(30 * minute);
  world.swap(halved);
  world
    .run(30 * minute)
    .say(everyPeer, 'announcement', tinyRoutes)
    .run(hour);
  assert.deepEqual([world.units, share(world, 'BB')], [2, 1]);
  assert.deepEqual(
    world.events.map(({ kind, level }) => [kind, level]),
    [
      ['opened', 'down'],
      ['restored', 'normal'],
    ],
  );
});
