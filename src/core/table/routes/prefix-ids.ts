/**
 * Words of a slot: the code's low half, and its id + 1 (0: empty). Together, so that a look-up waits for memory once.
 */
const slotWords = 2;
const twoTo32 = 4_294_967_296;

/** What is kept of prefixes in a column by id. */
export type TypedColumn = Uint8Array | Uint16Array | Uint32Array;

/**
 * Sentinel code -> dense id, by open addressing. Codes are exact doubles below 2^49, never 0; nothing is ever removed
 * (a table lives from one bootstrap to the next).
 */
export class PrefixIds {
  #slots: Int32Array;
  #mask: number;
  /** Code of each id. */
  codes: Float64Array;
  size = 0;
  /** Some codes have a high half (IPv6): then a slot only suggests, and the id's own code decides. */
  #wide = false;
  /** The id found or given last. */
  #last = 0;
  readonly #columns: ((capacity: number) => void)[] = [];

  constructor(capacity = 1 << 12) {
    this.#slots = new Int32Array(capacity * 2 * slotWords);
    this.#mask = capacity * 2 - 1;
    this.codes = new Float64Array(capacity);
  }

  /**
   * `grow` makes room for this many ids in a column, now and whenever more prefixes come than there is room for. This is
   * the only place where columns grow: one that stayed behind would lose what is written to it without an error.
   */
  onGrowth(grow: (capacity: number) => void): void {
    this.#columns.push(grow);
  }

  get capacity(): number {
    return this.codes.length;
  }

  /** The id of a code, or -1. */
  find(code: number): number {
    const wide = this.#wide;
    if (!wide && code >= twoTo32) return -1;
    const slots = this.#slots;
    const mask = this.#mask;
    const low = code | 0;
    for (let slot = mix(code) & mask; ; slot = (slot + 1) & mask) {
      const id = slots[slot * slotWords + 1] - 1;
      if (id < 0 || (slots[slot * slotWords] === low && (!wide || this.codes[id] === code))) return id;
    }
  }

  /**
   * find() for codes in the order of a RIB: the same again for every peer, and then mostly the one that came after it
   * last time.
   */
  findInOrder(code: number): number {
    const { codes } = this;
    const last = this.#last;
    if (codes[last] === code) return last;
    const id = codes[last + 1] === code ? last + 1 : this.find(code);
    if (id >= 0) this.#last = id;
    return id;
  }

  /** Gives a code that has none the next id. */
  add(code: number): number {
    if (this.size === this.codes.length) this.#growCodes();
    if (this.size * 8 > this.#mask * 5) this.#growSlots();
    if (code >= twoTo32) this.#wide = true;
    const id = this.size++;
    this.codes[id] = code;
    this.#place(code, id);
    this.#last = id;
    return id;
  }

  #place(code: number, id: number): void {
    let slot = mix(code) & this.#mask;
    while (this.#slots[slot * slotWords + 1] !== 0) slot = (slot + 1) & this.#mask;
    this.#slots[slot * slotWords] = code | 0;
    this.#slots[slot * slotWords + 1] = id + 1;
  }

  #growCodes(): void {
    const codes = new Float64Array(this.codes.length * 2);
    codes.set(this.codes);
    this.codes = codes;
    for (const grow of this.#columns) grow(codes.length);
  }

  #growSlots(): void {
    this.#slots = new Int32Array(this.#slots.length * 2);
    this.#mask = this.#mask * 2 + 1;
    for (let id = 0; id < this.size; id++) this.#place(this.codes[id], id);
  }
}

/** Spreads a code of up to 49 bits over 32. */
function mix(code: number): number {
  const high = (code / twoTo32) | 0;
  let hash = Math.imul((code | 0) ^ Math.imul(high, 0x85ebca6b), 0x9e3779b1);
  hash ^= hash >>> 15;
  return Math.imul(hash, 0x85ebca6b) >>> 8;
}
