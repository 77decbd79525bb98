import assert from 'node:assert/strict';
import { test } from 'node:test';
import { continents, countryCodes, countryName, regions } from '../../../../src/core/countries/index.js';
import { foldName } from '../../../../src/core/countries/names/name-search.js';

test('every country is in exactly one continent', () => {
  const placed = continents.flatMap(({ countries }) => countries);
  assert.deepEqual([...placed].sort(), [...countryCodes].sort());
});

test('a region has known countries, each once and in order, and a name that no other place has', () => {
  for (const { name, countries } of regions) {
    assert.deepEqual(
      countries.filter((code) => !countryCodes.includes(code)),
      [],
      name,
    );
    assert.deepEqual(countries, [...new Set(countries)].sort(), name);
    assert.ok(countries.length >= 3 && name.length <= 40, name);
  }
  const names = [
    ...regions.flatMap(({ name, aliases }) => [name, ...aliases]),
    ...countryCodes.map((code) => countryName(code).name),
  ].map(foldName);
  assert.deepEqual(
    names.filter((name, index) => names.indexOf(name) !== index),
    [],
  );
});

const members: [string, string, string][] = [
  ['Middle East', 'AE BH EG IL IQ IR JO KW LB OM PS QA SA SY TR YE', 'AF CY GR LY PK'],
  ['European Union', 'AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK', 'CH GB NO'],
  ['Balkans', 'AL BA BG GR HR ME MK RS XK', 'HU IT'],
  ['Baltics', 'EE LT LV', 'FI PL'],
  ['Central Asia', 'KG KZ TJ TM UZ', 'AF MN'],
  ['Caucasus', 'AM AZ GE', 'RU TR'],
  ['Sub-Saharan Africa', 'CD ET NG SD ZA', 'EG LY MA TN'],
  ['North Africa', 'DZ EG LY MA SD TN', 'ML TD'],
  ['Latin America', 'AR BR CU MX PA', 'JM US'],
  ['Caribbean', 'CU HT JM TT', 'BZ GY'],
  ['Asia', 'CN IN KP SY TR KZ ID', 'CY EG RU'],
  ['Pacific Islands', 'FJ TO WS', 'AU NZ'],
];
test('the regions are those a newsroom means', () => {
  for (const [name, inside, outside] of members) {
    const countries = regions.find((region) => region.name === name)?.countries ?? [];
    for (const code of inside.split(' ')) assert.ok(countries.includes(code), `${code} in ${name}`);
    for (const code of outside.split(' ')) assert.ok(!countries.includes(code), `${code} not in ${name}`);
  }
  assert.equal(regions.find(({ name }) => name === 'European Union')?.countries.length, 27);
});
