/**
 * A small Internet: sessions of many networks with a few collectors, and the prefixes of some countries, one of them
 * tiny.
 */
import { parseRegistry, type CountryMap } from '../../src/core/countries/index.js';
import { seededRandom } from '../support/random.js';
import { ipv4Unit } from '../support/registry/units.js';
import { below } from './chance.js';

export interface ModelPeer {
  readonly index: number;
  readonly collector: string;
  readonly address: string;
  readonly asn: number;
  /** By prefix: 1 if the peer has the route whenever the prefix is routed. */
  readonly member: Uint8Array;
  readonly full: boolean;
}

export interface ModelPrefix {
  readonly index: number;
  readonly text: string;
  readonly family: 0 | 1;
  readonly country: string;
  readonly origin: number;
  /** The /24s or /48s in it, numbered within its country. */
  readonly units: readonly number[];
}

export interface Model {
  readonly collectors: readonly string[];
  readonly peers: readonly ModelPeer[];
  readonly prefixes: readonly ModelPrefix[];
  /** Which country holds which addresses. */
  readonly map: CountryMap;
}

/**
 * IPv4 and IPv6 prefixes by country. Large ones are never dark here: a fifth
 * of all that is routed, withdrawn at once, is what the session check takes for a fault of the peer.
 */
const countries: Readonly<Record<string, readonly [number, number]>> = {
  KP: [4, 0],
  TG: [9, 0],
  NP: [14, 0],
  ET: [22, 0],
  GE: [28, 0],
  GA: [35, 0],
  UZ: [45, 14],
  CU: [55, 0],
  SY: [60, 12],
  MD: [70, 22],
  AZ: [90, 20],
  SD: [100, 0],
  IR: [110, 30],
  DE: [200, 80],
  US: [220, 80],
};
const codes = Object.keys(countries);
/** The countries that may go dark, from tiny to large. */
export const mortalCountries: readonly string[] = codes.filter((code) => code !== 'DE' && code !== 'US');

/** By country, where its prefixes are: the first units of /20s and /40s that belong to it alone. */
export interface Land {
  readonly map: CountryMap;
  slots(country: string, family: 0 | 1, count: number): readonly number[];
}

const slotUnits = [16, 256] as const;
const firstOctet = 40;
let made: Land | null = null;

/** A registry with a line for each country, which makes ticks fast. */
function madeLand(): Land {
  if (made !== null) return made;
  const ipv6Block = (code: string): string => `2a${(16 + codes.indexOf(code)).toString(16)}`;
  const ipv4 = codes.map((code, index) =>
    code === 'KP'
      ? `${ipv4Unit('175.45.176.0')},${ipv4Unit('175.45.179.255')},KP`
      : `${ipv4Unit(`${firstOctet + index}.0.0.0`)},${ipv4Unit(`${firstOctet + index}.255.255.255`)},${code}`,
  );
  const ipv6 = codes.map(
    (code) => `${ipv6Block(code)}::,${ipv6Block(code)}:ffff:ffff:ffff:ffff:ffff:ffff:ffff,${code}`,
  );
  const { map } = parseRegistry(ipv4.join('\n'), ipv6.join('\n'), []);
  const slots: Land['slots'] = (country, family, count) => {
    const row = codes.indexOf(country);
    const first = family === 0 ? (firstOctet + row) * 65_536 : (0x2a10 + row) * 2 ** 32;
    return Array.from({ length: count }, (_, index) => first + index * (family === 0 ? 16 : 65_536));
  };
  return (made = { map, slots });
}

/** Places the model in a real registry, for the service as it ships, which reads no other. */
export function landOf(map: CountryMap): Land {
  const numbers = new Map(map.codes.map((code, number) => [code, number]));
  return {
    map,
    slots(country, family, count) {
      const number = numbers.get(country)!;
      const found: number[] = [];
      const step = slotUnits[family];
      if (family === 0) {
        for (let unit = 0; unit < map.ipv4.length && found.length < count; unit += step) {
          if (map.ipv4.subarray(unit, unit + step).every((holder) => holder === number)) found.push(unit);
        }
      } else {
        for (const [row, start] of map.ipv6.starts.entries()) {
          const first = Math.ceil(start / step) * step;
          if (map.ipv6.countries[row] === number && first + step <= map.ipv6.ends[row] && found.length < count)
            found.push(first);
        }
      }
      if (found.length < count) throw new Error(`${country} holds no ${count} blocks of its own`);
      return found;
    },
  };
}

function ipv4Text(unit: number, length: number): string {
  return `${unit >>> 16}.${(unit >>> 8) & 255}.${unit & 255}.0/${length}`;
}

function ipv6Text(unit: number, length: number): string {
  const hex = unit.toString(16).padStart(12, '0');
  const parts = [hex.slice(0, 4), hex.slice(4, 8), hex.slice(8)].map((part) => parseInt(part, 16).toString(16));
  return `${parts.join(':')}::/${length}`;
}

function makePrefixes(random: () => number, land: Land): ModelPrefix[] {
  const all: ModelPrefix[] = [];
  for (const [row, code] of codes.entries()) {
    const [ipv4, ipv6] = countries[code];
    const origins =
      code === 'KP'
        ? [131_279]
        : Array.from({ length: Math.min(9, 3 + (ipv4 >> 4)) }, (_, index) => 100_000 + row * 100 + index);
    const add = (text: string, family: 0 | 1, units: readonly number[]): void => {
      all.push({
        index: all.length,
        text,
        family,
        country: code,
        origin: origins[below(random, origins.length)],
        units,
      });
    };
    if (code === 'KP') {
      const first = ipv4Unit('175.45.176.0') / 256;
      for (let unit = first; unit < first + ipv4; unit++) add(ipv4Text(unit, 24), 0, [unit]);
      continue;
    }
    const slots = land.slots(code, 0, ipv4);
    for (let count = 0, slot = 0; count < ipv4; slot++, count++) {
      const length = 20 + below(random, 5);
      add(
        ipv4Text(slots[slot], length),
        0,
        Array.from({ length: 2 ** (24 - length) }, (_, index) => slots[slot] + index),
      );
      // A more-specific beside its aggregate: losing it alone changes no unit.
      if (length < 24 && count + 1 < ipv4 && random() < 0.15) {
        add(ipv4Text(slots[slot], 24), 0, [slots[slot]]);
        count++;
      }
    }
    for (const first of ipv6 === 0 ? [] : land.slots(code, 1, ipv6)) add(ipv6Text(first, 40), 1, [first]);
  }
  return all;
}

/**
 * The model of a seed: 4 or 5 collectors, 28 to 40 networks with a full feed each, some with two sessions, and a few
 * partial feeds.
 */
export function createModel(seed: number, land = madeLand()): Model {
  const random = seededRandom(seed * 7919 + 1);
  const prefixes = makePrefixes(random, land);
  const collectors = ['rrc00', 'rrc01', 'rrc06', 'rrc15', 'rrc23'].slice(0, 4 + below(random, 2));
  const networks = 28 + below(random, 13);
  const peers: ModelPeer[] = [];
  const add = (asn: number, collector: string, share: number): void => {
    const index = peers.length;
    const address = index % 3 === 2 ? `2001:7f8::${(index + 1).toString(16)}` : `192.0.2.${index + 1}`;
    const member = Uint8Array.from(prefixes, ({ country }) =>
      (country === 'KP' && share > 0.9) || random() < share ? 1 : 0,
    );
    peers.push({ index, collector, address, asn, member, full: share > 0.9 });
  };
  for (let network = 0; network < networks; network++) {
    const asn = 64_500 + network;
    const at = network % collectors.length;
    add(asn, collectors[at], 0.98 + random() * 0.02);
    if (random() < 0.25) add(asn, collectors[(at + 1) % collectors.length], 0.98 + random() * 0.02);
  }
  for (let partial = 0; partial < 5; partial++)
    add(65_000 + partial, collectors[partial % collectors.length], 0.05 + random() * 0.3);
  return { collectors, peers, prefixes, map: land.map };
}
