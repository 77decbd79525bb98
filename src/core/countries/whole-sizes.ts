import type { FamilyIndex } from '../bgp/index.js';
import type { CountryMap } from './registry/country-map.js';
import { heldBy, NetworkUnits } from './units/networks.js';
import type { PrefixMemory } from './units/prefix-memory.js';
import type { Size } from './subject.js';

/** One origin for all prefixes, because only the country's total is wanted. */
const anyOrigin = 1;

/**
 * Units and prefixes that each of these countries would have if everything visible when it was last whole still were,
 * by code. Reads the whole table if any is asked for.
 */
export function wholeSizes(
  map: CountryMap,
  family: FamilyIndex,
  codes: ReadonlySet<string>,
  memory: PrefixMemory,
): Map<string, Size> {
  const sizes = new Map<string, Size>();
  if (codes.size === 0) return sizes;
  const wanted = Uint8Array.from(map.codes, (code) => (codes.has(code) ? 1 : 0));
  const found = map.codes.map((code) => (codes.has(code) ? { units: new NetworkUnits(family), prefixes: 0 } : null));
  memory.compare(wanted, (owner, code, before, now) => {
    const country = found[owner];
    if (country === null || (before === 0 && now === 0)) return;
    country.units.add(anyOrigin, code);
    country.prefixes++;
  });
  for (const [number, country] of found.entries()) {
    if (country !== null)
      sizes.set(map.codes[number], {
        units: country.units.counts(heldBy(map, family, number)).get(anyOrigin) ?? 0,
        prefixes: country.prefixes,
      });
  }
  return sizes;
}
