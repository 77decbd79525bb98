/** The prefixes of a routing table: as many and as long as the Internet's in 2026, in registered space. */
import { prefixLength } from '../../src/core/bgp/index.js';
import type { CountryMap } from '../../src/core/countries/index.js';
import { below, weighted, type Random } from './random.js';

export const prefixCounts = [1_050_000, 240_000] as const;

/** Shares by length, rounded from the tables that RIPE RIS peers send. */
const lengthsV4: Readonly<Record<number, number>> = {
  14: 1,
  15: 2,
  16: 13,
  17: 8,
  18: 14,
  19: 25,
  20: 43,
  21: 52,
  22: 120,
  23: 105,
  24: 617,
};
const lengthsV6: Readonly<Record<number, number>> = {
  29: 30,
  32: 130,
  36: 60,
  40: 90,
  44: 120,
  45: 20,
  46: 40,
  47: 30,
  48: 480,
};

/** By family, sentinel codes in ascending order of address, as in a RIB. */
export function makePrefixes(map: CountryMap, random: Random): readonly [Float64Array, Float64Array] {
  return [
    distinct(prefixCounts[0], 24, () => ipv4Code(map, random)),
    distinct(prefixCounts[1], 48, () => ipv6Code(map, random)),
  ];
}

function distinct(count: number, unitLength: number, make: () => number): Float64Array {
  const codes = new Set<number>();
  while (codes.size < count) codes.add(make());
  const places = Float64Array.from(codes, (code) => {
    const length = prefixLength(code);
    // By first address in units, then the shorter prefix first.
    return (code - 2 ** length) * 2 ** (unitLength - length) + length / 64;
  }).sort();
  return places.map((place) => {
    const unit = Math.floor(place);
    const length = Math.round((place - unit) * 64);
    return 2 ** length + Math.floor(unit / 2 ** (unitLength - length));
  });
}

function lengthOf(random: Random, shares: Readonly<Record<number, number>>): number {
  return Number(Object.keys(shares)[weighted(random, Object.values(shares))]);
}

function ipv4Code(map: CountryMap, random: Random): number {
  for (;;) {
    const unit = below(random, 224 << 16);
    if (map.ipv4[unit] === 0) continue;
    const length = lengthOf(random, lengthsV4);
    return 2 ** length + (unit >>> (24 - length));
  }
}

function ipv6Code(map: CountryMap, random: Random): number {
  const { starts, ends } = map.ipv6;
  const range = below(random, starts.length);
  // Holders announce from the start of their space.
  const within = Math.min(ends[range] - starts[range], 4 * 65_536) * random() ** 3;
  const unit = Math.floor(starts[range] + within);
  const length = lengthOf(random, lengthsV6);
  return 2 ** length + Math.floor(unit / 2 ** (48 - length));
}
