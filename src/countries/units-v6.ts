import { prefixLength } from '../bgp/index.js';
import type { CountryMap } from './registry.js';

const units32 = 65536;
const none = -1;

/** A piece of one /32 that has one holder: an aligned block of 2^k /48s, the root of its own trie. */
interface Block {
  readonly start: number;
  readonly units: number;
  readonly country: number;
  readonly root: number;
}

/**
 * S of IPv6: the union of visible prefixes in /48s, a prefix shorter than /32 standing for its first /32. Each block of one holder
 * is a binary trie; a node knows how many visible prefixes lie exactly on it and how many /48s are covered below it, so a flip costs
 * at most 16 steps towards the root, and nothing is ever counted twice.
 */
export class UnitsV6 {
  readonly #map: CountryMap;
  readonly totals: Float64Array;
  /** /32 (as its number) -> its blocks, made when the first prefix in it appears. */
  readonly #blocks = new Map<number, readonly Block[]>();
  #size = 0;
  #parent = new Int32Array(1024);
  #left = new Int32Array(1024);
  #right = new Int32Array(1024);
  #here = new Uint16Array(1024);
  #below = new Uint32Array(1024);
  #units = new Uint32Array(1024);
  /** Country of a root; of other nodes 0. */
  #country = new Uint8Array(1024);
  /** The node of each prefix id, where it has exactly one; else `none`, and #several may know more. */
  #nodeOf = new Int32Array(1024);
  readonly #several = new Map<number, readonly number[]>();

  constructor(map: CountryMap) {
    this.#map = map;
    this.totals = new Float64Array(map.codes.length);
  }

  /** Makes room for the prefix, and tells the country with most of its /48s (tie: the lower code; 0: nobody's). */
  add(id: number, code: number): number {
    const length = prefixLength(code);
    const span = 2 ** (48 - length);
    const start = (code - 2 ** length) * span;
    const end = start + Math.min(span, units32);
    const nodes: number[] = [];
    const shares = new Map<number, number>();
    for (const block of this.#blocksOf(Math.floor(start / units32))) {
      if (block.start + block.units <= start || block.start >= end) continue;
      nodes.push(this.#node(block, start, end));
      shares.set(block.country, (shares.get(block.country) ?? 0) + Math.min(block.units, end - start));
    }
    if (id >= this.#nodeOf.length) {
      const wider = new Int32Array(this.#nodeOf.length * 2);
      wider.set(this.#nodeOf);
      this.#nodeOf = wider;
    }
    this.#nodeOf[id] = nodes.length === 1 ? nodes[0] : none;
    if (nodes.length > 1) this.#several.set(id, nodes);
    let owner = 0;
    for (const [country, units] of shares) {
      const most = shares.get(owner) ?? 0;
      if (units > most || (units === most && country < owner)) owner = country;
    }
    return owner;
  }

  flip(id: number, up: boolean): void {
    const node = this.#nodeOf[id];
    if (node !== none) this.#flipNode(node, up);
    else for (const each of this.#several.get(id) ?? []) this.#flipNode(each, up);
  }

  #flipNode(node: number, up: boolean): void {
    const here = (this.#here[node] += up ? 1 : -1);
    // Already covered by another prefix on this very node, or still so.
    if (here !== (up ? 1 : 0)) return;
    let change = this.#units[node] - this.#below[node];
    if (!up) change = -change;
    let at = node;
    while (this.#parent[at] !== none) {
      at = this.#parent[at];
      this.#below[at] += change;
      if (this.#here[at] > 0) return;
    }
    this.totals[this.#country[at]] += change;
  }

  /** The node for [start, end) within a block: its root where the prefix covers all of it. */
  #node(block: Block, start: number, end: number): number {
    let node = block.root;
    let from = block.start;
    let units = block.units;
    while (units > end - start) {
      units /= 2;
      const right = start >= from + units;
      if (right) from += units;
      const children = right ? this.#right : this.#left;
      let child = children[node];
      if (child === none) {
        child = this.#make(node, units, 0);
        // #make may have replaced the arrays.
        (right ? this.#right : this.#left)[node] = child;
      }
      node = child;
    }
    return node;
  }

  #blocksOf(slash32: number): readonly Block[] {
    const known = this.#blocks.get(slash32);
    if (known !== undefined) return known;
    const { starts, ends, countries } = this.#map.ipv6;
    const first = slash32 * units32;
    const last = first + units32;
    const blocks: Block[] = [];
    for (let index = firstEndingAfter(ends, first); index < starts.length && starts[index] < last; index++) {
      let start = Math.max(first, starts[index]);
      const end = Math.min(last, ends[index]);
      while (start < end) {
        let units = units32;
        while ((start - first) % units !== 0 || start + units > end) units /= 2;
        const country = countries[index];
        blocks.push({ start, units, country, root: this.#make(none, units, country) });
        start += units;
      }
    }
    this.#blocks.set(slash32, blocks);
    return blocks;
  }

  #make(parent: number, units: number, country: number): number {
    if (this.#size === this.#parent.length) this.#grow();
    const node = this.#size++;
    this.#parent[node] = parent;
    this.#left[node] = none;
    this.#right[node] = none;
    this.#units[node] = units;
    this.#country[node] = country;
    return node;
  }

  #grow(): void {
    const capacity = this.#size * 2;
    const wider = <T extends Int32Array | Uint32Array | Uint16Array | Uint8Array>(old: T, made: T): T => {
      made.set(old);
      return made;
    };
    this.#parent = wider(this.#parent, new Int32Array(capacity));
    this.#left = wider(this.#left, new Int32Array(capacity));
    this.#right = wider(this.#right, new Int32Array(capacity));
    this.#here = wider(this.#here, new Uint16Array(capacity));
    this.#below = wider(this.#below, new Uint32Array(capacity));
    this.#units = wider(this.#units, new Uint32Array(capacity));
    this.#country = wider(this.#country, new Uint8Array(capacity));
  }
}

/** The first range that ends after `unit`, by bisection. */
function firstEndingAfter(ends: Float64Array, unit: number): number {
  let low = 0;
  let high = ends.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ends[middle] > unit) high = middle;
    else low = middle + 1;
  }
  return low;
}
