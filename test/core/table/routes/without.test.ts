/** The verdicts without some of the voters, and what a country would have then. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ElemBatch, ElemKind, parsePrefix, PeerIndex } from '../../../../src/core/bgp/index.js';
import { Countries, parseRegistry } from '../../../../src/core/countries/index.js';
import { Table } from '../../../../src/core/table/index.js';
import { shippedRules } from '../../../support/rules.js';
import { ipv4Unit, unitsCovered } from '../../../support/registry/units.js';
import { times } from '../../../support/long.js';

const { map } = parseRegistry(
  `${ipv4Unit('6.0.0.0')},${ipv4Unit('6.0.7.255')},AA\n${ipv4Unit('6.0.8.0')},${ipv4Unit('6.0.15.255')},BB\n`,
  '2a00::,2a00:0:ffff:ffff:ffff:ffff:ffff:ffff,AA\n2a00:1::,2a00:1:ffff:ffff:ffff:ffff:ffff:ffff,BB\n',
  [],
);
const prefixes = [
  ['6.0.0.0/20', '6.0.0.0/21', '6.0.6.0/23', '6.0.7.0/24', '6.0.8.0/22', '6.0.8.0/24', '6.0.15.0/24', '7.0.0.0/16'],
  ['2a00::/31', '2a00::/32', '2a00:0:8000::/33', '2a00:1::/32', '2a00:1::/48', '2a00:1:0:0::/47', '2a01::/32'],
].map((texts) => texts.map((text) => parsePrefix(text)!.code));
/** The number of voters on each collector. */
const voters = [12, 6, 3, 2];
const peers = voters.reduce((sum, count) => sum + count, 0);
/** Every peer counts as a full feed, however few of these prefixes it has. */
const { table: settings, countries: countrySettings } = shippedRules({
  table: { fullFeedEnter: 0, fullFeedLeave: 0, minVoters: 1, minVotersShare: 0, minCollectors: 1 },
});

/** By prefix: how many peers have it at first, and which have it later. */
const seen = fc.array(fc.tuple(fc.nat(peers), fc.array(fc.boolean(), { minLength: peers, maxLength: peers })), {
  minLength: 8,
  maxLength: 8,
});

test(
  'without each collector: the verdicts are those of its other voters, between the thresholds as they are, ' +
    'and units their union',
  () => {
    fc.assert(
      fc.property(
        fc.constantFrom(0 as const, 1 as const),
        seen,
        fc.integer({ min: 1, max: peers }),
        (family, seeing, minVoters) => {
          const index = new PeerIndex();
          const countries = new Countries(map, [], () => countrySettings);
          const table = new Table({ peers: index, settings, configuredCollectors: voters.length, listener: countries });
          const collectorOf = voters.flatMap((count, collector) =>
            Array.from({ length: count }, () => `rrc0${collector}`),
          );
          for (const [peer, collector] of collectorOf.entries())
            index.intern(collector, `192.0.2.${peer + 1}`, 64_500 + peer);
          const say = (kind: 'rib' | 'announcement' | 'withdrawal', peer: number, code: number): void => {
            const batch = new ElemBatch(1);
            batch.push(ElemKind[kind], family, peer, 0, code, 1);
            table.apply(batch, 0, 1);
          };
          // A prefix that all peers have, so that all have a table.
          const codes = prefixes[family];
          for (let peer = 0; peer < peers; peer++) {
            say('rib', peer, codes[codes.length - 1]);
            codes.slice(0, -1).forEach((code, place) => {
              if (peer < seeing[place][0]) say('rib', peer, code);
            });
          }
          table.judge(0, () => false);
          codes
            .slice(0, -1)
            .forEach((code, place) =>
              seeing[place][1].forEach((sees, peer) => say(sees ? 'announcement' : 'withdrawal', peer, code)),
            );
          table.settle(10_000);
          const { ids, verdicts } = table.routes[family].prefixes;
          const up = (code: number): boolean => verdicts[ids.find(code)] === 1;
          const visible = codes.filter(up);
          const without = table.withoutEachCollector(family, minVoters);
          assert.deepEqual(
            without.map(({ collector }) => collector),
            voters.flatMap((count, collector) => (peers - count >= minVoters ? [`rrc0${collector}`] : [])),
          );
          for (const { collector, turned } of without) {
            const left = collectorOf.flatMap((own, peer) => (own === collector ? [] : [peer]));
            const expected = codes.filter((code, place) => {
              const share =
                place === codes.length - 1 ? 1 : left.filter((peer) => seeing[place][1][peer]).length / left.length;
              return share >= 0.5 || (share >= 0.25 && up(code));
            });
            const flipped = new Set(turned.map(({ code }) => code));
            assert.deepEqual(
              codes.filter((code) => up(code) !== flipped.has(code)),
              expected,
            );
            const counted = countries.supposing(family, turned, new Set(['AA', 'BB']));
            const units = unitsCovered(map, family, expected);
            for (const country of ['AA', 'BB'])
              assert.equal(counted.get(country)?.units, units.get(country) ?? 0, `${country} without ${collector}`);
          }
          const units = unitsCovered(map, family, visible);
          for (const country of ['AA', 'BB'])
            assert.equal(countries.unitsOf(country, family), units.get(country) ?? 0, `${country} as it was`);
        },
      ),
      { numRuns: times(120, 1_000), seed: 20141222 },
    );
  },
);
