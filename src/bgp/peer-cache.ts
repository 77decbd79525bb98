/** Peers found by the bytes that name them on the wire, so that a known peer costs no string. */

const fnvOffset = 0x811c9dc5;
const fnvPrime = 0x01000193;

/** FNV-1a of the bytes start..end; `seed` is whatever else belongs to the key. */
export function hashBytes(bytes: Uint8Array, start: number, end: number, seed: number): number {
  let hash = fnvOffset ^ seed;
  for (let pos = start; pos < end; pos++) hash = Math.imul(hash ^ bytes[pos], fnvPrime);
  return hash ^ (hash >>> 15);
}

/** Open addressing from (seed, bytes) to a peer's index. It only grows: sessions are some thousand at most. */
export class PeerCache {
  #slots = new Int32Array(1024).fill(-1);
  #count = 0;
  readonly #seeds: number[] = [];
  readonly #keys: Uint8Array[] = [];
  readonly #hashes: number[] = [];
  readonly #peers: number[] = [];

  /** The peer remembered under this key, or -1. `hash` is hashBytes of the same key. */
  find(bytes: Uint8Array, start: number, end: number, seed: number, hash: number): number {
    const mask = this.#slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const entry = this.#slots[slot];
      if (entry < 0) return -1;
      if (this.#seeds[entry] === seed && sameBytes(this.#keys[entry], bytes, start, end)) return this.#peers[entry];
    }
  }

  /** Remembers a key that find() did not know. */
  add(bytes: Uint8Array, start: number, end: number, seed: number, hash: number, peer: number): void {
    const entry = this.#count++;
    this.#seeds.push(seed);
    this.#keys.push(bytes.slice(start, end));
    this.#hashes.push(hash);
    this.#peers.push(peer);
    if (this.#count * 2 <= this.#slots.length) {
      this.#place(entry);
      return;
    }
    this.#slots = new Int32Array(this.#slots.length * 2).fill(-1);
    for (let known = 0; known < this.#count; known++) this.#place(known);
  }

  #place(entry: number): void {
    const mask = this.#slots.length - 1;
    let slot = this.#hashes[entry] & mask;
    while (this.#slots[slot] >= 0) slot = (slot + 1) & mask;
    this.#slots[slot] = entry;
  }
}

function sameBytes(key: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (key.length !== end - start) return false;
  for (let index = 0; index < key.length; index++) {
    if (key[index] !== bytes[start + index]) return false;
  }
  return true;
}
