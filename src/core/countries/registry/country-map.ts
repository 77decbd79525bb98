import { parsePrefix, prefixLength } from '../../bgp/index.js';
import type { HeldRange } from './unit-trie.js';

/**
 * Who holds an address: the registry laid over /24s (IPv4) and /48s (IPv6). Countries are numbered from 1 in the order
 * of their codes; 0 is none.
 */
export interface CountryMap {
  /** Code of each number; '' for 0. */
  readonly codes: readonly string[];
  /** Country of each /24. */
  readonly ipv4: Uint8Array;
  /** /48 ranges [start, end), ascending, not overlapping, each as long as it can be, in units from ::. */
  readonly ipv6: { readonly starts: Float64Array; readonly ends: Float64Array; readonly countries: Uint8Array };
}

/** Units [start, end) of one country, by its number. */
export interface UnitRange {
  readonly start: number;
  readonly end: number;
  readonly country: number;
}

/** `ranges`: ascending, not overlapping; neighbours of one country become one. */
export function ipv6Columns(ranges: readonly UnitRange[]): CountryMap['ipv6'] {
  const starts = new Float64Array(ranges.length);
  const ends = new Float64Array(ranges.length);
  const countries = new Uint8Array(ranges.length);
  let count = 0;
  for (const { start, end, country } of ranges) {
    if (count > 0 && ends[count - 1] === start && countries[count - 1] === country) count--;
    else {
      starts[count] = start;
      countries[count] = country;
    }
    ends[count++] = end;
  }
  return { starts: starts.slice(0, count), ends: ends.slice(0, count), countries: countries.slice(0, count) };
}

/** /24 ranges of one country each, ascending. */
export function* ipv4Ranges({ ipv4 }: Pick<CountryMap, 'ipv4'>): Generator<UnitRange> {
  const fours = new Int32Array(ipv4.buffer, ipv4.byteOffset, ipv4.length >>> 2);
  for (let start = 0; start < ipv4.length;) {
    const country = ipv4[start];
    const end = runEnd(ipv4, fours, start, country);
    if (country !== 0) yield { start, end, country };
    start = end;
  }
}

/** Most of 16 million /24s are as the one before: they are passed over four at a time. */
function runEnd(ipv4: Uint8Array, fours: Int32Array, start: number, country: number): number {
  let end = start;
  while (end % 4 !== 0 && ipv4[end] === country) end++;
  if (end % 4 !== 0) return end;
  let four = end >>> 2;
  const same = Math.imul(country, 0x0101_0101);
  while (four < fours.length && fours[four] === same) four++;
  end = four * 4;
  while (end < ipv4.length && ipv4[end] === country) end++;
  return end;
}

export function ipv6Ranges({ ipv6: { starts, ends, countries } }: Pick<CountryMap, 'ipv6'>): UnitRange[] {
  return Array.from(starts, (start, index) => ({ start, end: ends[index], country: countries[index] }));
}

/** The map in which these prefixes belong to no country. */
export function withoutPrefixes(map: CountryMap, ignored: readonly string[]): CountryMap {
  const prefixes = ignored.map((text) => parsePrefix(text)).filter((prefix) => prefix !== null);
  if (prefixes.length === 0) return map;
  const ipv4 = map.ipv4.slice();
  let { ipv6 } = map;
  for (const { family, code } of prefixes) {
    const { start, end } = unitsOf(family, code);
    if (family === 0) ipv4.fill(0, start, end);
    // Mostly nobody holds any of it.
    else if (ipv6.starts[firstEndingAfter(ipv6.ends, start)] < end)
      ipv6 = ipv6Columns(ipv6Ranges({ ipv6 }).flatMap((range) => without(range, start, end)));
  }
  return { codes: map.codes, ipv4, ipv6 };
}

function without(range: UnitRange, start: number, end: number): UnitRange[] {
  if (end <= range.start || start >= range.end) return [range];
  const rest: UnitRange[] = [];
  if (range.start < start) rest.push({ ...range, end: start });
  if (range.end > end) rest.push({ ...range, start: end });
  return rest;
}

/** The /48 ranges that have a part in [start, end), ascending. */
export function heldIpv6({ ipv6: { starts, ends, countries } }: CountryMap, start: number, end: number): HeldRange[] {
  const held: HeldRange[] = [];
  for (let index = firstEndingAfter(ends, start); index < starts.length && starts[index] < end; index++) {
    held.push({ start: starts[index], end: ends[index], holder: countries[index] });
  }
  return held;
}

/** The first range that ends after `unit`, by bisection. */
function firstEndingAfter(ends: Float64Array, unit: number): number {
  let low = 0;
  let high = ends.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ends[middle] > unit) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The units [start, end) that a prefix of at most /24 or /48 covers. */
export function unitsOf(family: 0 | 1, code: number): { start: number; end: number } {
  const unitLength = family === 0 ? 24 : 48;
  const length = prefixLength(code);
  const span = 2 ** (unitLength - length);
  const start = (code - 2 ** length) * span;
  return { start, end: start + span };
}
