import { existsSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { ElemBatch } from '../../../core/bgp/index.js';
import type { PeerIndex } from '../../../core/bgp/index.js';
import type { Clock } from '../../clock.js';
import type { Archive, RequestOutcome } from './archive.js';
import type { Attempt, DecodeSink, FileToDecode } from './archive-decode.js';
import { buffersOf, columnsOf } from './decode-worker.js';
import type { FromWorker, ToWorker } from './decode-worker.js';
import { Semaphore } from '../../waiting/index.js';

/**
 * A thread that was idle for this long is ended: update files come one after the other, and then none for hours.
 */
const idleMs = 30_000;
/** Of the thread's own objects; its typed arrays are bounded by the batches in flight. */
const heapMb = 256;

/**
 * How many threads decode on a machine with this many cores. 0: the main thread does it, because the table and zlib keep
 * two cores busy already.
 */
export function decodeWorkersFor(cores: number): number {
  return cores < 4 ? 0 : Math.min(4, cores - 2);
}

/** Reads files in threads of their own, so that the main thread only names the peers and takes the rows. */
export interface DecodeWorkers {
  /**
   * As decodeFile. A thread that dies of its file is a failed file. Rejects only when the signal is aborted; the thread
   * is ended then.
   */
  decode(
    file: FileToDecode,
    archive: Archive,
    peers: PeerIndex,
    sink: DecodeSink,
    signal: AbortSignal,
  ): Promise<Attempt>;
  /** Threads alive. */
  readonly alive: number;
  /** Ends the idle ones. */
  close(): Promise<void>;
}

/**
 * At most `count` files at once; null for none, as decodeWorkersFor says on a small machine. null too where the program
 * runs from its sources, by a loader that threads do not have: then there is no compiled `script`.
 */
export function createDecodeWorkers(
  count: number,
  clock: Clock,
  script = new URL('./decode-worker.js', import.meta.url),
): DecodeWorkers | null {
  if (count === 0 || !existsSync(script)) return null;
  const turns = new Semaphore(count);
  const alive = new Set<Worker>();
  const idle = new Map<Worker, () => void>();

  function start(): Worker {
    const worker = new Worker(script, { resourceLimits: { maxOldGenerationSizeMb: heapMb } });
    alive.add(worker);
    worker.on('exit', () => {
      alive.delete(worker);
      idle.get(worker)?.();
      idle.delete(worker);
    });
    // Whoever has a file in it hears of it too; an idle one may die unheard.
    worker.on('error', () => undefined);
    return worker;
  }

  function take(): Worker {
    const [worker] = idle.keys();
    if ((worker as Worker | undefined) === undefined) return start();
    idle.get(worker)!();
    idle.delete(worker);
    worker.ref();
    return worker;
  }

  function giveBack(worker: Worker): void {
    if (!alive.has(worker)) return;
    worker.unref();
    idle.set(
      worker,
      clock.after(idleMs, () => void worker.terminate()),
    );
  }

  return {
    async decode(file, archive, peers, sink, signal) {
      const endOwn = await turns.take(signal);
      try {
        const endDownload = await archive.turn(signal);
        try {
          const worker = take();
          const attempt = await decodeIn(worker, file, archive, peers, sink, signal);
          giveBack(worker);
          return attempt;
        } finally {
          endDownload();
        }
      } finally {
        endOwn();
      }
    },
    get alive() {
      return alive.size;
    },
    async close() {
      await Promise.all([...idle.keys()].map((worker) => worker.terminate()));
    },
  };
}

function decodeIn(
  worker: Worker,
  file: FileToDecode,
  archive: Archive,
  peers: PeerIndex,
  sink: DecodeSink,
  signal: AbortSignal,
): Promise<Attempt> {
  const indexes: number[] = [];
  const batch = new ElemBatch(1);
  return new Promise((resolve, reject) => {
    const listeners = { message: onMessage, error: onError, exit: onExit };
    const leave = (): void => {
      for (const [event, listener] of Object.entries(listeners)) worker.off(event, listener);
      signal.removeEventListener('abort', onAbort);
    };
    /** Nothing good comes of this thread any more. */
    function end(settle: () => void): void {
      leave();
      void worker.terminate().then(settle);
    }
    function onAbort(): void {
      end(() => reject(signal.reason as Error));
    }
    function onError(error: Error): void {
      end(() => resolve(died(error.message)));
    }
    function onExit(): void {
      end(() => resolve(died('it ended')));
    }
    function onMessage(message: FromWorker): void {
      try {
        take(message);
      } catch (error) {
        end(() => reject(error instanceof Error ? error : new Error(String(error))));
      }
    }
    function take(message: FromWorker): void {
      if (message.kind === 'bytes') {
        sink.onBytes(message.done, message.total);
        return;
      }
      if (message.kind === 'ended') {
        leave();
        const { attempt, counters } = message;
        for (const [outcome, times] of Object.entries(counters.requests))
          archive.counters.requests[outcome as RequestOutcome] += times;
        archive.counters.bytes += counters.bytes;
        if (attempt.kind === 'failed' && attempt.retryAfterMs !== null) archive.rest(attempt.retryAfterMs);
        resolve(attempt);
        return;
      }
      for (const { index, collector, address, asn } of message.peers)
        indexes[index] = peers.intern(collector, address, asn);
      const { columns, length, longPrefixes } = message;
      Object.assign(batch, columns, { length, longPrefixes });
      for (let row = 0; row < length; row++) batch.peer[row] = indexes[batch.peer[row]];
      void sink.onBatch(batch, message.ribTime);
      const back = columnsOf(batch);
      worker.postMessage({ kind: 'used', columns: back } satisfies ToWorker, buffersOf(back));
    }
    if (signal.aborted) {
      onAbort();
      return;
    }
    for (const [event, listener] of Object.entries(listeners)) worker.on(event, listener);
    signal.addEventListener('abort', onAbort, { once: true });
    worker.postMessage({ kind: 'decode', file, url: archive.url } satisfies ToWorker);
  });
}

function died(how: string): Attempt {
  return { kind: 'failed', reason: `the thread that read it failed: ${how}`, passing: false, retryAfterMs: null };
}
