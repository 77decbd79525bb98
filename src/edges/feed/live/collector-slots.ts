import type { PeerIndex } from '../../../core/bgp/index.js';

/** Numbers the collectors of the peers seen, so that going through a batch's rows asks no string. */
export class CollectorSlots {
  readonly #peers: PeerIndex;
  readonly #names: string[] = [];
  #slotByPeer = new Int32Array(1024).fill(-1);

  constructor(peers: PeerIndex) {
    this.#peers = peers;
  }

  /** In the order of their slots. */
  get names(): readonly string[] {
    return this.#names;
  }

  slotOf(peer: number): number {
    const slot = peer < this.#slotByPeer.length ? this.#slotByPeer[peer] : -1;
    return slot === -1 ? this.#learn(peer) : slot;
  }

  #learn(peer: number): number {
    if (peer >= this.#slotByPeer.length) {
      const wider = new Int32Array(2 ** Math.ceil(Math.log2(peer + 1))).fill(-1);
      wider.set(this.#slotByPeer);
      this.#slotByPeer = wider;
    }
    const name = this.#peers.at(peer).collector;
    let slot = this.#names.indexOf(name);
    if (slot === -1) slot = this.#names.push(name) - 1;
    this.#slotByPeer[peer] = slot;
    return slot;
  }
}
