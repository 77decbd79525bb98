import type { FamilyIndex } from '../../bgp/index.js';
import { heldIpv6, type CountryMap } from '../registry/country-map.js';
import { UnitTrie } from '../registry/unit-trie.js';
import { noCountry, type BothMemories } from './prefix-memory.js';
import { UnitsV4 } from './units-v4.js';

/** Who holds what is visible: S and N by country number. */
export class Holdings {
  #map: CountryMap;
  readonly #ipv4: UnitsV4;
  readonly #ipv6: UnitTrie;
  /** N by country number. */
  #prefixes: readonly [Uint32Array, Uint32Array];

  constructor(map: CountryMap) {
    const count = map.codes.length;
    this.#map = map;
    this.#ipv4 = new UnitsV4(map);
    this.#ipv6 = new UnitTrie(48, count, (start, end) => heldIpv6(map, start, end));
    this.#prefixes = [new Uint32Array(count), new Uint32Array(count)];
  }

  get map(): CountryMap {
    return this.#map;
  }

  /** S; 0 for a number that is no country's. */
  units(family: FamilyIndex, number: number): number {
    return (family === 0 ? this.#ipv4 : this.#ipv6).totals[number] ?? 0;
  }

  /** N. */
  prefixes(family: FamilyIndex, number: number): number {
    return this.#prefixes[family][number] ?? 0;
  }

  /** Takes a new prefix in; the number of the country with most of it (tie: the lower code), 0 where it is nobody's. */
  added(family: FamilyIndex, id: number, code: number): number {
    return family === 0 ? this.#ipv4.owner(code) : this.#ipv6.add(id, code);
  }

  flipped(family: FamilyIndex, id: number, code: number, owner: number, up: boolean): void {
    this.#prefixes[family][owner] += up ? 1 : -1;
    if (family === 0) this.#ipv4.flip(code, up);
    else this.#ipv6.flip(id, up);
  }

  /**
   * Another registry takes the place of the old one: as if it had been there from the beginning. Touches only prefixes
   * whose space changed hands.
   */
  swap(map: CountryMap, memories: BothMemories): void {
    const count = map.codes.length;
    const numbers = Uint16Array.from(this.#map.codes, (code) =>
      map.codes.includes(code) ? map.codes.indexOf(code) : noCountry,
    );
    const moved = [
      this.#ipv4.swap(map, numbers),
      this.#ipv6.swap(count, numbers, (start, end) => heldIpv6(map, start, end)),
    ] as const;
    this.#map = map;
    this.#prefixes = [new Uint32Array(count), new Uint32Array(count)];
    for (const family of [0, 1] as const) {
      const prefixes = this.#prefixes[family];
      const isMoved = moved[family];
      memories[family].reown(numbers, (id, code, owner, up) => {
        let now = numbers[owner];
        if (isMoved(code)) {
          now = this.added(family, id, code);
          // IPv4's units keep their counts, whoever holds them; a block of the trie that changed hands begins empty.
          if (up && family === 1) this.#ipv6.flip(id, true);
        }
        if (up) prefixes[now]++;
        return now;
      });
    }
  }
}
