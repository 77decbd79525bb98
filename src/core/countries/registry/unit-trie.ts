import { prefixLength } from '../../bgp/index.js';

/** Units of a /8 (in /24s) and of a /32 (in /48s): the widest block that is counted. */
const widest = 65536;
const widestHeight = 16;
const none = -1;

/** Units [start, end) that one holder has. */
export interface HeldRange {
  readonly start: number;
  readonly end: number;
  /** Its number; never 0. */
  readonly holder: number;
}

/** Who holds what of the units [start, end), ascending, neighbours never of one holder. */
type HeldIn = (start: number, end: number) => readonly HeldRange[];

/**
 * S as the union of visible prefixes, by holder, where the space is too wide for a byte per unit (IPv6 in /48s, a
 * prefix shorter than /32 standing for its first /32). Each block of one holder, 2^k aligned units, is a binary trie of
 * the prefixes in it and the forks between them; a node knows how many visible prefixes lie exactly on it and how many
 * units are covered below it, so a flip costs at most 16 steps towards the root, and nothing is ever counted twice.
 */
export class UnitTrie {
  readonly #unitLength: number;
  #heldIn: HeldIn;
  /** Covered units by holder. */
  totals: Float64Array;
  /**
   * Widest block (as its number) -> the roots of its blocks, ascending, made when the first prefix in it appears;
   * mostly there is one.
   */
  readonly #roots = new Map<number, number | readonly number[]>();
  #size = 0;
  /** Nodes of blocks that changed hands: no longer reached from a root. */
  #dead = 0;
  /** Of a root, its holder's number below zero. */
  #parent = new Int32Array(1024);
  #left = new Int32Array(1024);
  #right = new Int32Array(1024);
  /** One prefix of every length can lie on a root. */
  #here = new Uint8Array(1024);
  #below = new Uint32Array(1024);
  /** The binary logarithm of its units. */
  #height = new Uint8Array(1024);
  /** Its first unit, counted from its widest block's. */
  #start = new Uint16Array(1024);
  /** The node of each prefix id, where it has exactly one; else `none`, and #several may know more. */
  #nodeOf = new Int32Array(1024);
  readonly #several = new Map<number, readonly number[]>();

  /**
   * `unitLength`: 24 or 48. `holders`: how many there are, 0 included. `heldIn` is asked once for every widest
   * block, and again when the holders change.
   */
  constructor(unitLength: 24 | 48, holders: number, heldIn: HeldIn) {
    this.#unitLength = unitLength;
    this.#heldIn = heldIn;
    this.totals = new Float64Array(holders);
  }

  /** Makes room for the prefix, and tells who holds most of its units (tie: the lower number; 0: nobody). */
  add(id: number, code: number): number {
    const length = prefixLength(code);
    const first = this.#firstUnit(code);
    const height = Math.min(this.#unitLength - length, widestHeight);
    const start = first % widest;
    const nodes: number[] = [];
    const shares = new Map<number, number>();
    for (const root of this.#rootsOf(Math.floor(first / widest))) {
      const rootHeight = this.#height[root];
      // Apart: they differ in a bit above both.
      if ((start ^ this.#start[root]) >>> Math.max(height, rootHeight) !== 0) continue;
      nodes.push(height < rootHeight ? this.#node(root, start, height) : root);
      const holder = -this.#parent[root];
      shares.set(holder, (shares.get(holder) ?? 0) + 2 ** Math.min(height, rootHeight));
    }
    if (id >= this.#nodeOf.length) this.#nodeOf = wider(this.#nodeOf, new Int32Array(Math.ceil((id + 1) * 1.5)));
    this.#nodeOf[id] = nodes.length === 1 ? nodes[0] : none;
    if (nodes.length > 1) this.#several.set(id, nodes);
    else this.#several.delete(id);
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

  /**
   * Others hold the space: `numbers` gives each old holder's new number. Returns whether a prefix lies in a block that
   * changed hands: such a prefix is forgotten here, and is to be added, and flipped up if it is visible, anew.
   */
  swap(holders: number, numbers: Uint16Array, heldIn: HeldIn): (code: number) => boolean {
    const changed = new Set<number>();
    for (const number of this.#roots.keys()) {
      const [from, to] = [number * widest, (number + 1) * widest];
      if (!isSame(this.#heldIn(from, to), heldIn(from, to), numbers, from, to)) changed.add(number);
    }
    this.#heldIn = heldIn;
    for (const number of changed) for (const root of this.#rootsOf(number)) this.#dead += this.#nodesBelow(root);
    // Arrays that are mostly dead nodes begin anew.
    const anew = this.#dead * 2 > this.#size;
    const old = this.totals;
    this.totals = new Float64Array(holders);
    if (anew) {
      this.#roots.clear();
      this.#several.clear();
      this.#size = this.#dead = 0;
      this.#here.fill(0);
      this.#below.fill(0);
      return () => true;
    }
    for (const [number, roots] of this.#roots) {
      for (const root of typeof roots === 'number' ? [roots] : roots) {
        const holder = -this.#parent[root];
        if (changed.has(number)) old[holder] -= this.#coveredBy(root);
        else this.#parent[root] = -numbers[holder];
      }
      if (changed.has(number)) this.#roots.delete(number);
    }
    for (let holder = 0; holder < old.length; holder++)
      if (numbers[holder] < holders) this.totals[numbers[holder]] = old[holder];
    return (code) => changed.has(this.#blockOf(code));
  }

  #nodesBelow(node: number): number {
    if (node === none) return 0;
    return 1 + this.#nodesBelow(this.#left[node]) + this.#nodesBelow(this.#right[node]);
  }

  #coveredBy(node: number): number {
    return this.#here[node] > 0 ? 2 ** this.#height[node] : this.#below[node];
  }

  /** The widest block that a prefix lies in, or that it stands for. */
  #blockOf(code: number): number {
    return Math.floor(this.#firstUnit(code) / widest);
  }

  #firstUnit(code: number): number {
    const length = prefixLength(code);
    return (code - 2 ** length) * 2 ** (this.#unitLength - length);
  }

  #flipNode(node: number, up: boolean): void {
    const here = (this.#here[node] += up ? 1 : -1);
    // Already covered by another prefix on this very node, or still so.
    if (here !== (up ? 1 : 0)) return;
    let change = 2 ** this.#height[node] - this.#below[node];
    if (!up) change = -change;
    let parent = this.#parent[node];
    for (; parent >= 0; parent = this.#parent[parent]) {
      this.#below[parent] += change;
      if (this.#here[parent] > 0) return;
    }
    this.totals[-parent] += change;
  }

  /** The node of a part of what `root` has, made if there was none. */
  #node(root: number, start: number, height: number): number {
    let node = root;
    while (this.#height[node] > height) {
      const child = this.#child(node, start);
      if (child === none) return this.#hang(node, this.#make(start, height));
      const childHeight = this.#height[child];
      // The smallest piece that has both in it.
      const fork = Math.max(height, childHeight, 32 - Math.clz32(start ^ this.#start[child]));
      if (fork === childHeight) {
        node = child;
        continue;
      }
      const between = this.#hang(node, this.#make((start >>> fork) << fork, fork));
      this.#below[between] = this.#coveredBy(child);
      this.#hang(between, child);
      node = between;
    }
    return node;
  }

  #child(node: number, start: number): number {
    return this.#isRight(node, start) ? this.#right[node] : this.#left[node];
  }

  #isRight(node: number, start: number): boolean {
    return ((start >>> (this.#height[node] - 1)) & 1) === 1;
  }

  /** Hangs a node under another, in the half that it lies in; returns it. */
  #hang(parent: number, node: number): number {
    this.#parent[node] = parent;
    (this.#isRight(parent, this.#start[node]) ? this.#right : this.#left)[parent] = node;
    return node;
  }

  #rootsOf(number: number): readonly number[] {
    const known = this.#roots.get(number);
    if (known !== undefined) return typeof known === 'number' ? [known] : known;
    const first = number * widest;
    const roots: number[] = [];
    for (const held of this.#heldIn(first, first + widest)) {
      let start = Math.max(0, held.start - first);
      const end = Math.min(widest, held.end - first);
      while (start < end) {
        let height = widestHeight;
        while (start % 2 ** height !== 0 || start + 2 ** height > end) height--;
        const root = this.#make(start, height);
        this.#parent[root] = -held.holder;
        roots.push(root);
        start += 2 ** height;
      }
    }
    this.#roots.set(number, roots.length === 1 ? roots[0] : roots);
    return roots;
  }

  #make(start: number, height: number): number {
    if (this.#size === this.#parent.length) this.#grow();
    const node = this.#size++;
    this.#left[node] = none;
    this.#right[node] = none;
    this.#height[node] = height;
    this.#start[node] = start;
    return node;
  }

  #grow(): void {
    const capacity = Math.ceil(this.#size * 1.5);
    this.#parent = wider(this.#parent, new Int32Array(capacity));
    this.#left = wider(this.#left, new Int32Array(capacity));
    this.#right = wider(this.#right, new Int32Array(capacity));
    this.#here = wider(this.#here, new Uint8Array(capacity));
    this.#below = wider(this.#below, new Uint32Array(capacity));
    this.#height = wider(this.#height, new Uint8Array(capacity));
    this.#start = wider(this.#start, new Uint16Array(capacity));
  }
}

/** Whether two lists of holders of the units from..to-1 say the same, the first one's numbers translated. */
function isSame(
  old: readonly HeldRange[],
  now: readonly HeldRange[],
  numbers: Uint16Array,
  from: number,
  to: number,
): boolean {
  if (old.length !== now.length) return false;
  return old.every(({ start, end, holder }, index) => {
    const other = now[index];
    return (
      numbers[holder] === other.holder &&
      Math.max(start, from) === Math.max(other.start, from) &&
      Math.min(end, to) === Math.min(other.end, to)
    );
  });
}

function wider<T extends Int32Array | Uint32Array | Uint16Array | Uint8Array>(old: T, made: T): T {
  made.set(old);
  return made;
}
