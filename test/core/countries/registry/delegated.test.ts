/** The RIRs' delegated statistics: real excerpts of 2019, and lines that are damaged. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import {
  countryCodes,
  DelegatedReader,
  doubtsAbout,
  mapChanges,
  mapText,
  parseMapText,
  totalsOf,
  withoutPrefixes,
  type CountryMap,
} from '../../../../src/core/countries/index.js';

function read(text: string): DelegatedReader {
  const reader = new DelegatedReader();
  for (const line of text.split('\n')) reader.line(line);
  return reader;
}

function excerpt(name: string): DelegatedReader {
  return read(readFileSync(new URL(`../../../fixtures/delegated/nro-test-${name}`, import.meta.url), 'utf8'));
}

/** Lines of the file: "AA 5.0.0.0 512" for IPv4, "AA 2a00::/32" for IPv6. */
const held = (...ranges: string[]): string =>
  ranges
    .map((range) => {
      const [code, start, value] = range.split(/[ /]/);
      return `nro|${code}|${start.includes(':') ? 'ipv6' : 'ipv4'}|${start}|${value}|20200101|allocated|x|e-stats`;
    })
    .join('\n');

function holder(map: CountryMap, address: string): string {
  const [a, b, c] = address.split('.').map(Number);
  return map.codes[map.ipv4[a * 65_536 + b * 256 + c]];
}

const excerpts: [name: string, kept: number, day: string | null, countries: number, units4: number][] = [
  ['afrinic', 125, '20190909', 34, 19208],
  ['apnic', 148, '20190909', 12, 40960],
  ['arin', 124, '20190908', 4, 616452],
  ['lacnic', 120, '20190908', 11, 624],
  ['ripencc', 200, '20190908', 38, 12664],
  ['combined', 11, '20190911', 5, 131072],
];
for (const [name, kept, day, countries, units] of excerpts) {
  test(`the excerpt of ${name} is read whole`, () => {
    const reader = excerpt(name);
    const totals = totalsOf(reader.map());
    assert.deepEqual([reader.counts, totals.countries, totals.units[0]], [{ day, kept, damaged: 0 }, countries, units]);
  });
}

test(
  'an IPv4 value counts addresses, whatever their number; an IPv6 value is a length; EU, AP, ZZ and none ' +
    'are no country',
  () => {
    const map = read(
      held('AA 5.0.0.0 768', 'EU 5.0.4.0 256', 'AP 5.0.5.0 256', 'ZZ 5.0.6.0 256', ' 5.0.7.0 256', 'BB 2a00::/29'),
    ).map();
    assert.deepEqual(
      ['5.0.0.0', '5.0.2.0', '5.0.3.0', '5.0.4.0', '5.0.5.0', '5.0.6.0', '5.0.7.0'].map((at) => holder(map, at)),
      ['AA', 'AA', '', '', '', '', ''],
    );
    assert.deepEqual(totalsOf(map), { countries: 2, units: [3, 2 ** 19] });
  },
);

test('an overlap is counted once: for the range that begins first, or the shorter of two that begin together', () => {
  const map = read(
    held(
      'AA 5.0.0.0 1024',
      'BB 5.0.2.0 1024',
      'BB 6.0.0.0 512',
      'AA 6.0.0.0 256',
      'CC 5.0.1.0 256',
      'AA 2a00::/32',
      'CC 2a00:0:1::/48',
      'AA 2a00::/32',
      'BB 2a00::/31',
    ),
  ).map();
  assert.deepEqual(
    ['5.0.0.0', '5.0.1.0', '5.0.3.0', '5.0.4.0', '6.0.0.0', '6.0.1.0'].map((at) => holder(map, at)),
    ['AA', 'AA', 'AA', 'BB', 'AA', 'BB'],
  );
  assert.deepEqual(totalsOf(map).units, [4 + 2 + 2, 2 ** 17]);
});

const damaged = [
  'nro|AA|ipv4|5.0.0.0|256',
  'nro|AA|ipv4|5.0.0|256|20200101|allocated',
  'nro|AA|ipv4|5.0.0.300|256|20200101|allocated',
  'nro|AA|ipv4|5.0.0.0|0|20200101|allocated',
  'nro|AA|ipv4|255.255.255.0|512|20200101|assigned',
  'nro|AA|ipv4|5.0.0.0|-256|20200101|allocated',
  'nro|aa|ipv4|5.0.0.0|256|20200101|allocated',
  'nro|AA|ipv6|2a00::|3|20200101|allocated',
  'nro|AA|ipv6|2a00::|129|20200101|allocated',
  'nro|AA|ipv6|2a00:1::|24|20200101|allocated',
  'nro|AA|ipv6|2a00::zz|32|20200101|allocated',
  'nro|AA|ipv5|5.0.0.0|256|20200101|allocated',
  'nro|AA|ipv4|5.0.0.0|256|20200101|alloc@ted',
  '<html><body>Please log in</body></html>',
];
for (const line of damaged) {
  test(`damaged, and costs only itself: ${line}`, () => {
    const reader = read(`${held('BB 6.0.0.0 256')}\n${line}\n${held('CC 7.0.0.0 256')}`);
    assert.deepEqual(reader.counts, { day: null, kept: 2, damaged: 1 });
    assert.deepEqual(totalsOf(reader.map()), { countries: 2, units: [2, 0] });
  });
}

test('a map is read back from its text as it was; a truncated or changed text is refused', () => {
  const map = excerpt('ripencc').map();
  const text = [...mapText(map)].join('');
  const again = parseMapText(text)!;
  assert.deepEqual(mapChanges(map, again), []);
  assert.deepEqual([...mapText(again)].join(''), text);
  const lines = text.split('\n');
  for (const torn of [
    '',
    text.slice(0, -1),
    text.slice(20),
    [...lines.slice(0, 3), lines[1], ...lines.slice(3)].join('\n'),
    text.replace('\n4 ', '\n5 '),
  ])
    assert.equal(parseMapText(torn), null);
});

test('ignored prefixes belong to no country, in both families', () => {
  const map = withoutPrefixes(read(held('AA 5.0.0.0 1024', 'AA 2a00::/32')).map(), ['5.0.1.0/24', '2a00:0:8000::/33']);
  assert.deepEqual([holder(map, '5.0.0.0'), holder(map, '5.0.1.0'), totalsOf(map).units], ['AA', '', [3, 2 ** 15]]);
});

/** This many countries, each with `units` /24s and one /32. */
const world = (countries: number, units: number): CountryMap =>
  read(
    held(
      ...countryCodes
        .slice(0, countries)
        .flatMap((code, index) => [
          `${code} ${index + 1}.0.0.0 ${units * 256}`,
          `${code} ${(0x2a00 + index).toString(16)}::/32`,
        ]),
    ),
  ).map();

const doubted: [what: string, countries: number, units: number, doubts: RegExp[]][] = [
  ['the same', 220, 100, []],
  ['9 % more', 220, 109, []],
  ['a tenth less', 220, 90, []],
  ['11 % less', 220, 89, [/^it has 19580 \/24s of IPv4, the last had 22000 \(-11.0 %; at most 10 % is believed\)$/]],
  ['a country less', 219, 100, []],
  [
    'a registry missing',
    190,
    100,
    [
      /^it has 190 countries; a whole registry has at least 200$/,
      /^it has 190 countries, the last had 220 \(-13.6 %/,
      /\/24s of IPv4/,
      /\/48s of IPv6/,
    ],
  ],
];
for (const [what, countries, units, doubts] of doubted) {
  test(`a new registry, ${what}: ${doubts.length === 0 ? 'believed' : 'refused, with each number that is off'}`, () => {
    const found = doubtsAbout(totalsOf(world(countries, units)), totalsOf(world(220, 100)));
    assert.equal(found.length, doubts.length, found.join('\n'));
    for (const [index, doubt] of doubts.entries()) assert.match(found[index], doubt);
  });
}

test('changes: the largest by share first', () => {
  const [before, after] = [
    read(held('AA 5.0.0.0 1024', 'BB 6.0.0.0 25600', 'DD 8.0.0.0 256')).map(),
    read(held('AA 5.0.0.0 512', 'BB 6.0.0.0 25856', 'CC 7.0.0.0 256', 'DD 8.0.0.0 256')).map(),
  ];
  assert.deepEqual(
    mapChanges(before, after).map(({ country, before: had, after: has }) => [country, had, has]),
    [
      ['CC', 0, 1],
      ['AA', 4, 2],
      ['BB', 100, 101],
    ],
  );
});
