/** As many ids as are noted one by one, whatever the table's size. */
const fewIds = 256;

/**
 * Prefix ids, noted as they come. A log, where one may stand twice; where that would take more room than a bit for
 * every id there is, bits. So a note costs a few octets at its end, and all of them together never more than the
 * table's size in bits.
 */
export class IdNotes {
  /** How many of the noted were new in the table of whom the notes are about. */
  fresh = 0;
  #log = new Uint32Array(16);
  #length = 0;
  /** The log stands in order, each id once. */
  #ordered = true;
  #bits: Uint32Array | null = null;

  /** Notes that begin with those ids whose bit is set in `bits`, which is theirs from here on. */
  static of(bits: Uint32Array): IdNotes {
    const notes = new IdNotes();
    notes.#become(bits);
    return notes;
  }

  /** No more ids than this were noted: exact once they are bits. */
  get atMost(): number {
    return this.#length;
  }

  /** Octets it takes. */
  get octets(): number {
    return this.#log.byteLength + (this.#bits?.byteLength ?? 0);
  }

  /** `among`: how many ids there are in all. */
  add(id: number, among: number): void {
    if (this.#bits === null) {
      if (this.#length < this.#log.length) {
        this.#log[this.#length++] = id;
        this.#ordered = false;
      } else this.#grow(id, among);
      return;
    }
    const word = id >>> 5;
    const bit = 1 << (id & 31);
    if (word >= this.#bits.length) this.#bits = widened(this.#bits, among);
    else if ((this.#bits[word] & bit) !== 0) return;
    this.#bits[word] |= bit;
    this.#length++;
  }

  has(id: number): boolean {
    if (this.#bits !== null) return id >>> 5 < this.#bits.length && (this.#bits[id >>> 5] & (1 << (id & 31))) !== 0;
    if (!this.#ordered) this.#order();
    let low = 0;
    let high = this.#length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#log[middle] < id) low = middle + 1;
      else high = middle;
    }
    return low < this.#length && this.#log[low] === id;
  }

  /** Sets the bits of all ids; `bits` has room for them. */
  addTo(bits: Uint32Array): void {
    const own = this.#bits;
    if (own !== null) for (let word = 0; word < own.length; word++) bits[word] |= own[word];
    else
      for (let place = 0; place < this.#length; place++) bits[this.#log[place] >>> 5] |= 1 << (this.#log[place] & 31);
  }

  /** All ids as bits: to be read, and soon. */
  asBits(among: number): Uint32Array {
    if (this.#bits !== null) return this.#bits;
    const bits = new Uint32Array(wordsFor(among));
    this.addTo(bits);
    return bits;
  }

  /** Nothing is noted any more. */
  clear(): void {
    this.fresh = 0;
    this.#length = 0;
    this.#ordered = true;
    this.#bits = null;
    if (this.#log.length > fewIds * 4 || this.#log.length === 0) this.#log = new Uint32Array(16);
  }

  #grow(id: number, among: number): void {
    const most = Math.max(fewIds, among >>> 5);
    if (this.#log.length < most) {
      const wider = new Uint32Array(Math.min(most, this.#log.length * 2));
      wider.set(this.#log);
      this.#log = wider;
    } else {
      const bits = new Uint32Array(wordsFor(among));
      this.addTo(bits);
      this.#become(bits);
    }
    this.add(id, among);
  }

  #become(bits: Uint32Array): void {
    this.#bits = bits;
    this.#length = countOf(bits);
    this.#log = new Uint32Array(0);
  }

  #order(): void {
    const log = this.#log.subarray(0, this.#length).sort();
    let kept = 0;
    for (let place = 0; place < log.length; place++)
      if (place === 0 || log[place] !== log[kept - 1]) log[kept++] = log[place];
    this.#length = kept;
    this.#ordered = true;
  }
}

/** Words of bits for so many ids, with room for a tenth more. */
export function wordsFor(ids: number): number {
  return Math.ceil((ids * 1.1) / 32) + 1;
}

/** A copy of the bits of the ids below `limit`. */
export function bitsBelow(limit: number, bits: Uint32Array): Uint32Array<ArrayBuffer> {
  const words = new Uint32Array(bits.subarray(0, Math.ceil(limit / 32)));
  if (words.length * 32 > limit) words[words.length - 1] &= (1 << (limit & 31)) - 1;
  return words;
}

/** Whether no other bits are set. */
export function areBitsBelow(limit: number, words: Uint32Array): boolean {
  return (
    words.length <= Math.ceil(limit / 32) &&
    (words.length * 32 <= limit || words[words.length - 1] >>> (limit & 31) === 0)
  );
}

export function countOf(bits: Uint32Array): number {
  let count = 0;
  for (let word = 0; word < bits.length; word++) count += ones(bits[word]);
  return count;
}

export function ones(bits: number): number {
  bits -= (bits >>> 1) & 0x55555555;
  bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333);
  return Math.imul((bits + (bits >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

function widened(bits: Uint32Array, among: number): Uint32Array {
  const wider = new Uint32Array(wordsFor(among));
  wider.set(bits);
  return wider;
}
