import { prefixLength, type FamilyIndex } from '../../bgp/index.js';
import type { NetworkChange } from './network-change.js';
import { heldIpv6, type CountryMap } from '../registry/country-map.js';

/** A prefix of more than 2^16 units stands for its first 2^16 (IPv6: its first /32); of IPv4 none is wider. */
const widestHeight = 16;
/** Heights are 0 to 16. */
const heights = 32;

/** Address space by origin AS, each unit counted once however many of its prefixes cover it. */
export class NetworkUnits {
  readonly #family: FamilyIndex;
  /** start * 32 + height: spans of 2^height units in one number, exact below 2^53, that sorts by start. */
  readonly #spans = new Map<number, number[]>();

  constructor(family: FamilyIndex) {
    this.#family = family;
  }

  /** An origin of 0 is unknown, and nobody's. */
  add(origin: number, code: number): void {
    if (origin === 0) return;
    const length = prefixLength(code);
    const height = (this.#family === 0 ? 24 : 48) - length;
    const span = (code - 2 ** length) * 2 ** height * heights + Math.min(height, widestHeight);
    const spans = this.#spans.get(origin);
    if (spans === undefined) this.#spans.set(origin, [span]);
    else spans.push(span);
  }

  /** Units by origin; `held`: how many of the units [start, end) count. */
  counts(held: (start: number, end: number) => number): Map<number, number> {
    const counts = new Map<number, number>();
    for (const [origin, spans] of this.#spans) {
      let units = 0;
      let covered = 0;
      // Most have few prefixes: what sorting them costs must not be more than that.
      for (const span of spans.length === 1 ? spans : new Float64Array(spans).sort()) {
        const start = Math.floor(span / heights);
        const end = start + 2 ** (span % heights);
        if (end > covered) units += held(Math.max(start, covered), end);
        covered = Math.max(covered, end);
      }
      counts.set(origin, units);
    }
    return counts;
  }
}

/** How many of the units [start, end) the registry gives to the country of this number. */
export function heldBy(map: CountryMap, family: FamilyIndex, country: number): (start: number, end: number) => number {
  if (family === 1) {
    return (start, end) => {
      let units = 0;
      for (const held of heldIpv6(map, start, end)) {
        if (held.holder === country) units += Math.min(end, held.end) - Math.max(start, held.start);
      }
      return units;
    };
  }
  const { ipv4 } = map;
  return (start, end) => {
    let units = 0;
    for (let unit = start; unit < end; unit++) if (ipv4[unit] === country) units++;
    return units;
  };
}

/**
 * Those that lost most first, then the others, those with most left first. `complete`: who is not in `before` had
 * nothing; otherwise nobody knows what they had, and they are left out.
 */
export function networkChanges(
  before: ReadonlyMap<number, number>,
  now: ReadonlyMap<number, number>,
  complete: boolean,
): NetworkChange[] {
  const asns = complete ? new Set([...before.keys(), ...now.keys()]) : before.keys();
  const changes = [...asns].map((asn): NetworkChange => ({
    asn,
    before: before.get(asn) ?? 0,
    now: now.get(asn) ?? 0,
  }));
  return changes
    .filter((change) => change.before > 0 || change.now > 0)
    .sort((a, b) => unitsLost(b) - unitsLost(a) || (unitsLost(a) > 0 ? a.now - b.now : b.now - a.now) || a.asn - b.asn);
}

/** Units that a network lost; 0 for one that lost none. */
export function unitsLost({ before, now }: NetworkChange): number {
  return Math.max(0, before - now);
}
