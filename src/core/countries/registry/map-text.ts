import { ipv4Ranges, ipv6Columns, ipv6Ranges, type CountryMap, type UnitRange } from './country-map.js';

const title = 'lightsout registry 1';
const unitsIn = [2 ** 24, 2 ** 48] as const;

/**
 * A map as text, a piece at a time: a title, then "4 START COUNT CC" for /24s and "6 START COUNT CC" for /48s, units
 * from the first address, ascending. The same map gives the same text, whichever registry it was read from.
 */
export function* mapText(map: CountryMap): Generator<string> {
  yield `${title}\n`;
  for (const family of [0, 1] as const) {
    let lines = '';
    for (const { start, end, country } of family === 0 ? ipv4Ranges(map) : ipv6Ranges(map)) {
      lines += `${family === 0 ? 4 : 6} ${start} ${end - start} ${map.codes[country]}\n`;
      if (lines.length < 65_536) continue;
      yield lines;
      lines = '';
    }
    yield lines;
  }
}

/** Reads what mapText() wrote; null: this is something else. */
export function parseMapText(text: string): CountryMap | null {
  const lines = text.split('\n');
  if (lines.shift() !== title || lines.pop() !== '') return null;
  const pieces: [family: 0 | 1, start: number, end: number, code: string][] = [];
  const reached = [0, 0];
  for (const line of lines) {
    const [, number, first, count, code] = /^([46]) (\d{1,15}) (\d{1,15}) ([A-Z]{2})$/.exec(line) ?? [];
    const family = number === '4' ? 0 : 1;
    const start = Number(first);
    const end = start + Number(count);
    // A line of another shape has no numbers, and every comparison with NaN is false.
    if (!(start >= reached[family] && end > start && end <= unitsIn[family])) return null;
    reached[family] = end;
    pieces.push([family, start, end, code]);
  }
  const codes = ['', ...[...new Set(pieces.map(([, , , code]) => code))].sort()];
  if (codes.length > 256) return null;
  const numbers = new Map(codes.map((code, number) => [code, number]));
  const ipv4 = new Uint8Array(unitsIn[0]);
  const ipv6: UnitRange[] = [];
  for (const [family, start, end, code] of pieces) {
    const country = numbers.get(code)!;
    if (family === 0) ipv4.fill(country, start, end);
    else ipv6.push({ start, end, country });
  }
  return { codes, ipv4, ipv6: ipv6Columns(ipv6) };
}
