import { prefixLength } from '../bgp/index.js';

/** Units of a /8 (in /24s) and of a /32 (in /48s): the widest block that is counted. */
const widest = 65536;
const none = -1;

/** Units [start, end) that one holder has. */
export interface HeldRange {
  readonly start: number;
  readonly end: number;
  /** Its number; never 0. */
  readonly holder: number;
}

/** A piece of a widest block that has one holder: 2^k aligned units, the root of its own trie. */
interface Block {
  readonly start: number;
  readonly units: number;
  readonly holder: number;
  readonly root: number;
}

/**
 * S as the union of visible prefixes, by holder, where the space is too wide for a byte per unit (IPv6 in /48s, a prefix shorter than
 * /32 standing for its first /32). Each block of one holder is a binary trie; a node knows how many visible prefixes lie exactly on it
 * and how many units are covered below it, so a flip costs at most 16 steps towards the root, and nothing is ever counted twice.
 */
export class UnitTrie {
  readonly #unitLength: number;
  readonly #heldIn: (start: number, end: number) => readonly HeldRange[];
  /** Covered units by holder. */
  readonly totals: Float64Array;
  /** Widest block (as its number) -> its blocks, made when the first prefix in it appears. */
  readonly #blocks = new Map<number, readonly Block[]>();
  #size = 0;
  #parent = new Int32Array(1024);
  #left = new Int32Array(1024);
  #right = new Int32Array(1024);
  #here = new Uint16Array(1024);
  #below = new Uint32Array(1024);
  #units = new Uint32Array(1024);
  /** Holder of a root; of other nodes 0. */
  #holder = new Uint8Array(1024);
  /** The node of each prefix id, where it has exactly one; else `none`, and #several may know more. */
  #nodeOf = new Int32Array(1024);
  readonly #several = new Map<number, readonly number[]>();

  /**
   * `unitLength`: 24 or 48. `holders`: how many there are, 0 included. `heldIn` gives who holds what of the units [start, end),
   * ascending; it is asked once for every widest block.
   */
  constructor(unitLength: 24 | 48, holders: number, heldIn: (start: number, end: number) => readonly HeldRange[]) {
    this.#unitLength = unitLength;
    this.#heldIn = heldIn;
    this.totals = new Float64Array(holders);
  }

  /** Makes room for the prefix, and tells who holds most of its units (tie: the lower number; 0: nobody). */
  add(id: number, code: number): number {
    const length = prefixLength(code);
    const span = 2 ** (this.#unitLength - length);
    const start = (code - 2 ** length) * span;
    const end = start + Math.min(span, widest);
    const nodes: number[] = [];
    const shares = new Map<number, number>();
    for (const block of this.#blocksOf(Math.floor(start / widest))) {
      if (block.start + block.units <= start || block.start >= end) continue;
      nodes.push(this.#node(block, start, end));
      shares.set(block.holder, (shares.get(block.holder) ?? 0) + Math.min(block.units, end - start));
    }
    if (id >= this.#nodeOf.length) {
      const wider = new Int32Array(this.#nodeOf.length * 2);
      wider.set(this.#nodeOf);
      this.#nodeOf = wider;
    }
    this.#nodeOf[id] = nodes.length === 1 ? nodes[0] : none;
    if (nodes.length > 1) this.#several.set(id, nodes);
    let owner = 0;
    for (const [holder, units] of shares) {
      const most = shares.get(owner) ?? 0;
      if (units > most || (units === most && holder < owner)) owner = holder;
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
    this.totals[this.#holder[at]] += change;
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

  #blocksOf(number: number): readonly Block[] {
    const known = this.#blocks.get(number);
    if (known !== undefined) return known;
    const first = number * widest;
    const blocks: Block[] = [];
    for (const held of this.#heldIn(first, first + widest)) {
      let start = Math.max(first, held.start);
      const end = Math.min(first + widest, held.end);
      while (start < end) {
        let units = widest;
        while ((start - first) % units !== 0 || start + units > end) units /= 2;
        blocks.push({ start, units, holder: held.holder, root: this.#make(none, units, held.holder) });
        start += units;
      }
    }
    this.#blocks.set(number, blocks);
    return blocks;
  }

  #make(parent: number, units: number, holder: number): number {
    if (this.#size === this.#parent.length) this.#grow();
    const node = this.#size++;
    this.#parent[node] = parent;
    this.#left[node] = none;
    this.#right[node] = none;
    this.#units[node] = units;
    this.#holder[node] = holder;
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
    this.#holder = wider(this.#holder, new Uint8Array(capacity));
  }
}
