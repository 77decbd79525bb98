import { setMaxListeners } from 'node:events';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { UnixMillis } from '../../core/bgp/index.js';
import { cacheFile, ribsBefore, updatesBetween, type LoadProgress, type CacheOptions } from '../../edges/feed/index.js';

/** Files fetched at once for one collector. The archive's client limits those of all collectors together. */
const filesAtOnce = 2;
/** Each file being fetched has up to this many listeners on the signal. Node warns beyond 10 in all. */
const listenersEach = 3;

/** Days of one collector's history, in local files. */
export interface CollectorHistory {
  readonly collector: string;
  readonly rib: string;
  /** In order of time. */
  readonly updates: readonly string[];
  readonly missing: readonly Missing[];
}

/** Consecutive update files that cannot be used, all for the same reason. */
export interface Missing {
  readonly from: UnixMillis;
  readonly to: UnixMillis;
  readonly files: number;
  readonly reason: string;
}

export interface History {
  readonly collectors: readonly CollectorHistory[];
  /** Collectors that have no usable RIB. */
  readonly leftOut: readonly { readonly collector: string; readonly reason: string }[];
  /** Size of all files of the replay. */
  readonly bytes: number;
  /** Size of those that were not in the folder yet. */
  readonly fetchedBytes: number;
}

/** The archive does not answer. The files fetched so far are kept, so the same command continues from there. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable';
}

export interface HistoryOptions extends CacheOptions {
  readonly collectors: readonly string[];
  readonly from: UnixMillis;
  readonly to: UnixMillis;
  readonly onProgress: (progress: LoadProgress) => void;
}

/**
 * Fetches each collector's newest RIB at or before `from`, and its update files from there to `to`. Rejects with
 * Unreachable.
 */
export async function fetchHistory(options: HistoryOptions): Promise<History> {
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  setMaxListeners(options.collectors.length * filesAtOnce * listenersEach, signal);
  let bytes = 0;
  let fetchedBytes = 0;

  /** The local file's name, or why there is none. */
  async function fetchFile(
    path: string,
    onBytes: (done: number, total: number | null) => void,
  ): Promise<{ readonly file: string } | { readonly reason: string }> {
    const outcome = await cacheFile(path, onBytes, { ...options, signal });
    if (outcome.kind === 'unreachable') throw new Unreachable(outcome.reason);
    if (outcome.kind === 'absent') return { reason: 'not in the archive' };
    if (outcome.kind === 'unusable') return outcome;
    bytes += outcome.bytes;
    if (outcome.fetched) fetchedBytes += outcome.bytes;
    return outcome;
  }

  async function historyOf(collector: string): Promise<CollectorHistory | string> {
    const show = (phase: LoadProgress['phase'], share: number, bytesDone = 0, bytesTotal: number | null = null): void =>
      options.onProgress({
        collector,
        collectors: options.collectors.length,
        phase,
        bytesDone,
        bytesTotal,
        elems: 0,
        share,
      });
    const tried: string[] = [];
    for (const { path, at } of ribsBefore(collector, options.from)) {
      const rib = await fetchFile(path, (done, total) =>
        show('rib', total === null ? 0 : done / total / 2, done, total),
      );
      if ('file' in rib) {
        const files = updatesBetween(collector, at, options.to);
        const usable: (string | null)[] = files.map(() => null);
        const missing: Missing[] = [];
        let done = 0;
        await eachOf(files.keys(), async (index) => {
          const updates = await fetchFile(files[index].path, () => show('updates', 0.5 + done / files.length / 2));
          if ('file' in updates) usable[index] = updates.file;
          else missing.push({ from: files[index].at, to: files[index].end, files: 1, reason: updates.reason });
          show('updates', 0.5 + ++done / files.length / 2);
        });
        show('loaded', 1);
        return { collector, rib: rib.file, updates: usable.filter((file) => file !== null), missing: joined(missing) };
      }
      if (rib.reason !== 'not in the archive') tried.push(rib.reason);
    }
    show('given-up', 1);
    return ['no RIB in the 24 hours before', ...tried].join('; ');
  }

  try {
    const found = await Promise.all(options.collectors.map(historyOf));
    return {
      collectors: found.filter((history) => typeof history !== 'string'),
      leftOut: found.flatMap((reason, index) =>
        typeof reason === 'string' ? [{ collector: options.collectors[index], reason }] : [],
      ),
      bytes,
      fetchedBytes,
    };
  } finally {
    // If one collector failed, the whole fetch fails, so the others stop.
    stop.abort();
  }
}

/** Times for which no collector has a file, so that the table does not follow the routes. */
export function blindTimes(
  collectors: readonly CollectorHistory[],
): { readonly from: UnixMillis; readonly to: UnixMillis }[] {
  const [first, ...others] = collectors;
  if ((first as CollectorHistory | undefined) === undefined) return [];
  let blind: { from: UnixMillis; to: UnixMillis }[] = first.missing.map(({ from, to }) => ({ from, to }));
  for (const { missing } of others) {
    blind = blind.flatMap((one) =>
      missing
        .map((other) => ({ from: Math.max(one.from, other.from), to: Math.min(one.to, other.to) }))
        .filter(({ from, to }) => from < to),
    );
  }
  return blind.sort((a, b) => a.from - b.from);
}

/** Collectors with a missing file, and since when their peers are unknown, in order. Only a later RIB would help. */
export function lostCollectors(
  collectors: readonly CollectorHistory[],
): { readonly collector: string; readonly from: UnixMillis }[] {
  return collectors
    .flatMap(({ collector, missing: [first] }) =>
      (first as Missing | undefined) === undefined ? [] : [{ collector, from: first.from }],
    )
    .sort((a, b) => a.from - b.from);
}

/** Bytes of all files in the folder, including those of other replays. */
export async function sizeOfFolder(folder: string): Promise<number> {
  let bytes = 0;
  for (const name of await readdir(folder, { recursive: true })) {
    const found = await stat(join(folder, name));
    if (found.isFile()) bytes += found.size;
  }
  return bytes;
}

function joined(missing: readonly Missing[]): Missing[] {
  const spans: Missing[] = [];
  for (const one of [...missing].sort((a, b) => a.from - b.from)) {
    const last = spans.at(-1);
    if (last?.to === one.from && last.reason === one.reason)
      spans[spans.length - 1] = { ...last, to: one.to, files: last.files + 1 };
    else spans.push(one);
  }
  return spans;
}

/** Runs `act` on each item, a few at a time: the workers share one iterator. */
async function eachOf<T>(items: IterableIterator<T>, act: (item: T) => Promise<void>): Promise<void> {
  const worker = async (): Promise<void> => {
    for (let item = items.next(); item.done !== true; item = items.next()) await act(item.value);
  };
  await Promise.all(Array.from({ length: filesAtOnce }, worker));
}
