/** A small Internet: sessions of many networks with a few collectors, and the prefixes of some countries, one of them tiny. */
import { parseRegistry, type CountryMap } from '../../src/countries/index.js';
import { seededRandom } from '../support/random.js';
import { ipv4Unit } from '../support/units.js';
import { below } from './chance.js';

export interface ModelPeer {
  readonly index: number;
  readonly collector: string;
  readonly address: string;
  readonly asn: number;
  /** By prefix: 1 where it has the route while the prefix is routed at all. */
  readonly member: Uint8Array;
  readonly full: boolean;
}

export interface ModelPrefix {
  readonly index: number;
  readonly text: string;
  readonly family: 0 | 1;
  readonly country: string;
  readonly origin: number;
  /** The /24s or /48s under it, numbered within its country. */
  readonly units: readonly number[];
}

export interface Model {
  readonly collectors: readonly string[];
  readonly peers: readonly ModelPeer[];
  readonly prefixes: readonly ModelPrefix[];
  /** Who holds what; the same for every model. */
  readonly map: CountryMap;
}

/** IPv4 and IPv6 prefixes by country. Large ones are never dark here: a fifth of all that is routed would be guard 2's case, and is nobody's. */
const countries: Readonly<Record<string, readonly [number, number]>> = {
  KP: [4, 0], TG: [9, 0], BT: [14, 0], TM: [22, 0], FJ: [28, 0], GA: [35, 0], LA: [45, 14], CU: [55, 0], SY: [60, 12], MN: [70, 22],
  AZ: [90, 20], IQ: [100, 0], IR: [110, 30], DE: [200, 80], US: [220, 80],
};
const codes = Object.keys(countries);
/** Those that may go dark, from the tiny to the large. */
export const mortalCountries: readonly string[] = codes.filter((code) => code !== 'DE' && code !== 'US');

const firstOctet = 40;
let map: CountryMap | null = null;

function sharedMap(): CountryMap {
  if (map !== null) return map;
  const ipv4 = codes.map((code, index) => code === 'KP'
    ? `${ipv4Unit('175.45.176.0')},${ipv4Unit('175.45.179.255')},KP`
    : `${ipv4Unit(`${firstOctet + index}.0.0.0`)},${ipv4Unit(`${firstOctet + index}.255.255.255`)},${code}`);
  const ipv6 = codes.filter((code) => countries[code][1] > 0)
    .map((code) => `${ipv6Block(code)}::,${ipv6Block(code)}:ffff:ffff:ffff:ffff:ffff:ffff:ffff,${code}`);
  return (map = parseRegistry(ipv4.join('\n'), ipv6.join('\n'), []).map);
}

const ipv6Block = (code: string): string => `2a${(16 + codes.indexOf(code)).toString(16)}`;

function makePrefixes(random: () => number): ModelPrefix[] {
  const made: ModelPrefix[] = [];
  for (const [row, code] of codes.entries()) {
    const [ipv4, ipv6] = countries[code];
    const origins = code === 'KP' ? [131_279] : Array.from({ length: Math.min(9, 3 + (ipv4 >> 4)) }, (_, index) => 100_000 + row * 100 + index);
    const add = (text: string, family: 0 | 1, units: readonly number[]): void => {
      made.push({ index: made.length, text, family, country: code, origin: origins[below(random, origins.length)], units });
    };
    let slot = 0;
    for (let count = 0; count < ipv4; slot++) {
      if (code === 'KP') {
        add(`175.45.${176 + slot}.0/24`, 0, [slot]);
        count++;
        continue;
      }
      const base = `${firstOctet + row}.${slot >> 4}.${(slot & 15) * 16}.0`;
      const length = 20 + below(random, 5);
      add(`${base}/${length}`, 0, Array.from({ length: 2 ** (24 - length) }, (_, index) => slot * 16 + index));
      count++;
      // A more-specific beside its aggregate: losing it alone costs nothing.
      if (length < 24 && count < ipv4 && random() < 0.15) {
        add(`${base}/24`, 0, [slot * 16]);
        count++;
      }
    }
    for (let count = 0; count < ipv6; count++) {
      add(`${ipv6Block(code)}:${count.toString(16)}::/40`, 1, [1_000_000 + count]);
    }
  }
  return made;
}

/** The model of a seed: 4 or 5 collectors, 28 to 40 networks with a full feed each, some with two sessions, and a few partial feeds. */
export function createModel(seed: number): Model {
  const random = seededRandom(seed * 7919 + 1);
  const prefixes = makePrefixes(random);
  const collectors = ['rrc00', 'rrc01', 'rrc06', 'rrc15', 'rrc23'].slice(0, 4 + below(random, 2));
  const networks = 28 + below(random, 13);
  const peers: ModelPeer[] = [];
  const add = (asn: number, collector: string, share: number): void => {
    const index = peers.length;
    const address = index % 3 === 2 ? `2001:7f8::${(index + 1).toString(16)}` : `192.0.2.${index + 1}`;
    const member = Uint8Array.from(prefixes, ({ country }) => (country === 'KP' && share > 0.9) || random() < share ? 1 : 0);
    peers.push({ index, collector, address, asn, member, full: share > 0.9 });
  };
  for (let network = 0; network < networks; network++) {
    const asn = 64_500 + network;
    const at = network % collectors.length;
    add(asn, collectors[at], 0.98 + random() * 0.02);
    if (random() < 0.25) add(asn, collectors[(at + 1) % collectors.length], 0.98 + random() * 0.02);
  }
  for (let partial = 0; partial < 5; partial++) add(65_000 + partial, collectors[partial % collectors.length], 0.05 + random() * 0.3);
  return { collectors, peers, prefixes, map: sharedMap() };
}
