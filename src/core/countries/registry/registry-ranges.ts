import { ipv6Groups } from '../../bgp/index.js';
import { ipv6Columns, type CountryMap, type UnitRange } from './country-map.js';

/** Codes of the registries that name no country. */
const noCountry: ReadonlySet<string> = new Set(['', 'ZZ', 'EU', 'AP']);

const unitsV4 = 2 ** 24;
/** Addresses of a /24; /64s of a /48. */
const partsOfUnit = [256, 65536] as const;
/** Numbers are octets, and 0 is nobody. */
const mostCountries = 255;

/** Collects what a registry says, range by range, and lays it over whole units. */
export class RegistryRanges {
  /** Codes in the order they came; numbers are ranks only in the end. */
  readonly #numbers = new Map<string, number>();
  /** Of whole and broken units: start and end may be fractions. */
  readonly #ranges: readonly [UnitRange[], UnitRange[]] = [[], []];

  /**
   * [start, end) in units, possibly fractions. False: the code is no country's, nor one of those that stand for none.
   */
  add(family: 0 | 1, start: number, end: number, code: string): boolean {
    let country = this.#numbers.get(code);
    if (country === undefined) {
      if (noCountry.has(code)) return true;
      if (!/^[A-Z]{2}$/.test(code)) return false;
      if (this.#numbers.size === mostCountries) return false;
      this.#numbers.set(code, (country = this.#numbers.size + 1));
    }
    // Less than a double tells apart is nothing that could be routed.
    if (end > start) this.#ranges[family].push({ start, end, country });
    return true;
  }

  /**
   * A /24 or /48 of several holders belongs to the one with most of it (tie: the lower code). Where ranges overlap, the
   * one that begins first has it; of those that begin together the shorter.
   */
  map(): CountryMap {
    const codes = ['', ...[...this.#numbers.keys()].sort()];
    const ranks = new Uint8Array(codes.length);
    for (const [rank, code] of codes.entries()) ranks[this.#numbers.get(code) ?? 0] = rank;
    const ranked = this.#ranges.map((list) =>
      apart(list.map(({ start, end, country }) => ({ start, end, country: ranks[country] }))),
    );
    const ipv4 = new Uint8Array(unitsV4);
    for (const { start, end, country } of wholeUnits(ranked[0], 0)) ipv4.fill(country, start, end);
    return { codes, ipv4, ipv6: ipv6Columns(wholeUnits(ranked[1], 1)) };
  }
}

/** The position of an IPv4 address, written as a number, in units; `past`: of the one after it. null: it is none. */
export function ipv4Unit(text: string, past: 0 | 1): number | null {
  if (text.length === 0 || text.length > 10) return null;
  let address = 0;
  for (let index = 0; index < text.length; index++) {
    const digit = text.charCodeAt(index) - 0x30;
    if (!(digit >= 0 && digit <= 9)) return null;
    address = address * 10 + digit;
  }
  return address <= 0xffffffff ? (address + past) / 256 : null;
}

/**
 * The position of an IPv6 address in units. 64 bits do not fit a double: of the fourth group the seven that do tell who
 * has most of a /48, and a holder of less has nothing that could be routed.
 */
export function ipv6Unit(text: string, past: 0 | 1): number | null {
  const groups = ipv6Groups(text);
  if (groups === null) return null;
  return groups[0] * 0x1_0000_0000 + groups[1] * 0x1_0000 + groups[2] + (groups[3] + past) / 65536;
}

/** Ascending, and nothing twice. */
function apart(ranges: readonly UnitRange[]): UnitRange[] {
  const result: UnitRange[] = [];
  let reached = -Infinity;
  for (const range of ranges.toSorted((a, b) => a.start - b.start || a.end - b.end || a.country - b.country)) {
    if (range.end <= reached) continue;
    result.push(range.start < reached ? { ...range, start: reached } : range);
    reached = range.end;
  }
  return result;
}

/**
 * Ranges that are apart in whole units, ascending; a unit in which ranges begin or end goes to the country with most of
 * it.
 */
function wholeUnits(ranges: readonly UnitRange[], family: 0 | 1): UnitRange[] {
  const whole: UnitRange[] = [];
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
