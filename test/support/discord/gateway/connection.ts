import { constants, createDeflate, type Deflate } from 'node:zlib';
import { WebSocket } from 'ws';

export interface Payload {
  readonly op: number;
  readonly d: unknown;
  readonly s: number | null;
  readonly t: string | null;
}

/** One gateway connection: JSON, on one zlib stream where the client asked for it. */
export class Connection {
  /** null: neither identified nor resumed. */
  sessionId: string | null = null;
  readonly #deflate: Deflate | null;

  constructor(
    readonly socket: WebSocket,
    zlibStream: boolean,
  ) {
    this.#deflate = zlibStream ? createDeflate() : null;
    // A compressed payload is over with the flush, whose four bytes the client looks for.
    const chunks: Buffer[] = [];
    this.#deflate?.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      if (!chunk.subarray(-4).equals(Buffer.from([0, 0, 0xff, 0xff]))) return;
      this.#put(Buffer.concat(chunks.splice(0)));
    });
  }

  send(payload: Payload): void {
    const text = JSON.stringify(payload);
    if (this.#deflate === null) this.#put(text);
    else {
      this.#deflate.write(text);
      this.#deflate.flush(constants.Z_SYNC_FLUSH);
    }
  }

  #put(data: string | Buffer): void {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(data);
  }
}
