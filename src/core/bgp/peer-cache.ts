/** Peers found by the bytes that name them on the wire, so that a known peer costs no string. */

const prime = 0x9e3779b1;
/** Words of a key: its seed and length, then the text. The longest address has 39 characters. */
const keyWords = 11;
const longestKey = 40;

/** Open addressing from (seed, bytes) to a peer's index. It only grows: sessions are some thousand at most. */
export class PeerCache {
  #slots = new Int32Array(1024).fill(-1);
  #count = 0;
  #keys = new Int32Array(512 * keyWords);
  readonly #hashes: number[] = [];
  readonly #peers: number[] = [];

  /** The peer remembered under this key, or -1. `seed`, below 2^24, is whatever else belongs to the key. */
  find(bytes: DataView, start: number, end: number, seed: number): number {
    const length = end - start;
    if (length < 4 || length > longestKey) return -1;
    const mask = this.#slots.length - 1;
    for (let slot = hashOf(bytes, start, end, seed) & mask; ; slot = (slot + 1) & mask) {
      const entry = this.#slots[slot];
      if (entry < 0) return -1;
      if (this.#is(entry, bytes, start, end, seed)) return this.#peers[entry];
    }
  }

  /** Remembers a key that find() did not know. */
  add(bytes: DataView, start: number, end: number, seed: number, peer: number): void {
    const length = end - start;
    if (length < 4 || length > longestKey) return;
    const entry = this.#count++;
    if (this.#count * keyWords > this.#keys.length) {
      const wider = new Int32Array(this.#keys.length * 2);
      wider.set(this.#keys);
      this.#keys = wider;
    }
    const key = entry * keyWords;
    this.#keys[key] = (seed << 8) | length;
    for (let word = 1, pos = start; pos < end; word++, pos += 4)
      this.#keys[key + word] = bytes.getInt32(Math.min(pos, end - 4), true);
    this.#hashes.push(hashOf(bytes, start, end, seed));
    this.#peers.push(peer);
    if (this.#count * 2 <= this.#slots.length) {
      this.#place(entry);
      return;
    }
    this.#slots = new Int32Array(this.#slots.length * 2).fill(-1);
    for (let known = 0; known < this.#count; known++) this.#place(known);
  }

  #is(entry: number, bytes: DataView, start: number, end: number, seed: number): boolean {
    const keys = this.#keys;
    let key = entry * keyWords;
    if (keys[key++] !== ((seed << 8) | (end - start))) return false;
    let pos = start;
    for (; pos + 4 < end; pos += 4) if (keys[key++] !== bytes.getInt32(pos, true)) return false;
    return keys[key] === bytes.getInt32(end - 4, true);
  }

  #place(entry: number): void {
    const mask = this.#slots.length - 1;
    let slot = this.#hashes[entry] & mask;
    while (this.#slots[slot] >= 0) slot = (slot + 1) & mask;
    this.#slots[slot] = entry;
  }
}

/** By words of four bytes, the last of which overlaps the one before. */
function hashOf(bytes: DataView, start: number, end: number, seed: number): number {
  let hash = seed;
  for (let pos = start; pos + 4 < end; pos += 4) {
    hash = Math.imul(hash ^ bytes.getInt32(pos, true), prime);
    hash ^= hash >>> 15;
  }
  hash = Math.imul(hash ^ bytes.getInt32(end - 4, true), prime);
  return hash ^ (hash >>> 15);
}
