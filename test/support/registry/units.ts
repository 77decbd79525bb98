import type { CountryMap } from '../../../src/core/countries/index.js';

/** An IPv4 address as the number that the registry's CSV holds. */
export function ipv4Unit(text: string): number {
  return text.split('.').reduce((number, part) => number * 256 + Number(part), 0);
}

/** By country, how many units the prefixes cover together, computed in the simplest way. Codes are sentinel codes. */
export function unitsCovered(map: CountryMap, family: 0 | 1, visible: Iterable<number>): Map<string, number> {
  const totals = new Map<string, number>();
  const count = (holder: number, units: number): void => {
    const code = map.codes[holder];
    if (code !== '' && units > 0) totals.set(code, (totals.get(code) ?? 0) + units);
  };
  for (const [start, end] of stretchesOf(family, visible)) {
    if (family === 0) for (let unit = start; unit < end; unit++) count(map.ipv4[unit], 1);
    else
      for (const [index, from] of map.ipv6.starts.entries())
        count(map.ipv6.countries[index], Math.min(end, map.ipv6.ends[index]) - Math.max(start, from));
  }
  return totals;
}

/** The ranges that the prefixes cover, in order, without overlaps. */
function stretchesOf(family: 0 | 1, codes: Iterable<number>): [start: number, end: number][] {
  const unitLength = family === 0 ? 24 : 48;
  const each = Array.from(codes, (code): [number, number] => {
    const length = code.toString(2).length - 1;
    const start = (code - 2 ** length) * 2 ** (unitLength - length);
    return [start, start + (family === 1 && length < 32 ? 65_536 : 2 ** (unitLength - length))];
  }).sort(([a], [b]) => a - b);
  const apart: [number, number][] = [];
  for (const [start, end] of each) {
    const last = apart.at(-1);
    if (last !== undefined && start <= last[1]) last[1] = Math.max(last[1], end);
    else apart.push([start, end]);
  }
  return apart;
}
