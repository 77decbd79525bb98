import type { CountryMap } from '../../src/countries/index.js';

/** An IPv4 address as the number that the registry's CSV holds. */
export function ipv4Unit(text: string): number {
  return text.split('.').reduce((number, part) => number * 256 + Number(part), 0);
}

/** S of every country, counted unit by unit: slow, and plainly right. Codes are sentinel codes. */
export function unitsCovered(map: CountryMap, family: 0 | 1, visible: Iterable<number>): Map<string, number> {
  const covered = new Set<number>();
  const unitLength = family === 0 ? 24 : 48;
  for (const code of visible) {
    const length = code.toString(2).length - 1;
    const first = (code - 2 ** length) * 2 ** (unitLength - length);
    const span = family === 1 && length < 32 ? 65_536 : 2 ** (unitLength - length);
    if (span > 4_096) addRanges(map, family, first, first + span, covered);
    else for (let unit = first; unit < first + span; unit++) covered.add(unit);
  }
  const totals = new Map<string, number>();
  for (const unit of covered) {
    const code = map.codes[holderOf(map, family, unit)];
    if (code !== '') totals.set(code, (totals.get(code) ?? 0) + 1);
  }
  return totals;
}

/** Of a wide prefix only the units that somebody holds. */
function addRanges(map: CountryMap, family: 0 | 1, first: number, end: number, covered: Set<number>): void {
  if (family === 0) {
    for (let unit = first; unit < end; unit++) if (map.ipv4[unit] !== 0) covered.add(unit);
    return;
  }
  const { starts, ends } = map.ipv6;
  for (const [index, start] of starts.entries()) for (let unit = Math.max(first, start); unit < Math.min(end, ends[index]); unit++) covered.add(unit);
}

function holderOf(map: CountryMap, family: 0 | 1, unit: number): number {
  if (family === 0) return map.ipv4[unit];
  const index = map.ipv6.starts.findIndex((start, at) => unit >= start && unit < map.ipv6.ends[at]);
  return index < 0 ? 0 : map.ipv6.countries[index];
}
