import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countryCodes, countryName, createCountryDirectory } from '../../../../src/core/countries/index.js';
import { alpha3Codes, countryAliases } from '../../../../src/core/countries/names/aliases.js';

const directory = createCountryDirectory([{ code: 'PS-GZ', name: 'Gaza', asns: [12975], prefixes: [] }]);

const found: [string, string][] = [
  ['KP', 'KP'],
  ['kp', 'KP'],
  ['prk', 'KP'],
  ['North Korea', 'KP'],
  ['north-korea', 'KP'],
  [' NORTH  KOREA ', 'KP'],
  ['DPRK', 'KP'],
  ['North Korea (KP)', 'KP'],
  ['aland', 'AX'],
  ['Åland Islands', 'AX'],
  ["cote d'ivoire", 'CI'],
  ['Côte d’Ivoire', 'CI'],
  ['cote divoire', 'CI'],
  ['Ivory Coast', 'CI'],
  ['Burma', 'MM'],
  ['Holland', 'NL'],
  ['the Netherlands', 'NL'],
  ['UK', 'GB'],
  ['u.k.', 'GB'],
  ['USA', 'US'],
  ['U.S.', 'US'],
  ['UAE', 'AE'],
  ['DRC', 'CD'],
  ['Swaziland', 'SZ'],
  ['Czechia', 'CZ'],
  ['Czech Republic', 'CZ'],
  ['Macedonia', 'MK'],
  ['Timor-Leste', 'TL'],
  ['East Timor', 'TL'],
  ['Turkiye', 'TR'],
  ['Türkiye', 'TR'],
  ['Turkey', 'TR'],
  ['Cabo Verde', 'CV'],
  ['Saint Lucia', 'LC'],
  ['St Lucia', 'LC'],
  ['Sao Tome', 'ST'],
  ['Curacao', 'CW'],
  ['Reunion', 'RE'],
  ['Trinidad & Tobago', 'TT'],
  ['Kosovo', 'XK'],
  ['Guinea', 'GN'],
  ['Niger', 'NE'],
  ['Dominica', 'DM'],
  ['PS-GZ', 'PS-GZ'],
  ['ps-gz', 'PS-GZ'],
  ['gaza', 'PS-GZ'],
  ['Gaza (PS-GZ)', 'PS-GZ'],
  ['Vatican City', 'VA'],
  ['Viet Nam', 'VN'],
];
test('a country is found by its codes, its name however it is written, and what others call it', () => {
  for (const [text, code] of found) assert.deepEqual(directory.find(text), { kind: 'found', code }, text);
  for (const code of countryCodes) {
    for (const text of [
      code,
      alpha3Codes.get(code) ?? '',
      countryName(code).name,
      ...((countryAliases[code] as string[] | undefined) ?? []),
    ]) {
      assert.deepEqual(directory.find(text), { kind: 'found', code }, text);
    }
  }
});

const unknown: [string, readonly string[]][] = [
  ['korea', ['North Korea (KP)', 'South Korea (KR)']],
  ['Congo', ['DR Congo (CD)', 'Republic of Congo (CG)']],
  ['germny', ['Germany (DE)']],
  ['nroth korea', ['North Korea (KP)']],
  ['Brasil', ['Brazil (BR)']],
  ['united', ['United Arab Emirates (AE)', 'United Kingdom (GB)', 'United States (US)']],
  ['Atlantis', []],
  ['', []],
  ['   ', []],
  ['🇰🇵', []],
];
test('an unknown name is answered with what may have been meant', () => {
  for (const [text, suggestions] of unknown)
    assert.deepEqual(directory.find(text), { kind: 'unknown', suggestions }, text);
});

test('no two countries share a code, a name or an alias', () => {
  assert.deepEqual([...alpha3Codes.keys()].sort(), [...countryCodes].sort());
  assert.equal(new Set(alpha3Codes.values()).size, countryCodes.length);
  for (const code of alpha3Codes.values()) assert.match(code, /^[A-Z]{3}$/);
  assert.deepEqual(
    Object.keys(countryAliases).filter((code) => !countryCodes.includes(code)),
    [],
  );
  assert.deepEqual(Object.keys(countryAliases), Object.keys(countryAliases).sort());
});

const completed: [string, readonly string[]][] = [
  // The code first, then the names that begin with it.
  ['in', ['IN', 'ID']],
  ['south', ['ZA', 'GS', 'KR', 'SS']],
  ['kor', ['KR', 'KP']],
  ['kore', ['KP', 'KR']],
  ['nort', ['KP', 'MK', 'MP']],
  ['ukr', ['UA']],
  ['uk', ['GB', 'UA']],
  ['ivry', ['CI']],
  ['gaz', ['PS-GZ']],
];
test('choices come best first: codes, beginnings of names, words, parts, then near misses', () => {
  for (const [typed, codes] of completed) {
    assert.deepEqual(
      directory
        .complete(typed)
        .slice(0, codes.length)
        .map(({ value }) => value),
      codes,
      typed,
    );
  }
  assert.deepEqual(directory.complete('korea')[0], { name: 'North Korea (KP)', value: 'KP' });
  assert.deepEqual(
    directory.completeWithRegions('middle eas').map(({ value }) => value),
    ['Middle East', 'Middle East and North Africa'],
  );
});

test('at most 25 choices, the same each time', () => {
  const worst = [
    '',
    'a',
    'zzqwertyuiopasdfghjklzxcvbnmqwertyuiop'.repeat(100),
    'untied kingdim of great britian',
    'é'.repeat(50),
    "the ' . the",
  ];
  for (const typed of worst) {
    const first = directory.completeWithRegions(typed);
    assert.deepEqual(directory.completeWithRegions(typed), first);
    assert.ok(first.length <= 25);
    for (const { name, value } of first) assert.ok(name.length <= 100 && value.length <= 100);
  }
  assert.equal(directory.complete('').length, 25);
});

test('a code has a name, and an unknown code stands for itself', () => {
  assert.equal(directory.name('KP'), 'North Korea');
  assert.equal(directory.name('PS-GZ'), 'Gaza');
  assert.equal(directory.name('XX-OLD'), 'XX-OLD');
  assert.equal(directory.region('mideast')?.name, 'Middle East');
  assert.ok(directory.region('Middle East')?.countries.includes('PS-GZ'), 'a group counts where its country does');
  assert.ok(!directory.region('Europe')?.countries.includes('PS-GZ'));
  assert.equal(directory.region('Middle Earth'), null);
});
