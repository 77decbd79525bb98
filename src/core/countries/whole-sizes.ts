import type { FamilyIndex } from '../bgp/index.js';
import type { CountryMap } from './registry/country-map.js';
import { heldBy, NetworkUnits } from './units/networks.js';
import type { Size } from './subject.js';

/** All of a country is summed, so every prefix counts as one network's. */
const anyone = 1;

/** Tells of every prefix of the wanted countries (1 by number) its origin before and now; 0: not visible. */
type Compare = (wanted: Uint8Array, tell: (owner: number, code: number, before: number, now: number) => void) => void;

/**
 * S and N of some countries, by code, as they would be if all that was visible when each was last whole still were.
 * Reads the whole table if any is asked for.
 */
export function wholeSizes(
  map: CountryMap,
  family: FamilyIndex,
  codes: ReadonlySet<string>,
  compare: Compare,
): Map<string, Size> {
  const sizes = new Map<string, Size>();
  if (codes.size === 0) return sizes;
  const wanted = Uint8Array.from(map.codes, (code) => (codes.has(code) ? 1 : 0));
  const found = map.codes.map((code) => (codes.has(code) ? { units: new NetworkUnits(family), prefixes: 0 } : null));
  compare(wanted, (owner, code, before, now) => {
    const own = found[owner];
    if (own === null || (before === 0 && now === 0)) return;
    own.units.add(anyone, code);
    own.prefixes++;
  });
  for (const [number, own] of found.entries()) {
    if (own !== null)
      sizes.set(map.codes[number], {
        units: own.units.counts(heldBy(map, family, number)).get(anyone) ?? 0,
        prefixes: own.prefixes,
      });
  }
  return sizes;
}
