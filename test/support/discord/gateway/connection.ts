import { constants, createDeflate, type Deflate } from 'node:zlib';
import { WebSocket } from 'ws';

export interface Payload {
  readonly op: number;
  readonly d: unknown;
  readonly s: number | null;
  readonly t: string | null;
}

/** One gateway connection: JSON, inside one zlib stream if the client asked for that. */
export class Connection {
  /** null: neither identified nor resumed yet. */
  sessionId: string | null = null;
  readonly #deflate: Deflate | null;

  constructor(
    readonly socket: WebSocket,
    zlibStream: boolean,
  ) {
    this.#deflate = zlibStream ? createDeflate() : null;
    // A flush ends each compressed payload. The client looks for the flush's four bytes.
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
