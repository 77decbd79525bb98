import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parsePrefix } from '../../../src/core/bgp/index.js';
import {
  Countries,
  parseCountriesFile,
  parseRegistry,
  type GroupDefinition,
} from '../../../src/core/countries/index.js';
import { shippedRules } from '../../support/rules.js';

const { countries: settings } = shippedRules();
const map = parseRegistry('83886080,84017151,AA\n', '2a00::,2a00:ffff:ffff:ffff:ffff:ffff:ffff:ffff,AA', []).map;
const group: GroupDefinition = { code: 'AA-GRP', name: 'Grp', asns: [64_500], prefixes: ['5.0.4.0/22', '2a00:1::/32'] };

/** By text of the prefix, its verdict. */
class World {
  readonly countries = new Countries(map, [group], () => settings);
  readonly #ids = new Map<string, number>();

  say(text: string, up: boolean, origin = 1): this {
    const { family, code } = parsePrefix(text)!;
    const id = this.#ids.get(text) ?? this.#ids.size;
    if (!this.#ids.has(text)) this.countries.added(family, id, code);
    this.#ids.set(text, id);
    this.countries.flipped(family, id, code, origin, up);
    return this;
  }

  get units(): [number, number] {
    return [this.countries.unitsOf('AA-GRP', 0), this.countries.unitsOf('AA-GRP', 1)];
  }
}

describe('a group', () => {
  const stories: [string, (world: World) => World, [number, number]][] = [
    [
      'its own prefix, and a part of it: the union',
      (world) => world.say('5.0.4.0/22', true).say('5.0.5.0/24', true),
      [4, 0],
    ],
    ['an aggregate over it counts for its own space only', (world) => world.say('5.0.0.0/16', true), [4, 0]],
    ['what its ASN announces elsewhere counts whole', (world) => world.say('5.1.0.0/23', true, 64_500), [2, 0]],
    ['another ASN elsewhere does not', (world) => world.say('5.1.0.0/23', true), [0, 0]],
    [
      'withdrawn under a living aggregate nothing is lost',
      (world) => world.say('5.0.0.0/16', true).say('5.0.4.0/22', true).say('5.0.4.0/22', false),
      [4, 0],
    ],
    [
      'the origin at its coming up decides, also when it goes',
      (world) => world.say('5.1.0.0/23', true, 64_500).say('5.1.0.0/23', false, 7),
      [0, 0],
    ],
    ['IPv6 in /48s', (world) => world.say('2a00:1:8000::/33', true).say('2a00:2::/48', true, 64_500), [0, 32_769]],
  ];
  for (const [name, act, expected] of stories) {
    test(name, () => {
      assert.deepEqual(act(new World()).units, expected);
    });
  }
});

test('countries.json: every fault is named at once', () => {
  const problems: string[] = [];
  parseCountriesFile(
    {
      ignored: [{ prefix: '57.0.0.0/33' }],
      groups: [
        { code: 'gaza', name: '', asns: [0], prefixes: [] },
        { code: 'PS-GZ', name: 'Gaza', prefixes: ['5.0.0.0/25'], color: 1 },
        { code: 'PS-GZ', name: 'Gaza', asns: [1] },
      ],
      other: 1,
    },
    problems,
  );
  assert.deepEqual(
    problems.map((problem) => problem.split(':')[0]),
    [
      'countries.json.other',
      'countries.json.ignored[0].prefix',
      'countries.json.groups[0].code',
      'countries.json.groups[0].name',
      'countries.json.groups[0].asns[0]',
      'countries.json.groups[0]',
      'countries.json.groups[1].color',
      'countries.json.groups[1].prefixes[0]',
      'countries.json.groups',
    ],
  );
});

test('countries.json: a prefix that is repeated, nested or has host bits is a fault, in both families', () => {
  const problems: string[] = [];
  parseCountriesFile(
    {
      ignored: [
        { prefix: '57.0.0.0/8', why: 'x' },
        { prefix: '57.1.0.0/16' },
        { prefix: '2a00:1::/32', because: 1 },
        { prefix: '2A00:0001:0:0::/32', why: 2 },
        { prefix: '58.1.0.0/8' },
        { prefix: '2a00:2::1/32' },
        '59.0.0.0/8',
        { prefix: '60.0.0.0/25' },
        { prefix: '2a00:3::/49' },
      ],
      groups: [{ code: 'PS-GZ', name: 'Gaza', asns: [1, 2, 1], prefixes: ['5.0.4.0/24', '5.0.4.0/22', '2a00:4::/48'] }],
    },
    problems,
  );
  assert.deepEqual(problems, [
    'countries.json.ignored[2].because: no such setting',
    'countries.json.ignored[3].why: expected a sentence, got 2',
    'countries.json.ignored[4].prefix: "58.1.0.0/8" has bits beyond its length; 58.0.0.0/8 is meant?',
    'countries.json.ignored[5].prefix: "2a00:2::1/32" has bits beyond its length; 2a00:2::/32 is meant?',
    'countries.json.ignored[6].prefix: expected a prefix such as "57.0.0.0/8", IPv4 from /8 to /24 or IPv6 ' +
      'from /19 to /48, got nothing',
    'countries.json.ignored[7].prefix: expected a prefix such as "57.0.0.0/8", IPv4 from /8 to /24 or IPv6 ' +
      'from /19 to /48, got "60.0.0.0/25"',
    'countries.json.ignored[8].prefix: expected a prefix such as "57.0.0.0/8", IPv4 from /8 to /24 or IPv6 ' +
      'from /19 to /48, got "2a00:3::/49"',
    'countries.json.ignored[1]: 57.1.0.0/16 lies within 57.0.0.0/8',
    'countries.json.ignored[3]: 2a00:1::/32 stands twice',
    'countries.json.groups[0].asns: 1 stands twice',
    'countries.json.groups[0].prefixes[0]: 5.0.4.0/24 lies within 5.0.4.0/22',
  ]);
});
