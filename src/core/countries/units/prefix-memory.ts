import { noPrefixes, type VisiblePrefixes } from '../../table/index.js';

/** One of 2^16 numbers that no country has: a country that is not in the new registry. */
export const noCountry = 0xffff;

/**
 * What countries remember of a family's prefixes, by id: the number of the country that owns each, its origin when that
 * country was last whole, and how often votes for prefixes of a country changed. Most methods read the whole table.
 */
export class PrefixMemory {
  #owners = new Uint16Array(4096);
  /** Origin ASN of each prefix that was visible when its owner was last whole; else 0. */
  #before = new Uint32Array(4096);
  readonly #churn = new Float64Array(noCountry + 1);

  #prefixes = noPrefixes;

  /** The family's prefixes, as the table knows them. */
  get prefixes(): VisiblePrefixes {
    return this.#prefixes;
  }

  /** Called once, before the first prefix comes. */
  follow(prefixes: VisiblePrefixes): void {
    this.#prefixes = prefixes;
  }

  /** Every prefix passes here once, with the next id: so this is where the columns grow. */
  add(id: number, owner: number): void {
    if (id >= this.#owners.length) {
      const [owners, before] = [new Uint16Array(id * 2), new Uint32Array(id * 2)];
      owners.set(this.#owners);
      before.set(this.#before);
      [this.#owners, this.#before] = [owners, before];
    }
    this.#owners[id] = owner;
  }

  ownerOf(id: number): number {
    return this.#owners[id];
  }

  /** A voter began or ceased to see the prefix. */
  voted(id: number): void {
    this.#churn[this.#owners[id]]++;
  }

  /** Votes for prefixes of this country that changed since the start. */
  churnOf(owner: number): number {
    return this.#churn[owner] ?? 0;
  }

  /** Distinct origins of the visible prefixes, by owner. */
  visibleOrigins(): Map<number, Set<number>> {
    const { ids, verdicts, origins } = this.#prefixes;
    const byOwner = new Map<number, Set<number>>();
    for (let id = 0; id < ids.size; id++) {
      if (verdicts[id] === 0) continue;
      const owner = this.#owners[id];
      let own = byOwner.get(owner);
      if (own === undefined) byOwner.set(owner, (own = new Set()));
      own.add(origins[id]);
    }
    return byOwner;
  }

  /** What is visible now is "before" from here on, for the owners that are whole (1 by number). */
  remember(whole: Uint8Array): void {
    const {
      ids: { size },
      verdicts,
      origins,
    } = this.#prefixes;
    const owners = this.#owners;
    const before = this.#before;
    for (let id = 0; id < size; id++) if (whole[owners[id]] === 1) before[id] = verdicts[id] === 1 ? origins[id] : 0;
  }

  /**
   * Tells of every prefix of the wanted owners (1 by number) its origin when its owner was last whole, and its origin
   * now; 0: not visible then, or now.
   */
  compare(wanted: Uint8Array, tell: (owner: number, code: number, before: number, now: number) => void): void {
    const {
      ids: { codes, size },
      verdicts,
      origins,
    } = this.#prefixes;
    const owners = this.#owners;
    for (let id = 0; id < size; id++) {
      const owner = owners[id];
      if (wanted[owner] === 1) tell(owner, codes[id], this.#before[id], verdicts[id] === 1 ? origins[id] : 0);
    }
  }

  /**
   * Another registry numbers the countries: `numbers` has the new number by old number, noCountry for a country that is
   * gone. `ownerOf` says who owns each prefix now. Churn stays with its country.
   */
  reown(numbers: Uint16Array, ownerOf: (id: number, code: number, owner: number, up: boolean) => number): void {
    const {
      ids: { codes, size },
      verdicts,
    } = this.#prefixes;
    const owners = this.#owners;
    for (let id = 0; id < size; id++) owners[id] = ownerOf(id, codes[id], owners[id], verdicts[id] === 1);
    const churn = this.#churn.slice(0, numbers.length);
    this.#churn.fill(0);
    for (const [old, number] of numbers.entries()) if (number !== noCountry) this.#churn[number] = churn[old];
  }

  /** A copy of "before" for the ids from..to-1, for a snapshot. */
  before(from: number, to: number): Uint32Array {
    return this.#before.slice(from, to);
  }

  restoreBefore(from: number, before: Uint32Array): void {
    this.#before.set(before, from);
  }
}

/** By family. */
export type BothMemories = readonly [PrefixMemory, PrefixMemory];
