import { withoutPrefixes, type CountryMap } from './country-map.js';
import { ipv4Unit, ipv6Unit, RegistryRanges } from './registry-ranges.js';

export interface RegistryProblems {
  /** Lines that are no range. */
  skipped: number;
}

/**
 * Reads the two CSV files of the `@ip-location-db/asn-country` package (start,end,CC with both ends inclusive;
 * delegated data of the RIRs, CC BY 4.0 NRO): IPv4 as integers, IPv6 as addresses. `ignored` prefixes belong to no
 * country. Lines that make no sense are counted and skipped.
 */
export function parseRegistry(
  ipv4Csv: string,
  ipv6Csv: string,
  ignored: readonly string[],
): { map: CountryMap; problems: RegistryProblems } {
  const problems: RegistryProblems = { skipped: 0 };
  const ranges = new RegistryRanges();
  for (const [family, csv] of [ipv4Csv, ipv6Csv].entries()) {
    // No array of lines and none of fields: there are 200,000 of them, and every start waits for them.
    for (let from = 0, lineEnd = 0; from < csv.length; from = lineEnd + 1) {
      lineEnd = csv.indexOf('\n', from);
      if (lineEnd < 0) lineEnd = csv.length;
      if (lineEnd === from) continue;
      const line = csv.slice(from, lineEnd).trim();
      const firstEnd = fieldEnd(line, 0);
      const lastEnd = fieldEnd(line, firstEnd + 1);
      const first = line.slice(0, firstEnd);
      const last = line.slice(firstEnd + 1, lastEnd);
      const code = line.slice(lastEnd + 1, fieldEnd(line, lastEnd + 1));
      const start = family === 0 ? ipv4Unit(first, 0) : ipv6Unit(first, 0);
      const end = family === 0 ? ipv4Unit(last, 1) : ipv6Unit(last, 1);
      if (start === null || end === null || end < start || !ranges.add(family as 0 | 1, start, end, code))
        problems.skipped++;
    }
  }
  return { map: withoutPrefixes(ranges.map(), ignored), problems };
}

function fieldEnd(line: string, from: number): number {
  const comma = line.indexOf(',', from);
  return comma < 0 ? line.length : comma;
}
