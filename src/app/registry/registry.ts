import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { parseRegistry, type CountryMap } from '../../core/countries/index.js';

const { resolve } = createRequire(import.meta.url);

/** The registry that ships with the program: the RIRs' delegated data (NRO, CC BY 4.0), one file a family. */
export async function loadRegistry(ignored: readonly string[]): Promise<CountryMap> {
  const [ipv4, ipv6] = await Promise.all([
    readFile(resolve('@ip-location-db/asn-country/asn-country-ipv4-num.csv'), 'utf8'),
    readFile(resolve('@ip-location-db/asn-country/asn-country-ipv6.csv'), 'utf8'),
  ]);
  const { map, problems } = parseRegistry(ipv4, ipv6, ignored);
  // Otherwise countries would shrink, and nothing would say so.
  if (problems.skipped > 0)
    throw new Error(`The registry that ships with lightsout is damaged (${problems.skipped} lines): run npm ci again.`);
  return map;
}

/** The day on which it was made, YYYYMMDD: the package's version is 2.3.YYYYMMDDHH. */
export function packagedDay(): string {
  const { version } = JSON.parse(readFileSync(resolve('@ip-location-db/asn-country/package.json'), 'utf8')) as {
    version: string;
  };
  return /\.(20\d{6})\d*$/.exec(version)?.[1] ?? '20000101';
}
