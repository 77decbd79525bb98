import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { heldInTime } from '../in-time.js';

/**
 * How a file is served. truncated: half the gzip, as if complete. reset: half of the range asked for, then the
 * connection breaks. stalled: half, then silence. dripping: one byte of the range asked for, then the connection
 * breaks. empty: no byte, as if complete. busy: 503, with a request to wait two minutes. corrupt: one byte of the gzip
 * is changed.
 */
export type Serving =
  'whole' | 'truncated' | 'reset' | 'stalled' | 'dripping' | 'empty' | 'absent' | 'broken' | 'busy' | 'corrupt';

export interface ArchiveAnswer {
  readonly path: string;
  readonly status: number;
  /** The request's Range header. */
  readonly range: string | null;
}

/** The RIS archive on loopback: only the paths of https://data.ris.ripe.net. */
export interface ArchiveServer {
  readonly url: string;
  /** The paths of all requests, in order. */
  readonly requests: readonly string[];
  /** How each request was answered. */
  readonly answers: readonly ArchiveAnswer[];
  /** Requests whose answer is under way. */
  readonly open: number;
  /** Publishes MRT bytes under /rrcNN/latest-bview.gz. */
  rib(collector: string, mrt: Uint8Array, serving?: Serving): void;
  /** Publishes these bytes unchanged. */
  publish(path: string, gz: Uint8Array, serving?: Serving): void;
  /** Publishes MRT bytes as the update file that starts at `start` (a whole multiple of 5 min, Unix ms). */
  updates(collector: string, start: number, mrt: Uint8Array, serving?: Serving): void;
  /** Serves the next `times` requests for this path in this way; after that, as published. */
  fail(path: string, serving: Serving, times: number): void;
  /** Resolves when the path has been requested `times` times in all. */
  asked(path: string, times?: number): Promise<void>;
  stop(): Promise<void>;
}

/** The path of an update file, relative to the archive: rrc00/2024.01/updates.20240101.0005.gz */
export function updatesPath(collector: string, start: number): string {
  const [year, month, day, hour, minute] = new Date(start).toISOString().split(/[-T:]/);
  return `/${collector}/${year}.${month}/updates.${year}${month}${day}.${hour}${minute}.gz`;
}

export interface ArchiveServerOptions {
  /**
   * Whether answers carry an ETag, Last-Modified and ranges, as RIPE's server does. Without them a file has no version.
   */
  readonly versions?: boolean;
  /** 0: any free port. */
  readonly port?: number;
}

export async function startArchiveServer({
  versions = false,
  port = 0,
}: ArchiveServerOptions = {}): Promise<ArchiveServer> {
  const files = new Map<string, { readonly gz: Buffer; readonly serving: Serving }>();
  const failures = new Map<string, { readonly serving: Serving; times: number }>();
  const requests: string[] = [];
  const answers: ArchiveAnswer[] = [];
  let open = 0;
  let watchers: (() => void)[] = [];

  const serve = (request: IncomingMessage, response: ServerResponse): void => {
    const path = request.url ?? '';
    requests.push(path);
    open++;
    response.on('close', () => open--);
    const file = files.get(path);
    const failure = failures.get(path);
    const failing = failure !== undefined && failure.times-- > 0;
    const serving = failing ? failure.serving : (file?.serving ?? 'absent');
    const answer = (status: number, headers: Record<string, string | number> = {}): ServerResponse => {
      answers.push({ path, status, range: request.headers.range ?? null });
      return response.writeHead(status, headers);
    };
    const give = (gz: Buffer): void => {
      const etag = `"${createHash('sha1').update(gz).digest('hex')}"`;
      const named = {
        'content-type': 'application/gzip',
        ...(versions ? { etag, 'last-modified': 'Mon, 01 Jan 2024 08:05:00 GMT', 'accept-ranges': 'bytes' } : {}),
      };
      if (versions && request.headers['if-none-match'] === etag) {
        answer(304, named).end();
        return;
      }
      const asked = /^bytes=(\d+)-$/.exec(request.headers.range ?? '');
      const from = versions && asked !== null && request.headers['if-range'] === etag ? Number(asked[1]) : 0;
      const body = gz.subarray(from);
      if (from > 0 && from >= gz.length) {
        answer(416, { 'content-range': `bytes */${gz.length}` }).end();
        return;
      }
      const range = from > 0 ? { 'content-range': `bytes ${from}-${gz.length - 1}/${gz.length}` } : {};
      answer(from > 0 ? 206 : 200, { ...named, ...range, 'content-length': body.length });
      if (request.method === 'HEAD') response.end();
      else if (serving !== 'reset' && serving !== 'stalled' && serving !== 'dripping') response.end(body);
      else {
        response.write(body.subarray(0, serving === 'dripping' ? 1 : Math.floor(body.length / 2)), () => {
          if (serving !== 'stalled') response.destroy();
        });
      }
    };
    if (serving === 'broken') answer(500).end();
    else if (serving === 'busy') answer(503, { 'retry-after': 120 }).end();
    else if (serving === 'absent' || file === undefined) answer(404).end();
    else if (serving === 'empty') give(Buffer.alloc(0));
    else if (serving === 'truncated') give(file.gz.subarray(0, Math.floor(file.gz.length / 2)));
    else if (serving === 'corrupt')
      give(Buffer.from(file.gz).fill(file.gz[file.gz.length - 6] ^ 0xff, file.gz.length - 6, file.gz.length - 5));
    else give(file.gz);
    const waiting = watchers;
    watchers = [];
    for (const watcher of waiting) watcher();
  };
  const server = createServer(serve);
  /** Includes connections without a request yet: if one came while we stop, the stop would wait for it for ever. */
  const sockets = new Set<Socket>();
  let stopped = false;
  server.on('connection', (socket: Socket) => {
    if (stopped) socket.destroy();
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));

  const publish = (path: string, mrt: Uint8Array, serving: Serving): void => {
    files.set(path, { gz: gzipSync(mrt), serving });
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    answers,
    get open() {
      return open;
    },
    publish(path, gz, serving = 'whole') {
      files.set(path, { gz: Buffer.from(gz), serving });
    },
    rib: (collector, mrt, serving = 'whole') => publish(`/${collector}/latest-bview.gz`, mrt, serving),
    updates: (collector, start, mrt, serving = 'whole') => publish(updatesPath(collector, start), mrt, serving),
    fail: (path, serving, times) => failures.set(path, { serving, times }),
    asked: (path, times = 1) =>
      heldInTime(
        () => requests.filter((request) => request === path).length >= times,
        () => new Promise<void>((resolve) => watchers.push(resolve)),
        () => `request ${times} for ${path}`,
      ),
    async stop() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      stopped = true;
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
