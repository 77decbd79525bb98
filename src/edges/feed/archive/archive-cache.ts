import { createReadStream } from 'node:fs';
import { mkdir, open, readFile, rename, rm, stat, writeFile, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Clock } from '../../clock.js';
import { backOff } from '../../waiting/index.js';
import { ArchiveFailure } from './archive.js';
import type { Archive, ArchiveFile, FileVersion, HadFile } from './archive.js';
import { CorruptStream, decompressed } from './decompress.js';
import type { FeedLog } from '../feed-log.js';

/** At a file that comes damaged, or a server that does not answer. */
const attempts = 4;
const retryFirstMs = 2_000;
const retryMostMs = 60_000;
/** Deflate inflates to at most 1032 times the size, MRT files to about 20: beyond this it is not an MRT file. */
const mostInflation = 200;

export interface CacheOptions {
  readonly archive: Archive;
  /** Files stand in it as in the archive: rrc00/2014.12/updates.20141222.1600.gz */
  readonly folder: string;
  readonly clock: Clock;
  /** 0..1, for the jitter. */
  readonly random: () => number;
  readonly log: FeedLog;
  readonly signal: AbortSignal;
}

export type CacheOutcome =
  /** Whole, and looked through once. `bytes`: its size. */
  | { readonly kind: 'here'; readonly file: string; readonly bytes: number; readonly fetched: boolean }
  | { readonly kind: 'absent' }
  /** The archive's own file is damaged, or is refused to us. */
  | { readonly kind: 'unusable'; readonly reason: string }
  /** The part that has come is kept, and the next call resumes it. */
  | { readonly kind: 'unreachable'; readonly reason: string };

/**
 * Puts a file of the archive into the folder, unless it is there. It is written beside its name (.part, .part.json),
 * resumed after a break (also of the whole program), and gets its own name when it is complete. Rejects if the signal is
 * aborted, or the folder cannot be written.
 */
export async function cacheFile(
  path: string,
  onBytes: (done: number, total: number | null) => void,
  options: CacheOptions,
): Promise<CacheOutcome> {
  const { clock, log, random, signal } = options;
  const file = join(options.folder, path);
  const size = await sizeOf(file);
  if (size !== null) return { kind: 'here', file, bytes: size, fetched: false };
  await mkdir(dirname(file), { recursive: true });
  const waitMs = backOff({ firstMs: retryFirstMs, mostMs: retryMostMs, random });
  for (let attempt = 1; ; attempt++) {
    const outcome = await fetchOnce(path, file, onBytes, options);
    signal.throwIfAborted();
    if (outcome.kind === 'here' || outcome.kind === 'absent') return outcome;
    const { reason, lasting, retryAfterMs } = outcome;
    if (lasting || attempt === attempts) return { kind: outcome.kind, reason: `${path}: ${reason}` };
    const retryInMs = Math.max(Math.round(waitMs(attempt)), retryAfterMs ?? 0);
    log.warn({ file: path, reason, retryInMs }, 'archive: file not fetched, trying again');
    await clock.sleep(retryInMs, signal);
    signal.throwIfAborted();
  }
}

type Fetched =
  | Exclude<CacheOutcome, { reason: string }>
  | {
      readonly kind: 'unusable' | 'unreachable';
      readonly reason: string;
      readonly lasting: boolean;
      readonly retryAfterMs: number | null;
    };

async function fetchOnce(
  path: string,
  file: string,
  onBytes: (done: number, total: number | null) => void,
  { archive, signal }: CacheOptions,
): Promise<Fetched> {
  const part = `${file}.part`;
  const versionFile = `${part}.json`;
  try {
    const had = await hadOf(part, versionFile);
    const opened = await (had === null ? archive.open(path, signal) : archive.openAgain(path, had, signal));
    if (opened === 'absent' || opened === 'unchanged') {
      await forget(part, versionFile);
      return { kind: 'absent' };
    }
    const bytes = await writePart(opened, part, versionFile, onBytes);
    const damage = await damageOf(part, bytes);
    if (damage !== null) {
      archive.counters.requests.corrupt++;
      await forget(part, versionFile);
      return { kind: 'unusable', reason: damage, lasting: false, retryAfterMs: null };
    }
    await rm(versionFile, { force: true });
    await rename(part, file);
    return { kind: 'here', file, bytes, fetched: true };
  } catch (error) {
    if (!(error instanceof ArchiveFailure)) throw error;
    const { message: reason, lasting, retryAfterMs } = error;
    return { kind: lasting ? 'unusable' : 'unreachable', reason, lasting, retryAfterMs };
  }
}

/** Returns the size of the whole. */
async function writePart(
  { chunks, startsAt, version, bytesTotal }: ArchiveFile,
  part: string,
  versionFile: string,
  onBytes: (done: number, total: number | null) => void,
): Promise<number> {
  let handle: FileHandle | null = null;
  let at = startsAt;
  try {
    // Emptied before its version is written: old bytes must never pass for those of a new version.
    handle = await open(part, startsAt === 0 ? 'w' : 'r+');
    if (startsAt === 0) {
      if (version === null) await rm(versionFile, { force: true });
      else await writeFile(versionFile, JSON.stringify(version));
    }
    for await (const chunk of chunks) {
      await handle.write(chunk, 0, chunk.length, at);
      at += chunk.length;
      onBytes(at, bytesTotal);
    }
    await handle.truncate(at);
    await handle.sync();
    return at;
  } finally {
    await handle?.close();
  }
}

async function hadOf(part: string, versionFile: string): Promise<HadFile | null> {
  const bytes = await sizeOf(part);
  if (bytes === null || bytes === 0) return null;
  try {
    const { etag, lastModified } = JSON.parse(await readFile(versionFile, 'utf8')) as Partial<FileVersion>;
    return { bytes, version: { etag: textOf(etag), lastModified: textOf(lastModified) } };
  } catch {
    return null;
  }
}

const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null);

async function forget(...files: readonly string[]): Promise<void> {
  for (const file of files) await rm(file, { force: true });
}

/** Why a file that came to its end is no whole gzip; null if it is one. */
async function damageOf(file: string, bytes: number): Promise<string | null> {
  const handle = await open(file, 'r');
  const { buffer } = await handle.read(Buffer.alloc(2), 0, 2, 0).finally(() => handle.close());
  if (buffer[0] !== 0x1f || buffer[1] !== 0x8b) return 'is not gzip';
  let inflated = 0;
  try {
    for await (const chunk of decompressed(createReadStream(file))) {
      inflated += chunk.length;
      if (inflated > bytes * mostInflation + 1e6) return `inflates to more than ${mostInflation} times its size`;
    }
    return null;
  } catch (error) {
    if (error instanceof CorruptStream) return error.message;
    throw error;
  }
}

async function sizeOf(file: string): Promise<number | null> {
  try {
    return (await stat(file)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
