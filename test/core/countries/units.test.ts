/**
 * Units are a union: after flips in any order they equal the units that some visible prefix covers, and a withdrawal
 * never raises them.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Countries, parseRegistry, type CountryMap } from '../../../src/core/countries/index.js';
import { ipv4Unit, unitsCovered } from '../../support/registry/units.js';
import { shippedRules } from '../../support/rules.js';

const { countries: settings } = shippedRules();
/** 5.0.0.0/16 in two countries with a hole; 2a00::/28 in pieces down to single /48s of different holders. */
const registry = parseRegistry(
  [
    `${ipv4Unit('5.0.0.0')},${ipv4Unit('5.0.127.255')},AA`,
    `${ipv4Unit('5.0.128.0')},${ipv4Unit('5.0.191.255')},BB`,
  ].join('\n'),
  [
    '2a00::,2a00:0:7fff:ffff:ffff:ffff:ffff:ffff,AA',
    '2a00:0:8000::,2a00:0:8000:ffff:ffff:ffff:ffff:ffff,BB',
    '2a00:0:8001::,2a00:0:80ff:ffff:ffff:ffff:ffff:ffff,AA',
    '2a00:1::,2a00:7:ffff:ffff:ffff:ffff:ffff:ffff,BB',
  ].join('\n'),
  [],
).map;

const ipv4Prefix = fc.integer({ min: 12, max: 24 }).chain((length) =>
  fc.integer({ min: 0, max: 2 ** Math.max(0, length - 16) - 1 }).map((index) => {
    const base = Math.floor((5 * 2 ** 24) / 2 ** (32 - length));
    return 2 ** length + base + index;
  }),
);
const ipv6Prefix = fc
  .oneof(
    { weight: 1, arbitrary: fc.integer({ min: 28, max: 33 }) },
    { weight: 6, arbitrary: fc.integer({ min: 34, max: 48 }) },
  )
  .chain((length) =>
    fc.integer({ min: 0, max: 2 ** Math.max(0, length - 29) - 1 }).map((index) => {
      const base = Math.floor(0x2a00_0000_0000 / 2 ** (48 - length));
      return 2 ** length + base + index;
    }),
  );

for (const [family, prefix] of [
  [0, ipv4Prefix],
  [1, ipv6Prefix],
] as const) {
  test(`IPv${family === 0 ? 4 : 6}: the union, and monotone in what is visible`, () => {
    fc.assert(
      fc.property(fc.array(prefix, { minLength: 1, maxLength: 24 }), (codes) => {
        const countries = new Countries(registry, [], () => settings);
        const ids = new Map<number, number>();
        const visible = new Set<number>();
        let before = unitsCovered(registry, family, visible);
        for (const code of codes) {
          const id = ids.get(code) ?? ids.size;
          if (!ids.has(code)) countries.added(family, id, code);
          ids.set(code, id);
          const up = !visible.has(code);
          if (up) visible.add(code);
          else visible.delete(code);
          countries.flipped(family, id, code, 0, up);
          const expected = unitsCovered(registry, family, visible);
          for (const country of ['AA', 'BB']) {
            const units = countries.unitsOf(country, family);
            assert.equal(units, expected.get(country) ?? 0);
            assert.ok(up ? units >= (before.get(country) ?? 0) : units <= (before.get(country) ?? 0), 'monotone');
          }
          before = expected;
        }
      }),
      { numRuns: 40, seed: 20141222 },
    );
  });
}

test('an IPv6 prefix shorter than /32 stands for its first /32', () => {
  const map: CountryMap = parseRegistry('', '2a00::,2a00:f:ffff:ffff:ffff:ffff:ffff:ffff,AA', []).map;
  const countries = new Countries(map, [], () => settings);
  const slash28 = 2 ** 28 + 0x2a00_000;
  countries.added(1, 0, slash28);
  countries.flipped(1, 0, slash28, 0, true);
  assert.equal(countries.unitsOf('AA', 1), 65_536);
});

test(
  'a /24 of several holders belongs to the one with most of it, a tie to the lower code; ignored ranges to ' + 'nobody',
  () => {
    const ranges = [
      ['5.0.0.0', '5.0.0.99', 'BB'],
      ['5.0.0.100', '5.0.0.255', 'AA'],
      ['5.0.1.0', '5.0.1.127', 'CC'],
      ['5.0.1.128', '5.0.1.255', 'BB'],
      ['5.0.2.0', '5.0.3.255', 'EU'],
      ['5.0.4.0', '5.0.5.255', 'AA'],
    ];
    const csv = ranges.map(([first, last, code]) => `${ipv4Unit(first)},${ipv4Unit(last)},${code}`).join('\n');
    const { map, problems } = parseRegistry(`${csv}\nnonsense,1,AA\n9,5,AA\n`, '', ['5.0.5.0/24']);
    const holder = (text: string): string => map.codes[map.ipv4[Math.floor(ipv4Unit(text) / 256)]];
    assert.deepEqual(['5.0.0.0', '5.0.1.0', '5.0.2.0', '5.0.4.0', '5.0.5.0'].map(holder), ['AA', 'BB', '', 'AA', '']);
    assert.equal(problems.skipped, 2);
  },
);

test('the owner of a prefix is the country with most of its units', () => {
  const countries = new Countries(registry, [], () => settings);
  const code = (length: number, address: number): number => 2 ** length + Math.floor(address / 2 ** (32 - length));
  const ownerOf = (id: number, prefix: number): string => {
    countries.added(0, id, prefix);
    return countries.ownerOf(0, id);
  };
  assert.equal(ownerOf(0, code(16, 5 * 2 ** 24)), 'AA', '128 of AA, 64 of BB');
  assert.equal(ownerOf(1, code(17, 5 * 2 ** 24 + 2 ** 15)), 'BB');
  assert.equal(ownerOf(2, code(16, 6 * 2 ** 24)), '');
});

test('an IPv6 range is read in every spelling of its ends', () => {
  const rows = [
    '2001:67c::,2001:67c::ffff:ffff:ffff:ffff:ffff,AA',
    '2001:67c:1:0:0:0:0:0,2001:067c:0001:ffff:ffff:ffff:ffff:ffff,BB',
    '2001:67c:2::,2001:67c:2::ffff,CC',
  ];
  const { map, problems } = parseRegistry('', rows.join('\n'), []);
  assert.equal(problems.skipped, 0);
  const unit = 0x2001_067c_0000;
  assert.deepEqual(
    [...map.ipv6.starts].map((start, index) => [
      start - unit,
      map.ipv6.ends[index] - unit,
      map.codes[map.ipv6.countries[index]],
    ]),
    [
      [0, 1, 'AA'],
      [1, 2, 'BB'],
    ],
  );
});
