import { secondMs } from '../../../core/time.js';
import type { Clock } from '../../clock.js';
import { backOff, Semaphore, type BackOff } from '../../waiting/index.js';
import { ArchiveFailure } from './archive.js';
import type { Archive, ArchiveCounters, ArchiveFile, FileVersion, HadFile, RequestOutcome } from './archive.js';
import { request } from './archive-request.js';
import type { Reply } from './archive-request.js';

/** Downloads of all users together: they fill a line, and a public archive must not be overloaded. */
const downloadsAtOnce = 4;
/** Attempts in a row to resume a broken download. After a download has brought `resumedWorthBytes` they count from 1. */
const resumeAttempts = 5;
const resumedWorthBytes = 256 * 1024;
const resumeFirstMs = secondMs;
const resumeMostMs = 8 * secondMs;
/** A server that asks for a longer rest is asked again after this. */
const retryAfterMostMs = 5 * 60 * secondMs;

/** Client errors (RFC 9110, 15.5), except 408 and 429, which ask for patience. */
const isLasting = (status: number): boolean => status >= 400 && status < 500 && status !== 408 && status !== 429;

/**
 * The RIS archive, or another server of files, over HTTP(S). `url` is its address without a path to a file:
 * https://data.ris.ripe.net. `random`: 0..1, for the jitter. If the server asks one user to rest, all rest.
 */
export function createArchive(url: string, clock: Clock, random: () => number = () => 0.5): Archive {
  return new ArchiveClient(url, clock, random);
}

interface Download {
  readonly path: string;
  readonly version: FileVersion | null;
  readonly signal: AbortSignal;
}

class ArchiveClient implements Archive {
  readonly url: string;
  readonly counters: ArchiveCounters = {
    requests: { ok: 0, 'not-modified': 0, absent: 0, resumed: 0, truncated: 0, corrupt: 0, failed: 0 },
    bytes: 0,
  };
  readonly #root: string;
  readonly #clock: Clock;
  readonly #turns = new Semaphore(downloadsAtOnce);
  readonly #resumeAfterMs: BackOff;
  #restUntil = -Infinity;

  constructor(url: string, clock: Clock, random: () => number) {
    this.url = url;
    this.#root = url.endsWith('/') ? url : `${url}/`;
    this.#clock = clock;
    this.#resumeAfterMs = backOff({ firstMs: resumeFirstMs, mostMs: resumeMostMs, random });
  }

  open(path: string, signal: AbortSignal): Promise<ArchiveFile | 'absent'> {
    return this.#open(path, null, signal) as Promise<ArchiveFile | 'absent'>;
  }

  openAgain(path: string, had: HadFile, signal: AbortSignal): Promise<ArchiveFile | 'absent' | 'unchanged'> {
    return this.#open(path, had, signal);
  }

  async exists(path: string, signal: AbortSignal): Promise<boolean> {
    const end = await this.#turns.take(signal);
    try {
      const reply = await this.#ask('HEAD', path, {}, signal);
      if (reply.status !== 200 && reply.status !== 404) throw this.#refusal(reply);
      reply.drop();
      this.#count(reply.status === 200 ? 'ok' : 'absent');
      return reply.status === 200;
    } finally {
      end();
    }
  }

  async turn(signal: AbortSignal): Promise<() => void> {
    await this.#rested(signal);
    return this.#turns.take(signal);
  }

  rest(ms: number): void {
    this.#restUntil = Math.max(this.#restUntil, this.#clock.now() + ms);
  }

  async #open(path: string, had: HadFile | null, signal: AbortSignal): Promise<ArchiveFile | 'absent' | 'unchanged'> {
    const end = await this.#turns.take(signal);
    const leave = (): void => {
      signal.removeEventListener('abort', leave);
      end();
    };
    signal.addEventListener('abort', leave, { once: true });
    try {
      let reply = await this.#ask('GET', path, had === null ? {} : conditionsOf(had), signal);
      // The part that is here is longer than the file that is there.
      if (reply.status === 416) {
        reply.drop();
        reply = await this.#ask('GET', path, {}, signal);
      }
      const startsAt = reply.status === 206 ? startOf(reply) : 0;
      if (reply.status === 200 || (reply.status === 206 && had !== null && startsAt === had.bytes)) {
        const length = reply.header('content-length');
        const bytesTotal = length === null ? null : Number(length) + startsAt!;
        const file = { bytesTotal, startsAt: startsAt!, version: versionOf(reply) };
        if (reply.status === 206) this.#count('resumed');
        return { ...file, chunks: this.#chunks({ path, version: file.version, signal }, reply, file, leave) };
      }
      if (reply.status !== 304 && reply.status !== 404) throw this.#refusal(reply);
      reply.drop();
      leave();
      this.#count(reply.status === 304 ? 'not-modified' : 'absent');
      return reply.status === 304 ? 'unchanged' : 'absent';
    } catch (error) {
      leave();
      throw error;
    }
  }

  async *#chunks(
    download: Download,
    first: Reply,
    { bytesTotal, startsAt }: Pick<ArchiveFile, 'bytesTotal' | 'startsAt'>,
    leave: () => void,
  ): AsyncGenerator<Uint8Array> {
    let at = startsAt;
    let reply = first;
    let attempt = 0;
    let brokeAt = at;
    try {
      for (;;) {
        try {
          for await (const chunk of reply.chunks) {
            at += chunk.length;
            this.counters.bytes += chunk.length;
            if (at - brokeAt >= resumedWorthBytes) attempt = 0;
            yield chunk;
          }
          if (bytesTotal === null || at === bytesTotal) {
            this.#count('ok');
            return;
          }
          throw new ArchiveFailure('the connection was closed');
        } catch (error) {
          if (!(error instanceof ArchiveFailure) || download.signal.aborted) throw error;
          this.#count('truncated');
          brokeAt = at;
          const failure = new ArchiveFailure(
            `${error.message}, after ${at}${bytesTotal === null ? '' : ` of ${bytesTotal}`} bytes`,
          );
          reply = await this.#resume(download, at, failure, ++attempt);
        }
      }
    } finally {
      reply.drop();
      leave();
    }
  }

  /** Resumes a download at byte `at`, after `failure`. */
  async #resume(download: Download, at: number, failure: ArchiveFailure, attempt: number): Promise<Reply> {
    const { path, version, signal } = download;
    const same = version === null ? null : validatorOf(version);
    if (same === null || attempt > resumeAttempts) throw failure;
    // The first time at once: mostly only the connection broke.
    if (attempt > 1) await this.#clock.sleep(Math.round(this.#resumeAfterMs(attempt - 1)), signal);
    signal.throwIfAborted();
    let reply: Reply;
    try {
      reply = await this.#ask('GET', path, { range: `bytes=${at}-`, 'if-range': same }, signal);
    } catch (error) {
      if (!(error instanceof ArchiveFailure)) throw error;
      return this.#resume(download, at, error, attempt + 1);
    }
    if (reply.status === 206 && startOf(reply) === at) {
      this.#count('resumed');
      return reply;
    }
    if (reply.status === 200 || reply.status === 206 || reply.status === 416) {
      reply.drop();
      throw new ArchiveFailure(
        `${failure.message}, and the file is another now, or the server sends no parts of it: it must start anew`,
      );
    }
    const refused = this.#refusal(reply);
    if (refused.lasting) throw refused;
    return this.#resume(download, at, refused, attempt + 1);
  }

  async #ask(
    method: 'GET' | 'HEAD',
    path: string,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<Reply> {
    await this.#rested(signal);
    try {
      return await request(method, new URL(path, this.#root), headers, this.#clock, signal);
    } catch (error) {
      if (error instanceof ArchiveFailure) this.#count('failed');
      throw error;
    }
  }

  async #rested(signal: AbortSignal): Promise<void> {
    while (this.#clock.now() < this.#restUntil) {
      await this.#clock.sleep(this.#restUntil - this.#clock.now(), signal);
      signal.throwIfAborted();
    }
  }

  #refusal(reply: Reply): ArchiveFailure {
    reply.drop();
    this.#count('failed');
    const patience = reply.status === 429 || reply.status === 503 ? retryAfterOf(reply, this.#clock) : null;
    if (patience !== null) this.rest(patience);
    return new ArchiveFailure(`HTTP ${reply.status}`, isLasting(reply.status), patience);
  }

  #count(outcome: RequestOutcome): void {
    this.counters.requests[outcome]++;
  }
}

function versionOf(reply: Reply): FileVersion | null {
  const version = { etag: reply.header('etag'), lastModified: reply.header('last-modified') };
  return version.etag === null && version.lastModified === null ? null : version;
}

/** What may stand in If-Range: a weak ETag does not promise the same bytes (RFC 9110, 13.1.5). */
function validatorOf({ etag, lastModified }: FileVersion): string | null {
  return etag !== null && !etag.startsWith('W/') ? etag : lastModified;
}

function conditionsOf({ version, bytes }: HadFile): Record<string, string> {
  if (bytes === 'whole') {
    if (version.etag !== null) return { 'if-none-match': version.etag };
    return version.lastModified === null ? {} : { 'if-modified-since': version.lastModified };
  }
  const same = validatorOf(version);
  return same === null || bytes === 0 ? {} : { range: `bytes=${bytes}-`, 'if-range': same };
}

/** Where the part begins: `bytes 1000-1999/2000`. */
function startOf(reply: Reply): number | null {
  const match = /^bytes (\d+)-/.exec(reply.header('content-range') ?? '');
  return match === null ? null : Number(match[1]);
}

/** Seconds, or a date (RFC 9110, 10.2.3). */
function retryAfterOf(reply: Reply, clock: Clock): number | null {
  const value = reply.header('retry-after');
  if (value === null) return null;
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - clock.now();
  return Number.isFinite(ms) && ms > 0 ? Math.min(ms, retryAfterMostMs) : null;
}
