/** A thread of its own: downloads, inflates and decodes one file after another for decode-workers.ts. */
import { parentPort } from 'node:worker_threads';
import { ElemBatch, PeerIndex } from '../../../core/bgp/index.js';
import type { Peer, UnixMillis } from '../../../core/bgp/index.js';
import { systemClock } from '../../clock.js';
import { createArchive } from './archive-client.js';
import type { ArchiveCounters } from './archive.js';
import { decodeFile } from './archive-decode.js';
import type { Attempt, FileToDecode } from './archive-decode.js';

/** Batches sent and not used up yet: two would do, the others bear with a main thread that is busy for a moment. */
const batchesInFlight = 4;

export type Columns = Pick<ElemBatch, 'kind' | 'family' | 'peer' | 'at' | 'prefix' | 'origin'>;

export type ToWorker =
  | { readonly kind: 'decode'; readonly file: FileToDecode; readonly url: string }
  /** A batch is used up; its columns come back to be filled again. */
  | { readonly kind: 'used'; readonly columns: Columns };

export type FromWorker =
  | {
      readonly kind: 'batch';
      readonly columns: Columns;
      readonly length: number;
      readonly longPrefixes: string[];
      readonly ribTime: UnixMillis | null;
      /** Peers that are new or have a new ASN; `index` is what the peer column holds for them. */
      readonly peers: readonly Peer[];
    }
  | { readonly kind: 'bytes'; readonly done: number; readonly total: number | null }
  | { readonly kind: 'ended'; readonly attempt: Attempt; readonly counters: ArchiveCounters };

export function columnsOf({ kind, family, peer, at, prefix, origin }: Columns): Columns {
  return { kind, family, peer, at, prefix, origin };
}

/** To be moved with a message and not copied. */
export function buffersOf({ kind, family, peer, at, prefix, origin }: Columns): ArrayBuffer[] {
  return [kind, family, peer, at, prefix, origin].map(({ buffer }) => buffer as ArrayBuffer);
}

if (parentPort !== null) {
  const port = parentPort;
  const spare: Columns[] = [];
  let inFlight = 0;
  let used = (): void => undefined;
  const send = (message: FromWorker, moved: ArrayBuffer[] = []): void => port.postMessage(message, moved);

  async function decode(file: FileToDecode, url: string): Promise<void> {
    const archive = createArchive(url, systemClock, Math.random);
    const peers = new PeerIndex();
    const told: Peer[] = [];
    const attempt = await decodeFile(
      file,
      archive,
      peers,
      {
        async onBatch(batch, ribTime) {
          const news: Peer[] = [];
          for (let index = 0; index < peers.size; index++) {
            const peer = peers.at(index);
            if (told[index] !== peer) news.push((told[index] = peer));
          }
          const { length, longPrefixes } = batch;
          const columns = columnsOf(batch);
          Object.assign(batch, spare.pop() ?? columnsOf(new ElemBatch(batch.capacity)));
          inFlight++;
          send({ kind: 'batch', columns, length, longPrefixes, ribTime, peers: news }, buffersOf(columns));
          while (inFlight >= batchesInFlight) await new Promise<void>((resolve) => (used = resolve));
        },
        onBytes: (done, total) => send({ kind: 'bytes', done, total }),
        // Who has enough of it ends the thread.
      },
      new AbortController().signal,
    );
    send({ kind: 'ended', attempt, counters: archive.counters });
  }

  port.on('message', (message: ToWorker) => {
    if (message.kind === 'used') {
      inFlight--;
      spare.push(message.columns);
      used();
      return;
    }
    // A rejection is a bug: it ends the thread with an error, and its file is a failed one.
    void decode(message.file, message.url);
  });
}
