import type { Clock } from '../../clock.js';
import { ArchiveFailure } from './archive.js';
import type { Archive, ArchiveCounters, ArchiveFile, FileVersion, HadFile, RequestOutcome } from './archive.js';
import { request } from './archive-request.js';
import type { Reply } from './archive-request.js';
import { Semaphore } from '../../waiting/index.js';

/** Downloads at once, of all users together: they fill a line, and a public archive is not to be leaned on. */
const downloadsAtOnce = 4;
/**
 * Tries in a row to go on with a broken download, and what must have come between two of them for them to be counted
 * anew.
 */
const resumeAttempts = 5;
const resumedWorthBytes = 256 * 1024;
const resumeFirstMs = 1_000;
/** A server that asks for an hour's rest is asked again after this. */
const retryAfterMostMs = 5 * 60_000;

/** Client errors (RFC 9110, 15.5), but for 408 and 429, which ask for patience. */
const isLasting = (status: number): boolean => status >= 400 && status < 500 && status !== 408 && status !== 429;

/**
 * The RIS archive, or another server of files, over HTTP(S). `url` is its address without a path to a file:
 * https://data.ris.ripe.net. `random`: 0..1, for the jitter. What one user is told of the server's wish for rest holds
 * for all.
 */
export function createArchive(url: string, clock: Clock, random: () => number = () => 0.5): Archive {
  const root = url.endsWith('/') ? url : `${url}/`;
  const turns = new Semaphore(downloadsAtOnce);
  const counters: ArchiveCounters = {
    requests: { ok: 0, 'not-modified': 0, absent: 0, resumed: 0, truncated: 0, corrupt: 0, failed: 0 },
    bytes: 0,
  };
  let restUntil = -Infinity;
  const count = (outcome: RequestOutcome): void => {
    counters.requests[outcome]++;
  };
  const rest = (ms: number): void => {
    restUntil = Math.max(restUntil, clock.now() + ms);
  };

  async function rested(signal: AbortSignal): Promise<void> {
    while (clock.now() < restUntil) {
      await clock.sleep(restUntil - clock.now(), signal);
      signal.throwIfAborted();
    }
  }

  async function ask(
    method: 'GET' | 'HEAD',
    path: string,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<Reply> {
    await rested(signal);
    try {
      return await request(method, new URL(path, root), headers, clock, signal);
    } catch (error) {
      if (error instanceof ArchiveFailure) count('failed');
      throw error;
    }
  }

  function refusal(reply: Reply): ArchiveFailure {
    reply.drop();
    count('failed');
    const patience = reply.status === 429 || reply.status === 503 ? retryAfterOf(reply, clock) : null;
    if (patience !== null) rest(patience);
    return new ArchiveFailure(`HTTP ${reply.status}`, isLasting(reply.status), patience);
  }

  /** Goes on with the download at byte `at`, after `failure`. */
  async function resume(
    path: string,
    at: number,
    version: FileVersion | null,
    failure: ArchiveFailure,
    attempt: number,
    signal: AbortSignal,
  ): Promise<Reply> {
    const same = version === null ? null : validatorOf(version);
    if (same === null || attempt > resumeAttempts) throw failure;
    // The first time at once: mostly it was only the connection.
    if (attempt > 1) await clock.sleep(Math.round(resumeFirstMs * 2 ** (attempt - 2) * (0.5 + random() / 2)), signal);
    signal.throwIfAborted();
    let reply: Reply;
    try {
      reply = await ask('GET', path, { range: `bytes=${at}-`, 'if-range': same }, signal);
    } catch (error) {
      if (!(error instanceof ArchiveFailure)) throw error;
      return resume(path, at, version, error, attempt + 1, signal);
    }
    if (reply.status === 206 && startOf(reply) === at) {
      count('resumed');
      return reply;
    }
    if (reply.status === 200 || reply.status === 206 || reply.status === 416) {
      reply.drop();
      throw new ArchiveFailure(
        `${failure.message}, and the file is another now, or is not given out in parts: it must start anew`,
      );
    }
    const refused = refusal(reply);
    if (refused.lasting) throw refused;
    return resume(path, at, version, refused, attempt + 1, signal);
  }

  async function* chunks(
    path: string,
    first: Reply,
    file: Omit<ArchiveFile, 'chunks'>,
    signal: AbortSignal,
    leave: () => void,
  ): AsyncGenerator<Uint8Array> {
    const { bytesTotal, startsAt, version } = file;
    let at = startsAt;
    let reply = first;
    let attempt = 0;
    let brokeAt = at;
    try {
      for (;;) {
        try {
          for await (const chunk of reply.chunks) {
            at += chunk.length;
            counters.bytes += chunk.length;
            if (at - brokeAt >= resumedWorthBytes) attempt = 0;
            yield chunk;
          }
          if (bytesTotal === null || at === bytesTotal) {
            count('ok');
            return;
          }
          throw new ArchiveFailure('the connection was closed');
        } catch (error) {
          if (!(error instanceof ArchiveFailure) || signal.aborted) throw error;
          count('truncated');
          brokeAt = at;
          const failure = new ArchiveFailure(
            `${error.message}, after ${at}${bytesTotal === null ? '' : ` of ${bytesTotal}`} bytes`,
          );
          reply = await resume(path, at, version, failure, ++attempt, signal);
        }
      }
    } finally {
      reply.drop();
      leave();
    }
  }

  async function openAgain(
    path: string,
    had: HadFile | null,
    signal: AbortSignal,
  ): Promise<ArchiveFile | 'absent' | 'unchanged'> {
    const end = await turns.take(signal);
    const leave = (): void => {
      signal.removeEventListener('abort', leave);
      end();
    };
    signal.addEventListener('abort', leave, { once: true });
    try {
      let reply = await ask('GET', path, had === null ? {} : conditionsOf(had), signal);
      // What is here is no beginning of the file that is there.
      if (reply.status === 416) {
        reply.drop();
        reply = await ask('GET', path, {}, signal);
      }
      const startsAt = reply.status === 206 ? startOf(reply) : 0;
      if (reply.status === 200 || (reply.status === 206 && had !== null && startsAt === had.bytes)) {
        const length = reply.header('content-length');
        const bytesTotal = length === null ? null : Number(length) + startsAt!;
        const file = { bytesTotal, startsAt: startsAt!, version: versionOf(reply) };
        if (reply.status === 206) count('resumed');
        return { ...file, chunks: chunks(path, reply, file, signal, leave) };
      }
      if (reply.status !== 304 && reply.status !== 404) throw refusal(reply);
      reply.drop();
      leave();
      count(reply.status === 304 ? 'not-modified' : 'absent');
      return reply.status === 304 ? 'unchanged' : 'absent';
    } catch (error) {
      leave();
      throw error;
    }
  }

  return {
    url,
    counters,
    open: (path, signal) => openAgain(path, null, signal) as Promise<ArchiveFile | 'absent'>,
    openAgain,
    async exists(path, signal) {
      const end = await turns.take(signal);
      try {
        const reply = await ask('HEAD', path, {}, signal);
        if (reply.status !== 200 && reply.status !== 404) throw refusal(reply);
        reply.drop();
        count(reply.status === 200 ? 'ok' : 'absent');
        return reply.status === 200;
      } finally {
        end();
      }
    },
    async turn(signal) {
      await rested(signal);
      return turns.take(signal);
    },
    rest,
  };
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
