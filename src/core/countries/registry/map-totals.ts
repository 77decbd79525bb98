import { ipv4Ranges, type CountryMap } from './country-map.js';

/** A registry with fewer countries is not whole: there were 240 in 2026. */
const leastCountries = 200;
/**
 * A total that moves by more than this from one registry to the next is a fault of the registry, or of its way here.
 */
const mostChange = 0.1;

/** What a map gives to its countries in all. */
export interface MapTotals {
  readonly countries: number;
  /** /24s, and /48s. */
  readonly units: readonly [number, number];
}

/** Units by country code. */
export function unitsByCountry(map: CountryMap): Map<string, readonly [number, number]> {
  const counts = map.codes.map((): [number, number] => [0, 0]);
  for (const { start, end, country } of ipv4Ranges(map)) counts[country][0] += end - start;
  const { starts, ends, countries } = map.ipv6;
  for (let index = 0; index < starts.length; index++) counts[countries[index]][1] += ends[index] - starts[index];
  return new Map(map.codes.flatMap((code, number) => (code === '' ? [] : [[code, counts[number]] as const])));
}

export function totalsOf(map: CountryMap): MapTotals {
  const counts = [...unitsByCountry(map).values()].filter(([ipv4, ipv6]) => ipv4 + ipv6 > 0);
  const sum = (family: 0 | 1): number => counts.reduce((total, count) => total + count[family], 0);
  return { countries: counts.length, units: [sum(0), sum(1)] };
}

/**
 * Why a new map is not to be believed: one sentence for each number that is off; empty where it is sound. `last`: the
 * one before it.
 */
export function doubtsAbout(totals: MapTotals, last: MapTotals): string[] {
  const doubts: string[] = [];
  if (totals.countries < leastCountries)
    doubts.push(`it has ${totals.countries} countries; a whole registry has at least ${leastCountries}`);
  const compared = [
    ['countries', totals.countries, last.countries],
    ['/24s of IPv4', totals.units[0], last.units[0]],
    ['/48s of IPv6', totals.units[1], last.units[1]],
  ] as const;
  for (const [what, now, before] of compared) {
    if (Math.abs(now - before) <= mostChange * before) continue;
    const change =
      before === 0
        ? 'there were none'
        : `${now > before ? '+' : '-'}${((Math.abs(now - before) / before) * 100).toFixed(1)} %`;
    doubts.push(`it has ${now} ${what}, the last had ${before} (${change}; at most ${mostChange * 100} % is believed)`);
  }
  return doubts;
}

/** What one country has, before and after. */
export interface MapChange {
  readonly country: string;
  readonly family: 'ipv4' | 'ipv6';
  readonly before: number;
  readonly after: number;
}

/**
 * Countries whose units are not the same, by share of what they had, largest first; in a tie by units, then by code.
 */
export function mapChanges(before: CountryMap, after: CountryMap): MapChange[] {
  const [old, now] = [unitsByCountry(before), unitsByCountry(after)];
  const none = [0, 0] as const;
  const changes = [...new Set([...old.keys(), ...now.keys()])].flatMap((country) =>
    ([0, 1] as const).map((family): MapChange => ({
      country,
      family: family === 0 ? 'ipv4' : 'ipv6',
      before: (old.get(country) ?? none)[family],
      after: (now.get(country) ?? none)[family],
    })),
  );
  const units = ({ before: had, after: has }: MapChange): number => Math.abs(has - had);
  const share = (change: MapChange): number => (change.before === 0 ? Infinity : units(change) / change.before);
  return changes
    .filter((change) => units(change) > 0)
    .sort((a, b) => compare(share(b), share(a)) || units(b) - units(a) || (a.country < b.country ? -1 : 1));
}

function compare(a: number, b: number): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
