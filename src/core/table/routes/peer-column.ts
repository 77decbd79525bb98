import { areBitsBelow, bitsBelow, countOf, ones, wordsFor } from './id-notes.js';

/** As many ids as are kept one by one, whatever the table's size. */
const fewIds = 256;

/**
 * A column in 32-bit words: the steps from each of its ids to the next (few ids: small numbers), or a bit for each id.
 */
export interface ColumnWords {
  readonly form: 'steps' | 'bits';
  readonly words: Uint32Array<ArrayBuffer>;
}

/**
 * One peer's table: the ids of the prefixes that it sees. Most sessions send little: their ids stand in order, four
 * octets each. Where that would take more room than a bit for every prefix there is, it is bits.
 */
export class PeerColumn {
  size = 0;
  /** Bits by id; empty while there are few ids. */
  #bits = new Uint32Array(0);
  #dense = false;
  /** Ascending; the first `size` are in use. */
  #ids = new Uint32Array(4);

  has(id: number): boolean {
    if (this.#dense) return id >>> 5 < this.#bits.length && (this.#bits[id >>> 5] & (1 << (id & 31))) !== 0;
    const place = this.#placeOf(id);
    return place < this.size && this.#ids[place] === id;
  }

  /** Takes an id in; false: it was there. `among`: how many ids there are in all. */
  add(id: number, among: number): boolean {
    if (this.#dense) {
      const word = id >>> 5;
      const bit = 1 << (id & 31);
      if (word >= this.#bits.length) this.#widen(among);
      else if ((this.#bits[word] & bit) !== 0) return false;
      this.#bits[word] |= bit;
      this.size++;
      return true;
    }
    const place = this.#placeOf(id);
    if (place < this.size && this.#ids[place] === id) return false;
    if (this.size >= fewIds && this.size * 32 > among) {
      this.#toBits(among);
      return this.add(id, among);
    }
    if (this.size === this.#ids.length) {
      const wider = new Uint32Array(Math.ceil(this.size * 1.5));
      wider.set(this.#ids);
      this.#ids = wider;
    }
    this.#ids.copyWithin(place + 1, place, this.size++);
    this.#ids[place] = id;
    return true;
  }

  /** False: it was not there. */
  delete(id: number): boolean {
    if (!this.has(id)) return false;
    if (this.#dense) this.#bits[id >>> 5] &= ~(1 << (id & 31));
    else {
      const place = this.#placeOf(id);
      this.#ids.copyWithin(place, place + 1, this.size);
    }
    this.size--;
    return true;
  }

  /** Adds `step` to the counts of all its ids. */
  addTo(counts: Uint16Array, step: 1 | -1): void {
    if (!this.#dense) {
      for (let place = 0; place < this.size; place++) counts[this.#ids[place]] += step;
      return;
    }
    const bits = this.#bits;
    for (let word = 0; word < bits.length; word++) {
      const first = word << 5;
      for (let left = bits[word]; left !== 0; left &= left - 1) counts[first + 31 - Math.clz32(left & -left)] += step;
    }
  }

  /** Takes one off the count in the place of each of these ids that it has. */
  takeFrom(counts: Uint16Array, ids: Uint32Array): void {
    if (!this.#dense) {
      for (let place = 0; place < ids.length; place++) if (this.has(ids[place])) counts[place]--;
      return;
    }
    const bits = this.#bits;
    for (let place = 0; place < ids.length; place++) {
      const id = ids[place];
      const word = id >>> 5;
      if (word < bits.length) counts[place] -= (bits[word] >>> (id & 31)) & 1;
    }
  }

  /** How many of its ids have their bit set in `bits`. */
  sharedWith(bits: Uint32Array): number {
    let shared = 0;
    const own = this.#bits;
    if (this.#dense)
      for (let word = Math.min(own.length, bits.length) - 1; word >= 0; word--) shared += ones(own[word] & bits[word]);
    else for (let place = 0; place < this.size; place++) if (isSet(bits, this.#ids[place])) shared++;
    return shared;
  }

  /** Keeps of its ids those that have their bit set in `bits`. */
  retain(bits: Uint32Array): void {
    let kept = 0;
    if (this.#dense) {
      for (let word = 0; word < this.#bits.length; word++) {
        this.#bits[word] &= word < bits.length ? bits[word] : 0;
        kept += ones(this.#bits[word]);
      }
    } else
      for (let place = 0; place < this.size; place++)
        if (isSet(bits, this.#ids[place])) this.#ids[kept++] = this.#ids[place];
    this.size = kept;
  }

  /** A copy of what it has of the ids below `limit`. */
  copy(limit: number): ColumnWords {
    if (this.#dense) return { form: 'bits', words: bitsBelow(limit, this.#bits) };
    const steps = this.#ids.slice(0, this.#placeOf(limit));
    for (let place = steps.length - 1; place > 0; place--) steps[place] -= steps[place - 1];
    return { form: 'steps', words: steps };
  }

  /** A column of such a copy, made when there were `among` ids in all; null where it is none. */
  static of({ form, words }: ColumnWords, among: number): PeerColumn | null {
    const column = new PeerColumn();
    if (form === 'steps') {
      for (let place = 0, id = 0; place < words.length; place++) {
        id += words[place];
        if (id >= among || (place > 0 && words[place] === 0)) return null;
        column.add(id, among);
      }
      return column;
    }
    if (!areBitsBelow(among, words)) return null;
    column.#dense = true;
    column.#bits = words;
    column.#widen(among);
    column.size = countOf(words);
    return column;
  }

  /** Where an id stands among #ids, or would stand. In order of ids, as in a RIB, that is the end. */
  #placeOf(id: number): number {
    let high = this.size;
    if (high === 0 || this.#ids[high - 1] < id) return high;
    let low = 0;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#ids[middle] < id) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #toBits(among: number): void {
    this.#dense = true;
    this.#widen(among);
    for (let place = 0; place < this.size; place++) this.#bits[this.#ids[place] >>> 5] |= 1 << (this.#ids[place] & 31);
    this.#ids = new Uint32Array(0);
  }

  /** Room for a tenth more than there are prefixes: columns of many peers are most of the memory. */
  #widen(among: number): void {
    const wider = new Uint32Array(wordsFor(among));
    wider.set(this.#bits);
    this.#bits = wider;
  }
}

function isSet(bits: Uint32Array, id: number): boolean {
  return id >>> 5 < bits.length && (bits[id >>> 5] & (1 << (id & 31))) !== 0;
}
