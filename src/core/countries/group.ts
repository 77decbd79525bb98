import { parsePrefix, type FamilyIndex } from '../bgp/index.js';
import type { ChangedVerdict } from '../table/index.js';
import type { GroupDefinition } from './registry/countries-file.js';
import { NetworkUnits } from './units/networks.js';
import { unitsOf } from './registry/country-map.js';
import { UnitTrie } from './registry/unit-trie.js';

interface Range {
  readonly start: number;
  readonly end: number;
  readonly code: number;
}

/**
 * How much of a group is visible: of its own prefixes, and of whatever its ASNs announce. Whether a prefix belongs to
 * the group is settled when it comes up, by who announces it then, and holds until it goes down.
 */
export class Group {
  readonly definition: GroupDefinition;
  readonly #asns: ReadonlySet<number>;
  readonly #ranges: readonly [readonly Range[], readonly Range[]];
  readonly #tries: readonly [UnitTrie, UnitTrie];
  /** Trie id of each piece of space that was ever counted, by its code. */
  readonly #pieces: readonly [Map<number, number>, Map<number, number>] = [new Map(), new Map()];
  /** The codes of the pieces, by trie id. */
  readonly #pieceCodes: readonly [number[], number[]] = [[], []];
  /** The pieces that each visible prefix of the group adds, by prefix id. */
  readonly #visible: readonly [Map<number, readonly number[]>, Map<number, readonly number[]>] = [new Map(), new Map()];

  constructor(definition: GroupDefinition) {
    this.definition = definition;
    this.#asns = new Set(definition.asns);
    const ranges: [Range[], Range[]] = [[], []];
    for (const text of definition.prefixes) {
      const prefix = parsePrefix(text);
      if (prefix !== null) ranges[prefix.family].push({ ...unitsOf(prefix.family, prefix.code), code: prefix.code });
    }
    this.#ranges = ranges;
    const wholly = (start: number, end: number): { start: number; end: number; holder: number }[] => [
      { start, end, holder: 1 },
    ];
    this.#tries = [new UnitTrie(24, 2, wholly), new UnitTrie(48, 2, wholly)];
  }

  /** S: covered /24s or /48s. */
  units(family: FamilyIndex): number {
    return this.#tries[family].totals[1];
  }

  /** N: visible prefixes that are the group's, or cover some of it. */
  prefixes(family: FamilyIndex): number {
    return this.#visible[family].size;
  }

  /** Distinct origins of its visible prefixes. */
  origins(family: FamilyIndex, originOf: (id: number) => number): number {
    return new Set([...this.#visible[family].keys()].map(originOf)).size;
  }

  /** Units covered by its visible prefixes, by origin ASN. */
  networks(family: FamilyIndex, originOf: (id: number) => number): Map<number, number> {
    const units = new NetworkUnits(family);
    for (const [id, pieces] of this.#visible[family])
      for (const piece of pieces) units.add(originOf(id), this.#pieceCodes[family][piece]);
    return units.counts((start, end) => end - start);
  }

  /** Takes in a verdict; whether the prefix is one of the group's. */
  flipped(family: FamilyIndex, id: number, code: number, origin: number, up: boolean): boolean {
    const visible = this.#visible[family];
    const pieces = up ? this.#piecesOf(family, code, origin) : visible.get(id);
    if (pieces === undefined || pieces.length === 0) return false;
    for (const piece of pieces) this.#tries[family].flip(piece, up);
    if (up) visible.set(id, pieces);
    else visible.delete(id);
    return true;
  }

  /** S and N as they would be if these verdicts were others. */
  supposing(
    family: FamilyIndex,
    turned: readonly ChangedVerdict[],
  ): { readonly units: number; readonly prefixes: number } {
    const trie = this.#tries[family];
    const visible = this.#visible[family];
    const pieces = turned.flatMap(({ id, code, origin, up }) => {
      const own = (up ? this.#piecesOf(family, code, origin) : visible.get(id)) ?? [];
      return own.length === 0 ? [] : [{ own, up }];
    });
    for (const { own, up } of pieces) for (const piece of own) trie.flip(piece, up);
    const counted = {
      units: this.units(family),
      prefixes: visible.size + pieces.reduce((sum, { up }) => sum + (up ? 1 : -1), 0),
    };
    for (const { own, up } of pieces) for (const piece of own) trie.flip(piece, !up);
    return counted;
  }

  #piecesOf(family: FamilyIndex, code: number, origin: number): readonly number[] {
    if (this.#asns.has(origin)) return [this.#piece(family, code)];
    const prefix = unitsOf(family, code);
    const within = this.#ranges[family].some(({ start, end }) => start <= prefix.start && prefix.end <= end);
    if (within) return [this.#piece(family, code)];
    return this.#ranges[family]
      .filter(({ start, end }) => prefix.start <= start && end <= prefix.end)
      .map((range) => this.#piece(family, range.code));
  }

  #piece(family: FamilyIndex, code: number): number {
    const known = this.#pieces[family].get(code);
    if (known !== undefined) return known;
    const id = this.#pieces[family].size;
    this.#pieces[family].set(code, id);
    this.#pieceCodes[family].push(code);
    this.#tries[family].add(id, code);
    return id;
  }
}
