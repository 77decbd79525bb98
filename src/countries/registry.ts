import { parsePrefix, prefixLength } from '../bgp/index.js';
import type { HeldRange } from './unit-trie.js';

/** Codes of the registries that name no country. */
const noCountry = new Set(['', 'ZZ', 'EU', 'AP']);

const unitsV4 = 2 ** 24;
/** Addresses of a /24; /64s of a /48. */
const partsOfUnit = [256, 65536] as const;

/** A range of whole and broken units, as the registry gives it: [start, end) in units, possibly fractional. */
interface Range {
  readonly start: number;
  readonly end: number;
  readonly country: number;
}

/** Who holds an address: the registry laid over /24s (IPv4) and /48s (IPv6). Countries are numbered from 1 in the order of their codes; 0 is none. */
export interface CountryMap {
  /** Code of each number; '' for 0. */
  readonly codes: readonly string[];
  /** Country of each /24. */
  readonly ipv4: Uint8Array;
  /** /48 ranges [start, end), ascending, not overlapping, in units from ::. */
  readonly ipv6: { readonly starts: Float64Array; readonly ends: Float64Array; readonly countries: Uint8Array };
}

export interface RegistryProblems {
  /** Lines that are no range. */
  skipped: number;
}

/**
 * Reads the two CSV files of the `@ip-location-db/asn-country` package (start,end,CC with both ends inclusive; delegated data of
 * the RIRs, CC BY 4.0 NRO): IPv4 as integers, IPv6 as addresses. A /24 or /48 of several holders belongs to the one with most of it
 * (tie: the lower code). `ignored` prefixes belong to no country. Lines that make no sense are counted and skipped.
 */
export function parseRegistry(ipv4Csv: string, ipv6Csv: string, ignored: readonly string[]): { map: CountryMap; problems: RegistryProblems } {
  const problems: RegistryProblems = { skipped: 0 };
  const numbers = new Map<string, number>();
  const ranges: [Range[], Range[]] = [[], []];
  for (const [family, csv] of [ipv4Csv, ipv6Csv].entries()) {
    for (const line of csv.split('\n')) {
      if (line === '') continue;
      const [first = '', last = '', code = ''] = line.trim().split(',');
      const start = family === 0 ? ipv4Unit(first, 0) : ipv6Unit(first, 0);
      const end = family === 0 ? ipv4Unit(last, 1) : ipv6Unit(last, 1);
      if (start === null || end === null || end < start || (!noCountry.has(code) && !/^[A-Z]{2}$/.test(code))) {
        problems.skipped++;
        continue;
      }
      if (noCountry.has(code)) continue;
      let country = numbers.get(code);
      if (country === undefined) numbers.set(code, (country = numbers.size + 1));
      ranges[family as 0 | 1].push({ start, end, country });
    }
  }
  const codes = ['', ...[...numbers.keys()].sort()];
  const rank = new Map(codes.map((code, index) => [numbers.get(code) ?? 0, index]));
  const ranked = ranges.map((list) => list.map((range) => ({ ...range, country: rank.get(range.country)! })));
  const ipv4 = new Uint8Array(unitsV4);
  for (const { start, end, country } of wholeUnits(ranked[0], 0)) ipv4.fill(country, start, end);
  let ipv6 = wholeUnits(ranked[1], 1);
  for (const text of ignored) {
    const prefix = parsePrefix(text);
    if (prefix === null) continue;
    const { start, end } = unitsOf(prefix.family, prefix.code);
    if (prefix.family === 0) ipv4.fill(0, start, end);
    else ipv6 = ipv6.flatMap((range) => without(range, start, end));
  }
  const map: CountryMap = {
    codes,
    ipv4,
    ipv6: {
      starts: Float64Array.from(ipv6, (range) => range.start),
      ends: Float64Array.from(ipv6, (range) => range.end),
      countries: Uint8Array.from(ipv6, (range) => range.country),
    },
  };
  return { map, problems };
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

function ipv4Unit(text: string, past: 0 | 1): number | null {
  const address = /^\d{1,10}$/.test(text) ? Number(text) : NaN;
  return address <= 0xffffffff ? (address + past) / 256 : null;
}

/**
 * The position of an IPv6 address in units. 64 bits do not fit a double: of the fourth group the seven that do tell who has most of a
 * /48, and a holder of less has nothing that could be routed.
 */
function ipv6Unit(text: string, past: 0 | 1): number | null {
  const prefix = parsePrefix(`${text}/48`);
  if (prefix?.family !== 1) return null;
  return prefix.code - 2 ** 48 + (fourthGroup(text) + past) / 65536;
}

function fourthGroup(text: string): number {
  const [before, after] = text.split('::').map((half) => (half === '' ? [] : half.split(':'))) as [string[], string[]?];
  const zeros = after === undefined ? [] : Array.from({ length: 8 - before.length - after.length }, () => '0');
  return parseInt([...before, ...zeros, ...(after ?? [])][3], 16);
}

/** Ranges in whole units, ascending; a unit in which ranges begin or end goes to the country with most of it. */
function wholeUnits(ranges: readonly Range[], family: 0 | 1): Range[] {
  const whole: Range[] = [];
  const broken = new Map<number, Map<number, number>>();
  const share = (unit: number, parts: number, country: number): void => {
    if (parts <= 0) return;
    const shares = broken.get(unit) ?? new Map<number, number>();
    broken.set(unit, shares);
    shares.set(country, (shares.get(country) ?? 0) + Math.round(parts * partsOfUnit[family]));
  };
  for (const { start, end, country } of ranges) {
    const firstWhole = Math.ceil(start);
    const lastWhole = Math.floor(end);
    if (firstWhole > lastWhole) {
      share(lastWhole, end - start, country);
      continue;
    }
    share(firstWhole - 1, firstWhole - start, country);
    share(lastWhole, end - lastWhole, country);
    if (lastWhole > firstWhole) whole.push({ start: firstWhole, end: lastWhole, country });
  }
  for (const [unit, shares] of broken) {
    const [country] = [...shares].sort(([a, x], [b, y]) => y - x || a - b)[0];
    whole.push({ start: unit, end: unit + 1, country });
  }
  return whole.sort((a, b) => a.start - b.start);
}

function without(range: Range, start: number, end: number): Range[] {
  if (end <= range.start || start >= range.end) return [range];
  const rest: Range[] = [];
  if (range.start < start) rest.push({ ...range, end: start });
  if (range.end > end) rest.push({ ...range, start: end });
  return rest;
}
