/**
 * Our own trouble must never look like a country's: many countries at once, several through one network, and one
 * collector's word.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { guardNames, type GuardName } from '../../../src/core/guards/index.js';
import { manyCodes, ManyCountries, type ManyCountriesOptions } from '../../support/replay/many-countries.js';

const second = 1000;
const minute = 60 * second;

interface Story {
  readonly options?: ManyCountriesOptions;
  readonly act: (world: ManyCountries) => unknown;
  /** The texts that are posted. */
  readonly posted: readonly string[];
  /** By guard, "begun released dissolved". A guard that is not named here held nothing. */
  readonly holds?: Readonly<Partial<Record<GuardName, string>>>;
}

const first = (world: ManyCountries, count: number): string[] => world.codes.slice(0, count);
const oneByOne = (world: ManyCountries, act: (code: string) => unknown): ManyCountries => {
  for (const code of first(world, 8)) act(code);
  return world;
};
/** For stories of one or two countries, where the number of the others makes no difference. */
const ten = { countries: 9 };
/** 24 of the 40 voters are on rrc00. */
const heavy = { ...ten, voters: [24, 8, 8] };
/** Withdrawn by all peers on rrc00 and half of the others: 8 of 40 still have it, but 8 of 16 without rrc00. */
const byOneCollector = (world: ManyCountries): number[] => [...world.on(0), ...world.on(1)];
/** Countries whose dwell is always 30 min. */
const slow = (...countries: readonly string[]): ManyCountriesOptions => ({
  rules: {
    overrides: Object.fromEntries(countries.map((country) => [country, { detector: { thin: { lostPrefixes: 50 } } }])),
  },
});
const eight = 'AA+AB+AC+AD+AE+AF+AG+AH';

const stories: Readonly<Record<string, Story>> = {
  'a country alone is told to the second': {
    act: (world) => world.withdraw(['AA']).run(10 * minute),
    posted: ['03:00 opened AA down since 01:00'],
  },
  'seven of fifty are seven outages': {
    act: (world) => world.withdraw(first(world, 7)).run(10 * minute),
    posted: manyCodes.slice(0, 7).map((code) => `03:00 opened ${code} down since 01:00`),
  },
  'eight of fifty are held for five minutes, and told as one where they stand': {
    act: (world) => world.withdraw(first(world, 8)).run(15 * minute),
    posted: [`08:00 opened ${eight} down since 01:00`],
    holds: { mass: '1 1 0' },
  },
  'eight that are back before that were nothing': {
    act: (world) =>
      world
        .withdraw(first(world, 8))
        .run(4 * minute)
        .announce(first(world, 8))
        .run(15 * minute),
    posted: [],
    holds: { mass: '1 0 1' },
  },
  'those that stay when most are back are told by themselves': {
    act: (world) =>
      world
        .withdraw(first(world, 8))
        .run(4 * minute)
        .announce(first(world, 6))
        .run(10 * minute),
    posted: ['08:00 opened AG down since 01:00', '08:00 opened AH down since 01:00'],
    holds: { mass: '1 0 1' },
  },
  'three of ten are many, three of twenty are not': {
    options: { countries: 9 },
    act: (world) => world.withdraw(first(world, 3)).run(10 * minute),
    posted: ['08:00 opened AA+AB+AC down since 01:00'],
    holds: { mass: '1 1 0' },
  },
  'three of twenty': {
    options: { countries: 19 },
    act: (world) => world.withdraw(first(world, 3)).run(10 * minute),
    posted: ['AA', 'AB', 'AC'].map((code) => `03:00 opened ${code} down since 01:00`),
  },
  'two are no mass, however few there are': {
    options: { countries: 2, rules: { guards: { mass: { share: 0 } } } },
    act: (world) => world.withdraw(['AA', 'AB']).run(10 * minute),
    posted: ['03:00 opened AA down since 01:00', '03:00 opened AB down since 01:00'],
  },
  'one after the other within three minutes': {
    act: (world) => oneByOne(world, (code) => world.withdraw([code]).run(10 * second)).run(15 * minute),
    posted: [`08:00 opened ${eight} down since 01:00`],
    holds: { mass: '1 1 0' },
  },
  'one that fell earlier was told, and still counts': {
    act: (world) =>
      world
        .withdraw(['AH'])
        .run(150 * second)
        .withdraw(first(world, 7))
        .run(15 * minute),
    posted: ['03:00 opened AH down since 01:00', '10:30 opened AA+AB+AC+AD+AE+AF+AG down since 03:30'],
    holds: { mass: '1 1 0' },
  },
  'what falls four minutes after them is not theirs, and waits for nobody': {
    act: (world) =>
      world
        .withdraw(first(world, 8))
        .run(4 * minute)
        .withdraw(['BA'])
        .run(15 * minute),
    posted: ['07:00 opened BA down since 05:00', `08:00 opened ${eight} down since 01:00`],
    holds: { mass: '1 1 0' },
  },
  'what falls with them, but slower, is told when it is due, and not held again': {
    options: slow('BA'),
    act: (world) => world.withdraw([...first(world, 8), 'BA']).run(40 * minute),
    posted: [`08:00 opened ${eight} down since 01:00`, '31:00 opened BA down since 01:00'],
    holds: { mass: '1 1 0' },
  },
  'several that fall with them, but slower, are told as one when they are due': {
    options: slow('BA', 'BB', 'BD'),
    act: (world) =>
      world
        .withdraw([...first(world, 8), 'BA', 'BB'])
        .run(minute)
        .withdraw(['BD'])
        .run(40 * minute),
    posted: [`08:00 opened ${eight} down since 01:00`, '32:00 opened BA+BB+BD down since 01:00'],
    holds: { mass: '2 2 0' },
  },
  'of those that are slower, one that is back before it is due is waited for no longer': {
    options: slow('BA', 'BB', 'BD'),
    act: (world) =>
      world
        .withdraw([...first(world, 8), 'BA', 'BB'])
        .run(minute)
        .withdraw(['BD'])
        .run(29 * minute + 30 * second)
        .announce(['BD'])
        .run(10 * minute),
    posted: [
      `08:00 opened ${eight} down since 01:00`,
      '32:10 opened BA+BB down since 01:00',
      '35:00 unstable BD normal since 02:00',
    ],
    holds: { mass: '2 2 0' },
  },
  'they fall further while they are held: the worst is told': {
    act: (world) =>
      world
        .withdraw(first(world, 8), world.everybody, 11)
        .run(3 * minute)
        .withdraw(first(world, 8))
        .run(15 * minute),
    posted: [`09:00 opened ${eight} down since 04:00`],
    holds: { mass: '1 1 0' },
  },
  'outages that deepen together are told as one as well': {
    act: (world) =>
      oneByOne(world, (code) => world.withdraw([code], world.everybody, 6).run(4 * minute))
        .withdraw(first(world, 8))
        .run(15 * minute),
    posted: [
      ...manyCodes
        .slice(0, 8)
        .map(
          (code, n) =>
            `${String(4 + 4 * n).padStart(2, '0')}:00 opened ${code} degraded since ` +
            `${String(1 + 4 * n).padStart(2, '0')}:00`,
        ),
      `40:00 opened ${eight} down since 33:00`,
    ],
    holds: { mass: '1 1 0' },
  },
  'a lapse at the very end of the hold tears nobody out': {
    act: (world) =>
      world
        .withdraw(first(world, 8))
        .run(7 * minute - 10 * second)
        .announce(['AC'])
        .run(20 * second)
        .withdraw(['AC'])
        .run(10 * minute),
    posted: [`08:10 opened ${eight} down since 01:00`],
    holds: { mass: '1 1 0' },
  },
  'a restart in the middle of the hold begins it anew': {
    act: (world) =>
      world
        .withdraw(first(world, 8))
        .run(4 * minute)
        .restart()
        .run(15 * minute),
    posted: [`10:00 opened ${eight} down since 01:00`],
    holds: { mass: '1 1 0' },
  },

  'two countries through one network are one event': {
    options: { ...ten, origins: { AA: 65_000, AB: 65_000 } },
    act: (world) =>
      world
        .withdraw(['AA'])
        .run(90 * second)
        .withdraw(['AB'])
        .run(10 * minute),
    posted: ['04:30 opened AA+AB down since 01:00 AS65000'],
    holds: { 'shared-as': '1 1 0' },
  },
  'through two networks they are two': {
    options: { ...ten, origins: { AA: 65_000, AB: 65_001 } },
    act: (world) =>
      world
        .withdraw(['AA'])
        .run(90 * second)
        .withdraw(['AB'])
        .run(10 * minute),
    posted: ['03:00 opened AA down since 01:00', '04:30 opened AB down since 02:30'],
  },
  'one that joins while the first waits is told with them': {
    options: { countries: 19, origins: { AA: 65_000, AB: 65_000, AC: 65_000 } },
    act: (world) =>
      world
        .withdraw(['AA'])
        .run(90 * second)
        .withdraw(['AB'])
        .run(minute)
        .withdraw(['AC'])
        .run(10 * minute),
    posted: ['05:30 opened AA+AB+AC down since 01:00 AS65000'],
    holds: { 'shared-as': '1 1 0' },
  },
  'when the other is back, the first waits no longer': {
    options: { ...ten, origins: { AA: 65_000, AB: 65_000 } },
    act: (world) =>
      world
        .withdraw(['AA'])
        .run(90 * second)
        .withdraw(['AB'])
        .run(minute)
        .announce(['AB'])
        .run(10 * minute),
    // Flips of the country's own, which no guard holds.
    posted: ['04:10 opened AA down since 01:00', '05:00 unstable AB normal since 02:30'],
    holds: { 'shared-as': '1 0 1' },
  },
  'nobody waits for one that cannot be told within five minutes': {
    options: { ...slow('AE'), ...ten, origins: { AA: 65_000, AE: 65_000 } },
    act: (world) => world.withdraw(['AA', 'AE']).run(10 * minute),
    posted: ['03:00 opened AA down since 01:00'],
  },

  "one collector's word is no outage": {
    options: heavy,
    act: (world) =>
      world
        .withdraw(['AA'], byOneCollector(world))
        .run(30 * minute)
        .announce(['AA'])
        .run(10 * minute),
    posted: [],
    holds: { 'one-collector': '1 0 1' },
  },
  'once others say so too it is told, with the time at which it began': {
    options: heavy,
    act: (world) =>
      world
        .withdraw(['AA'], byOneCollector(world))
        .run(20 * minute)
        .withdraw(['AA'], world.on(2, 1))
        .run(10 * minute),
    posted: ['21:00 opened AA down since 01:00'],
    holds: { 'one-collector': '1 1 0' },
  },
  'what holds without it is told': {
    options: heavy,
    act: (world) =>
      world
        .withdraw(['AA'], world.everybody, 10)
        .withdraw(['AA'], byOneCollector(world))
        .run(10 * minute)
        .withdraw(['AA'])
        .run(minute),
    posted: ['04:00 opened AA degraded since 01:00', '11:00 escalated AA down since 01:00'],
    holds: { 'one-collector': '1 1 0' },
  },
  'where fewer than five would be left nobody is asked': {
    options: { ...ten, voters: [36, 2, 2] },
    act: (world) => world.withdraw(['AA'], world.on(0)).run(5 * minute),
    posted: ['03:00 opened AA down since 01:00'],
  },
};

/** Seen by the ten on rrc00 and by this many of the others; forty in all. */
const seenBy = (world: ManyCountries, codes: readonly string[], others: number): ManyCountries =>
  world.withdraw(codes, world.everybody.slice(10 + others)).run(5 * minute);

const gapStories: Readonly<Record<string, Story>> = {
  'a country that hangs on the votes of a collector is not dark because we lost that one': {
    options: ten,
    act: (world) =>
      seenBy(world, ['AA', 'AB'], 2)
        .lose(0)
        .run(60 * minute)
        .rejoin(0)
        .run(30 * minute),
    posted: [],
  },
  'nor are many, nor once its tables are read anew, nor when another is lost with it': {
    act: (world) => {
      seenBy(world, first(world, 9), 3)
        .lose(0)
        .run(5 * minute)
        .reset(0)
        .run(10 * minute)
        .lose(3)
        .run(10 * minute)
        .rejoin(3)
        .run(10 * minute);
    },
    posted: [],
  },
  'nor because of one of the others that flaps': {
    options: ten,
    act: (world) =>
      seenBy(world, ['AA'], 2)
        .lose(0)
        .run(5 * minute)
        .withdraw(['AA'], [10])
        .run(minute)
        .announce(['AA'], [10])
        .run(10 * minute),
    posted: [],
  },
  'once those who still see it say so it is, at once': {
    options: ten,
    act: (world) =>
      seenBy(world, ['AA'], 2)
        .lose(0)
        .run(9 * minute)
        .withdraw(['AA'], [10, 11])
        .run(10 * minute),
    posted: ['17:00 opened AA down since 15:00'],
  },
  'what goes at the moment at which a collector is lost is told': {
    options: ten,
    act: (world) =>
      world
        .lose(0)
        .withdraw(['AA'], world.everybody.slice(10))
        .run(10 * minute),
    posted: ['03:00 opened AA down since 01:00'],
  },
  'what goes while a collector is silent already, but not yet called so, is told': {
    options: ten,
    act: (world) =>
      world
        .withdraw(['AA'], world.everybody.slice(10))
        .run(minute)
        .lose(0)
        .run(10 * minute),
    posted: ['04:00 opened AA down since 02:00'],
  },
  'a gap of all, after which the one that it hangs on comes back last, makes no country dark': {
    act: (world) => {
      seenBy(world, first(world, 9), 3);
      for (const collector of [0, 1, 2, 3]) world.lose(collector);
      for (const collector of [1, 2, 3]) world.run(5 * minute).rejoin(collector);
      world
        .run(20 * minute)
        .rejoin(0)
        .run(20 * minute);
    },
    posted: [],
  },
  'but what went in the gap is told as soon as enough are back that say so': {
    options: ten,
    act: (world) => {
      for (const collector of [0, 1, 2, 3]) world.lose(collector);
      world
        .run(minute)
        .withdraw(['AA'])
        .run(4 * minute);
      for (const collector of [1, 2, 3]) world.rejoin(collector);
      world.run(10 * minute);
    },
    posted: ['08:00 opened AA down since 06:00'],
  },
  'a country that four in ten see again is not back because we lost those who do not': {
    options: ten,
    act: (world) =>
      world
        .withdraw(['AA'])
        .run(5 * minute)
        .announce(['AA'], world.everybody.slice(10, 26))
        .run(5 * minute)
        .lose(0)
        .run(30 * minute)
        .rejoin(0)
        .run(10 * minute),
    posted: ['03:00 opened AA down since 01:00'],
  },
  'it is once others see it too': {
    options: ten,
    act: (world) => {
      world
        .withdraw(['AA'])
        .run(5 * minute)
        .announce(['AA'], world.everybody.slice(10, 26))
        .run(5 * minute);
      world
        .lose(0)
        .run(10 * minute)
        .announce(['AA'], world.everybody.slice(26, 27))
        .run(20 * minute);
    },
    posted: ['03:00 opened AA down since 01:00', '31:00 restored AA normal since 01:00'],
  },
  'what came back in a gap of all is told as soon as enough are back that say so': {
    options: ten,
    act: (world) => {
      world.withdraw(['AA']).run(5 * minute);
      for (const collector of [0, 1, 2, 3]) world.lose(collector);
      world
        .run(minute)
        .announce(['AA'], world.everybody.slice(10))
        .run(4 * minute);
      for (const collector of [1, 2, 3]) world.rejoin(collector);
      world.run(20 * minute);
    },
    posted: ['03:00 opened AA down since 01:00', '21:00 restored AA normal since 01:00'],
  },
  'what was withdrawn while it was away is told when it is back': {
    options: ten,
    act: (world) =>
      seenBy(world, ['AA'], 2)
        .lose(0)
        .run(20 * minute)
        .withdraw(['AA'], world.on(0))
        .rejoin(0)
        .run(10 * minute),
    posted: ['28:00 opened AA down since 26:00'],
  },
};

test('a hold is reported with its reason', () => {
  const mass = new ManyCountries();
  mass.withdraw(first(mass, 8)).run(5 * minute);
  assert.deepEqual(
    mass.view.holds.map(({ guard, countries, words }) => [guard, countries.join('+'), words]),
    [['mass', eight, '8 countries began to fall within 180 s of each other: held for 300 s']],
  );
  const shared = new ManyCountries({ ...ten, origins: { AA: 65_000, AB: 65_000 } });
  shared
    .withdraw(['AA'])
    .run(90 * second)
    .withdraw(['AB'])
    .run(minute);
  assert.deepEqual(
    shared.view.holds.map(({ words }) => words),
    ['2 countries lose half or more through AS65000: told as one, after 300 s at most'],
  );
  const alone = new ManyCountries(heavy);
  alone.withdraw(['AA'], byOneCollector(alone)).run(5 * minute);
  assert.deepEqual(alone.view.holds, [
    {
      guard: 'one-collector',
      countries: ['AA'],
      since: alone.at - 3 * minute,
      words: 'AA is down by the votes of rrc00: without them 20 /24s are visible',
    },
  ]);
});

test('a question changes nothing: states, rows and records are those of a core that never asked', () => {
  const gaza = { code: 'XX-G', name: 'Part of AB', asns: [1001], prefixes: ['20.2.0.0/20'] };
  const played = (minVoters: number): ManyCountries => {
    const world = new ManyCountries({
      ...heavy,
      countries: 12,
      groups: [gaza],
      rules: { guards: { collector: { minVoters } } },
    });
    // AB and AC, parts of which are in the group, are near a threshold while the guard asks about AA.
    world
      .withdraw(['AB', 'AC'], byOneCollector(world), 3)
      .withdraw(['AD'], world.on(0), 3)
      .run(5 * minute);
    return world
      .withdraw(['AA'])
      .run(10 * minute)
      .announce(['AA', 'AB'])
      .run(15 * minute);
  };
  const [asked, never] = [played(5), played(41)];
  assert.ok(
    asked.view.withoutEachCollector(0, 5).some(({ turned }) => turned.length > 0),
    'there is something to count otherwise',
  );
  assert.deepEqual(asked.results, never.results);
  assert.ok(asked.events.some(({ country }) => country === 'AA'));
});

for (const [name, { options, act, posted, holds }] of Object.entries({ ...stories, ...gapStories })) {
  test(name, () => {
    const world = new ManyCountries(options);
    act(world);
    assert.deepEqual(world.posted, posted);
    const counts = world.view.holdCounts;
    for (const guard of guardNames) {
      const { begun, released, dissolved } = counts[guard];
      assert.equal(`${begun} ${released} ${dissolved}`, holds?.[guard] ?? '0 0 0', guard);
    }
    assert.deepEqual(world.view.holds, [], 'nothing is left held');
  });
}
