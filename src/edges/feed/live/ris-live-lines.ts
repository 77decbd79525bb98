import type { ElemBatch, RisLiveDecoder } from '../../../core/bgp/index.js';

/** As on the socket, a longer line is not a message. */
const maxLineBytes = 4 * 1024 * 1024;
const newline = 0x0a;

/** Cuts a stream of RIS Live messages, one a line, and decodes each. Lines may end in CR LF; empty ones are skipped. */
export class RisLiveLines {
  readonly #decoder: RisLiveDecoder;
  #tooLong = 0;
  #rest: Uint8Array[] = [];
  #restBytes = 0;

  constructor(decoder: RisLiveDecoder) {
    this.#decoder = decoder;
  }

  push(chunk: Uint8Array, into: ElemBatch): void {
    let from = 0;
    for (let to = chunk.indexOf(newline); to !== -1; to = chunk.indexOf(newline, from)) {
      this.#keep(chunk.subarray(from, to));
      this.#line(into);
      from = to + 1;
    }
    if (from < chunk.length) this.#keep(chunk.subarray(from));
  }

  end(into: ElemBatch): void {
    this.#line(into);
  }

  get messages(): number {
    return this.#decoder.counters.messages;
  }

  /** Lines skipped, by reason. */
  get problems(): Readonly<Record<string, number>> {
    return { ...this.#decoder.counters.problems, 'line-too-long': this.#tooLong };
  }

  #keep(part: Uint8Array): void {
    this.#restBytes += part.length;
    // Too long to be a message: only its length is kept.
    if (this.#restBytes > maxLineBytes) this.#rest = [];
    else this.#rest.push(part);
  }

  #line(into: ElemBatch): void {
    const bytes = this.#restBytes;
    const parts = this.#rest;
    this.#rest = [];
    this.#restBytes = 0;
    if (bytes > maxLineBytes) {
      this.#tooLong++;
      return;
    }
    const line = parts.length === 1 ? parts[0] : Buffer.concat(parts);
    if (line.length === 0 || (line.length === 1 && line[0] === 0x0d)) return;
    this.#decoder.decode(line, into);
  }
}
