import type { CountryMap } from '../registry/country-map.js';

const sentinel = 1 << 24;
/** Changes of a map are noted by /16. */
const blockHeight = 8;
const blockUnits = 1 << blockHeight;

/**
 * S of IPv4: per /24 a byte counts the visible prefixes over it (/8../24: at most 17), per country the /24s that have
 * any.
 */
export class UnitsV4 {
  #countryOf: Uint8Array;
  readonly #covered = new Uint8Array(1 << 24);
  /** Covered /24s by country number; [0] is the space of no country. */
  totals: Uint32Array;
  /** Reused by every owner(); all 0 between. */
  readonly #shares = new Uint32Array(256);

  constructor(map: CountryMap) {
    this.#countryOf = map.ipv4;
    this.totals = new Uint32Array(map.codes.length);
  }

  flip(code: number, up: boolean): void {
    const { start, end } = range(code);
    const covered = this.#covered;
    const countryOf = this.#countryOf;
    const totals = this.totals;
    if (up)
      for (let unit = start; unit < end; unit++) {
        if (covered[unit]++ === 0) totals[countryOf[unit]]++;
      }
    else
      for (let unit = start; unit < end; unit++) {
        if (--covered[unit] === 0) totals[countryOf[unit]]--;
      }
  }

  /** The country with most of the prefix's /24s (tie: the lower code); 0 where it is nobody's. */
  owner(code: number): number {
    const { start, end } = range(code);
    const countryOf = this.#countryOf;
    const shares = this.#shares;
    for (let unit = start; unit < end; unit++) shares[countryOf[unit]]++;
    let owner = 0;
    let most = 0;
    for (let unit = start; unit < end; unit++) {
      const country = countryOf[unit];
      const share = shares[country];
      shares[country] = 0;
      if (country === 0 || share < most || (share === most && country > owner)) continue;
      most = share;
      owner = country;
    }
    return owner;
  }

  /**
   * Another map takes the place of the old one, whose numbers `numbers` translates. Returns whether a prefix may have
   * another owner than its old one in the new number.
   */
  swap(map: CountryMap, numbers: Uint16Array): (code: number) => boolean {
    const old = this.#countryOf;
    const now = map.ipv4;
    const covered = this.#covered;
    const left = this.totals;
    const gained = new Uint32Array(map.codes.length);
    const changed = new Uint8Array(old.length / blockUnits);
    // Four at a time: most of the space is as the four before, and they need not be compared again.
    const [oldFours, nowFours] = [foursOf(old), foursOf(now)];
    let isSame = false;
    let before = 0;
    for (let four = 0; four < oldFours.length; four++) {
      if (isSame && oldFours[four] === oldFours[before] && nowFours[four] === nowFours[before]) continue;
      isSame = true;
      before = four;
      for (let unit = four * 4; unit < four * 4 + 4; unit++) {
        if (numbers[old[unit]] === now[unit]) continue;
        isSame = false;
        changed[unit >>> blockHeight] = 1;
        if (covered[unit] === 0) continue;
        left[old[unit]]--;
        gained[now[unit]]++;
      }
    }
    for (const [number, units] of left.entries()) if (numbers[number] < gained.length) gained[numbers[number]] += units;
    this.#countryOf = now;
    this.totals = gained;
    return (code) => {
      const { start, end } = range(code);
      for (let block = start >>> blockHeight; block * blockUnits < end; block++) if (changed[block] === 1) return true;
      return false;
    };
  }
}

function range(code: number): { start: number; end: number } {
  const shift = Math.clz32(code) - 7;
  const start = (code << shift) - sentinel;
  return { start, end: start + (1 << shift) };
}

function foursOf({ buffer, byteOffset, length }: Uint8Array): Int32Array {
  return new Int32Array(buffer, byteOffset, length / 4);
}
