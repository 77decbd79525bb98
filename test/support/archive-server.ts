import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';

/** How a file is given out. truncated: half the gzip, as if complete. reset: half, then the connection is cut. stalled: half, then silence. */
export type Serving = 'whole' | 'truncated' | 'reset' | 'stalled' | 'absent' | 'broken';

/** The RIS archive on loopback: https://data.ris.ripe.net's paths and nothing else. */
export interface ArchiveServer {
  readonly url: string;
  /** Paths asked for so far, in order. */
  readonly requests: readonly string[];
  /** Publishes MRT bytes under /rrcNN/latest-bview.gz. */
  rib(collector: string, mrt: Uint8Array, serving?: Serving): void;
  /** Publishes MRT bytes as the update file that starts then (a whole multiple of 5 min, Unix ms). */
  updates(collector: string, start: number, mrt: Uint8Array, serving?: Serving): void;
  /** The next `times` requests for this path are served so; then as published. */
  fail(path: string, serving: Serving, times: number): void;
  /** Resolves when the path has been asked for so often in all. */
  asked(path: string, times?: number): Promise<void>;
  stop(): Promise<void>;
}

/** The path of an update file, relative to the archive: rrc00/2024.01/updates.20240101.0005.gz */
export function updatesPath(collector: string, start: number): string {
  const [date, time] = new Date(start).toISOString().split('T') as [string, string];
  return `/${collector}/${date.slice(0, 7).replace('-', '.')}/updates.${date.replaceAll('-', '')}.${time.slice(0, 5).replace(':', '')}.gz`;
}

export async function startArchiveServer(): Promise<ArchiveServer> {
  const files = new Map<string, { readonly gz: Buffer; readonly serving: Serving }>();
  const failures = new Map<string, { readonly serving: Serving; times: number }>();
  const requests: string[] = [];
  let watchers: (() => void)[] = [];

  const serve = (request: IncomingMessage, response: ServerResponse): void => {
    const path = request.url ?? '';
    requests.push(path);
    const file = files.get(path);
    const failure = failures.get(path);
    const failing = failure !== undefined && failure.times-- > 0;
    const serving = failing ? failure.serving : (file?.serving ?? 'absent');
    if (serving === 'broken') response.writeHead(500).end();
    else if (serving === 'absent' || file === undefined) response.writeHead(404).end();
    else if (serving === 'whole' || serving === 'truncated') {
      const body = serving === 'whole' ? file.gz : file.gz.subarray(0, Math.floor(file.gz.length / 2));
      response.writeHead(200, { 'content-type': 'application/gzip', 'content-length': body.length }).end(request.method === 'HEAD' ? undefined : body);
    } else {
      response.writeHead(200, { 'content-type': 'application/gzip', 'content-length': file.gz.length });
      response.write(file.gz.subarray(0, Math.floor(file.gz.length / 2)), () => {
        if (serving === 'reset') response.destroy();
      });
    }
    const waiting = watchers;
    watchers = [];
    for (const watcher of waiting) watcher();
  };
  const server = createServer(serve);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  const publish = (path: string, mrt: Uint8Array, serving: Serving): void => {
    files.set(path, { gz: gzipSync(mrt), serving });
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    rib: (collector, mrt, serving = 'whole') => publish(`/${collector}/latest-bview.gz`, mrt, serving),
    updates: (collector, start, mrt, serving = 'whole') => publish(updatesPath(collector, start), mrt, serving),
    fail: (path, serving, times) => failures.set(path, { serving, times }),
    async asked(path, times = 1) {
      while (requests.filter((request) => request === path).length < times) {
        await new Promise<void>((resolve) => watchers.push(resolve));
      }
    },
    async stop() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
