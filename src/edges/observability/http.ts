import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';

/** Whether this process does its job now, and if not, why, in sentences. */
export interface Health {
  readonly ready: boolean;
  readonly reasons: readonly string[];
}

export interface HttpOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly registry: Registry;
  readonly health: () => Health;
  /** What is known of every peer, for JSON; null where this process has no table. */
  readonly peers: () => readonly object[] | null;
}

export interface Http {
  /** The port it listens on. Rejects with HttpListenError. */
  start(): Promise<number>;
  /** Ends open connections too. */
  stop(): Promise<void>;
}

/** The address cannot be had; the message names the variable to change. */
export class HttpListenError extends Error {
  override readonly name = 'HttpListenError';
}

/**
 * /healthz: 200 while the process lives. /readyz: 200, or 503 with the reasons. /metrics: Prometheus text. /peers:
 * JSON. Anything else: 404.
 */
export function createHttp({ host, port, registry, health, peers }: HttpOptions): Http {
  const server = createServer((request, response) => {
    const path = request.url?.split('?', 1)[0];
    if (request.method !== 'GET' && request.method !== 'HEAD') answer(response, 404, 'text/plain', 'not found\n');
    else if (path === '/healthz') answer(response, 200, 'text/plain', 'ok\n');
    else if (path === '/readyz') {
      const { ready, reasons } = health();
      answer(response, ready ? 200 : 503, 'application/json', `${JSON.stringify({ ready, reasons })}\n`);
    } else if (path === '/peers') {
      const known = peers();
      if (known === null) answer(response, 404, 'text/plain', 'this process has no table\n');
      else answer(response, 200, 'application/json', `${JSON.stringify({ peers: known })}\n`);
    } else if (path === '/metrics') {
      registry.metrics().then(
        (text) => answer(response, 200, registry.contentType, text),
        (error: unknown) => answer(response, 500, 'text/plain', `${String(error)}\n`),
      );
    } else answer(response, 404, 'text/plain', 'not found\n');
  });
  return {
    start: () => listen(server, host, port),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function answer(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) }).end(body);
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.on('error', (error: NodeJS.ErrnoException) =>
      reject(new HttpListenError(sayWhy(error, host, port), { cause: error })),
    );
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
  });
}

function sayWhy(error: NodeJS.ErrnoException, host: string, port: number): string {
  if (error.code === 'EADDRINUSE')
    return `HTTP_PORT ${port} on ${host} is in use by another process: set another HTTP_PORT, or 0 for none`;
  if (error.code === 'EACCES')
    return `HTTP_PORT ${port} may not be used by this user: set one above 1023, or 0 for none`;
  return `HTTP_HOST ${host} with HTTP_PORT ${port} cannot be listened on: ${error.message}`;
}
