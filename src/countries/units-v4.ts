import type { CountryMap } from './registry.js';

const sentinel = 1 << 24;

/** S of IPv4: per /24 a byte counts the visible prefixes over it (/8../24: at most 17), per country the /24s that have any. */
export class UnitsV4 {
  readonly #countryOf: Uint8Array;
  readonly #covered = new Uint8Array(1 << 24);
  /** Covered /24s by country number; [0] is the space of no country. */
  readonly totals: Uint32Array;

  constructor(map: CountryMap) {
    this.#countryOf = map.ipv4;
    this.totals = new Uint32Array(map.codes.length);
  }

  flip(code: number, up: boolean): void {
    const { start, end } = range(code);
    const covered = this.#covered;
    const countryOf = this.#countryOf;
    const totals = this.totals;
    if (up) for (let unit = start; unit < end; unit++) {
      if (covered[unit]++ === 0) totals[countryOf[unit]]++;
    } else for (let unit = start; unit < end; unit++) {
      if (--covered[unit] === 0) totals[countryOf[unit]]--;
    }
  }

  /** The country with most of the prefix's /24s (tie: the lower code); 0 where it is nobody's. */
  owner(code: number): number {
    const { start, end } = range(code);
    if (end === start + 1) return this.#countryOf[start];
    const shares = new Uint32Array(this.totals.length);
    for (let unit = start; unit < end; unit++) shares[this.#countryOf[unit]]++;
    let owner = 0;
    let most = 0;
    for (let country = 1; country < shares.length; country++) {
      if (shares[country] > most) {
        most = shares[country];
        owner = country;
      }
    }
    return owner;
  }
}

function range(code: number): { start: number; end: number } {
  const shift = Math.clz32(code) - 7;
  const start = (code << shift) - sentinel;
  return { start, end: start + (1 << shift) };
}
