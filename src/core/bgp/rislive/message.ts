/**
 * One ris_message between reading and applying: nothing of it reaches a batch or the peer index before all of it was
 * read.
 */
import { ElemKind, type ElemBatch, type ElemKindCode, type UnixMillis } from '../elem.js';
import type { PrefixReader } from '../prefix.js';

export const maxAsn = 0xffff_ffff;

/** Prefixes as columns, in order of appearance. */
export class PrefixList {
  length = 0;
  #family = new Uint8Array(64);
  #code = new Float64Array(64);
  #longTexts: string[] = [];

  clear(): void {
    this.length = 0;
    if (this.#longTexts.length > 0) this.#longTexts = [];
  }

  /** Adds the prefix that `reader` read last. */
  add(reader: PrefixReader): void {
    const row = this.length++;
    if (row === this.#family.length) this.#grow();
    this.#family[row] = reader.family;
    this.#code[row] = reader.code < 0 ? -this.#longTexts.push(reader.longText()) : reader.code;
  }

  pushTo(into: ElemBatch, kind: ElemKindCode, peer: number, at: UnixMillis, origin: number): void {
    for (let row = 0; row < this.length; row++) {
      const code = this.#code[row];
      const prefix = code < 0 ? into.addLongPrefix(this.#longTexts[-1 - code]) : code;
      into.push(kind, this.#family[row] === 0 ? 0 : 1, peer, at, prefix, origin);
    }
  }

  #grow(): void {
    const family = new Uint8Array(this.#family.length * 2);
    const code = new Float64Array(this.#code.length * 2);
    family.set(this.#family);
    code.set(this.#code);
    this.#family = family;
    this.#code = code;
  }
}

/** What an UPDATE says. */
export class UpdateDraft {
  at: UnixMillis = 0;
  origin = 0;
  readonly withdrawn = new PrefixList();
  readonly announced = new PrefixList();

  clear(): void {
    this.origin = 0;
    this.withdrawn.clear();
    this.announced.clear();
  }

  /**
   * Withdrawals first: of a prefix in both, the announcement holds (RFC 4271 section 4.3). Without any prefix it is an
   * idle.
   */
  pushTo(into: ElemBatch, peer: number): void {
    this.withdrawn.pushTo(into, ElemKind.withdrawal, peer, this.at, 0);
    this.announced.pushTo(into, ElemKind.announcement, peer, this.at, this.origin);
    if (this.withdrawn.length + this.announced.length === 0) into.push(ElemKind.idle, 0, peer, this.at, 0, 0);
  }
}
