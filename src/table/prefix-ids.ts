/**
 * Sentinel code -> dense id, by open addressing. Codes are exact doubles below 2^49, never 0, so 0 marks an empty slot; nothing is
 * ever removed (a table lives from one bootstrap to the next).
 */
export class PrefixIds {
  #slots: Float64Array;
  #ids: Int32Array;
  #mask: number;
  /** Code of each id. */
  codes: Float64Array;
  size = 0;

  constructor(capacity = 1 << 12) {
    this.#slots = new Float64Array(capacity * 2);
    this.#ids = new Int32Array(capacity * 2);
    this.#mask = capacity * 2 - 1;
    this.codes = new Float64Array(capacity);
  }

  get capacity(): number {
    return this.codes.length;
  }

  /** The id of a code, or -1. */
  find(code: number): number {
    const slots = this.#slots;
    const mask = this.#mask;
    let slot = mix(code) & mask;
    for (;;) {
      const found = slots[slot];
      if (found === code) return this.#ids[slot];
      if (found === 0) return -1;
      slot = (slot + 1) & mask;
    }
  }

  /** Gives a code that has none the next id. */
  add(code: number): number {
    if (this.size === this.codes.length) this.#grow();
    const id = this.size++;
    this.codes[id] = code;
    this.#place(code, id);
    return id;
  }

  #place(code: number, id: number): void {
    let slot = mix(code) & this.#mask;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & this.#mask;
    this.#slots[slot] = code;
    this.#ids[slot] = id;
  }

  #grow(): void {
    const codes = new Float64Array(this.codes.length * 2);
    codes.set(this.codes);
    this.codes = codes;
    this.#slots = new Float64Array(codes.length * 2);
    this.#ids = new Int32Array(codes.length * 2);
    this.#mask = codes.length * 2 - 1;
    for (let id = 0; id < this.size; id++) this.#place(codes[id], id);
  }
}

/** Spreads a code of up to 49 bits over 32. */
function mix(code: number): number {
  const high = (code / 4294967296) | 0;
  let hash = Math.imul((code | 0) ^ Math.imul(high, 0x85ebca6b), 0x9e3779b1);
  hash ^= hash >>> 15;
  return Math.imul(hash, 0x85ebca6b) >>> 8;
}
