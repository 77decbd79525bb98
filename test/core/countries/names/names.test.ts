import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countryCodes, countryName, flagOf } from '../../../../src/core/countries/index.js';

/** ISO 3166-1 alpha-2, officially assigned codes (as in tzdata's iso3166.tab). */
const assigned = (
  'AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV ' +
  'BW BY BZ CA CC CD CF CG CH CI CK ' +
  'CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE ' +
  'GF GG GH GI GL GM GN GP GQ GR ' +
  'GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW ' +
  'KY KZ LA LB LC LI LK LR LS LT LU ' +
  'LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP ' +
  'NR NU NZ OM PA PE PF PG PH PK PL ' +
  'PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ ' +
  'TC TD TF TG TH TJ TK TL TM TN TO ' +
  'TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW'
).split(' ');

test('every assigned code and Kosovo has a name of its own; the table is sorted', () => {
  assert.equal(assigned.length, 249);
  assert.deepEqual(countryCodes, [...assigned, 'XK'].sort());
  assert.equal(new Set(countryCodes.map((code) => countryName(code).name)).size, 250);
});

test('no name has a comma, brackets or a prefix like "Republic of"', () => {
  for (const code of countryCodes) {
    const { name, possessive } = countryName(code);
    assert.doesNotMatch(
      name,
      /[,()&]|^(the|The) |Islamic|Plurinational|Bolivarian|Democratic|Province|Federation/,
      code,
    );
    assert.ok(name.length >= 4 && name === name.trim(), code);
    assert.ok([`${name}'`, `${name}'s`, `the ${name}'`, `the ${name}'s`].includes(possessive), code);
  }
});

const forms: [string, string, string, boolean][] = [
  ['BS', 'Bahamas', "the Bahamas'", true],
  ['CD', 'DR Congo', "DR Congo's", true],
  ['GB', 'United Kingdom', "the United Kingdom's", true],
  ['HK', 'Hong Kong', "Hong Kong's", false],
  ['IR', 'Iran', "Iran's", true],
  ['KP', 'North Korea', "North Korea's", true],
  ['LA', 'Laos', "Laos'", true],
  ['NL', 'Netherlands', "the Netherlands'", true],
  ['PH', 'Philippines', "the Philippines'", true],
  ['PR', 'Puerto Rico', "Puerto Rico's", false],
  ['PS', 'Palestine', "Palestine's", true],
  ['RU', 'Russia', "Russia's", true],
  ['SY', 'Syria', "Syria's", true],
  ['TW', 'Taiwan', "Taiwan's", true],
  ['US', 'United States', "the United States'", true],
  ['XK', 'Kosovo', "Kosovo's", true],
];
test('the forms a sentence needs are those of a newsroom', () => {
  for (const [code, name, possessive, national] of forms) {
    assert.deepEqual(countryName(code), { name, possessive, national }, code);
  }
});

test('a group goes by its label or its code, is never called national and has no flag', () => {
  assert.deepEqual(countryName('GAZA', 'Gaza'), { name: 'Gaza', possessive: "Gaza's", national: false });
  assert.equal(countryName('GAZA').name, 'GAZA');
  assert.equal(countryName('toString').name, 'toString');
  assert.equal(flagOf('GAZA'), '');
});

test('a flag is the two regional indicators of the code', () => {
  assert.equal(flagOf('KP'), '🇰🇵');
  assert.equal(flagOf('XK'), '🇽🇰');
  for (const code of countryCodes) assert.equal(flagOf(code).length, 4, code);
});
