import { parsePrefix } from '../bgp/index.js';
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

  /** [start, end) in units, possibly fractions. False: the code is no country's, nor one of those that stand for none. */
  add(family: 0 | 1, start: number, end: number, code: string): boolean {
    if (noCountry.has(code)) return true;
    if (!/^[A-Z]{2}$/.test(code)) return false;
    let country = this.#numbers.get(code);
    if (country === undefined) {
      if (this.#numbers.size === mostCountries) return false;
      this.#numbers.set(code, (country = this.#numbers.size + 1));
    }
    // Less than a double tells apart is nothing that could be routed.
    if (end > start) this.#ranges[family].push({ start, end, country });
    return true;
  }

  /**
   * A /24 or /48 of several holders belongs to the one with most of it (tie: the lower code). Where ranges overlap, the one that begins
   * first has it; of those that begin together the shorter.
   */
  map(): CountryMap {
    const codes = ['', ...[...this.#numbers.keys()].sort()];
    const rank = new Map(codes.map((code, index) => [this.#numbers.get(code) ?? 0, index]));
    const ranked = this.#ranges.map((list) => apart(list.map((range) => ({ ...range, country: rank.get(range.country)! }))));
    const ipv4 = new Uint8Array(unitsV4);
    for (const { start, end, country } of wholeUnits(ranked[0], 0)) ipv4.fill(country, start, end);
    return { codes, ipv4, ipv6: ipv6Columns(wholeUnits(ranked[1], 1)) };
  }
}

/** The position of an IPv4 address, written as a number, in units; `past`: of the one after it. null: it is none. */
export function ipv4Unit(text: string, past: 0 | 1): number | null {
  const address = /^\d{1,10}$/.test(text) ? Number(text) : NaN;
  return address <= 0xffffffff ? (address + past) / 256 : null;
}

/**
 * The position of an IPv6 address in units. 64 bits do not fit a double: of the fourth group the seven that do tell who has most of a
 * /48, and a holder of less has nothing that could be routed.
 */
export function ipv6Unit(text: string, past: 0 | 1): number | null {
  const prefix = parsePrefix(`${text}/48`);
  if (prefix?.family !== 1) return null;
  return prefix.code - 2 ** 48 + (fourthGroup(text) + past) / 65536;
}

function fourthGroup(text: string): number {
  const [before, after] = text.split('::').map((half) => (half === '' ? [] : half.split(':'))) as [string[], string[]?];
  const zeros = after === undefined ? [] : Array.from({ length: 8 - before.length - after.length }, () => '0');
  return parseInt([...before, ...zeros, ...(after ?? [])][3], 16);
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

/** Ranges that are apart in whole units, ascending; a unit in which ranges begin or end goes to the country with most of it. */
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
