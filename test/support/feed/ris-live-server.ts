import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import { heldInTime, inTime } from '../in-time.js';

export interface Subscription {
  readonly host?: string;
  readonly socketOptions?: { readonly acknowledge?: boolean; readonly includeRaw?: boolean };
  readonly [filter: string]: unknown;
}

export interface RisLiveServerOptions {
  /** Collectors whose subscription is never acknowledged. */
  readonly ignoring?: readonly string[];
  /** 0: any free port. */
  readonly port?: number;
}

/**
 * RIS Live on loopback: acknowledges subscriptions, answers pings, and sends what the test tells it to send. Every
 * connection gets every message, whatever it subscribed to.
 */
export interface RisLiveServer {
  readonly url: string;
  readonly port: number;
  /** The subscriptions of all connections so far, in order. */
  readonly subscriptions: readonly Subscription[];
  /** The request path (with its query) of each connection so far. */
  readonly requests: readonly string[];
  readonly pings: number;
  readonly connections: number;
  /** Resolves when this many connections were made in all, and the last one has subscribed this often. */
  subscribed(connections: number, subscriptions?: number): Promise<void>;
  /** Sends text frames: objects as JSON, strings and bytes unchanged. */
  send(...frames: readonly (object | string | Uint8Array)[]): void;
  /** Resolves when every open connection has read all that was sent on it. */
  read(): Promise<void>;
  risError(message: string): void;
  /** Breaks every connection without a close frame. */
  drop(): void;
  /** Closes every connection as a server does. */
  close(code: number, reason: string): void;
  stop(): Promise<void>;
}

export async function startRisLiveServer(options: RisLiveServerOptions = {}): Promise<RisLiveServer> {
  const http = createServer();
  const wss = new WebSocketServer({ server: http, perMessageDeflate: false });
  const subscriptions: Subscription[] = [];
  const requests: string[] = [];
  const live = new Map<WebSocket, Socket>();
  const subscribedOf: number[] = [];
  let pings = 0;
  let watchers: (() => void)[] = [];
  const changed = (): void => {
    const waiting = watchers;
    watchers = [];
    for (const watcher of waiting) watcher();
  };

  wss.on('connection', (socket, request) => {
    const number = subscribedOf.push(0) - 1;
    requests.push(request.url ?? '');
    live.set(socket, request.socket);
    socket.on('close', () => live.delete(socket));
    socket.on('error', () => undefined);
    socket.on('message', (raw: Buffer) => {
      const message = JSON.parse(raw.toString('utf8')) as { type: string; data?: Subscription };
      if (message.type === 'ping') {
        pings++;
        socket.send('{"type":"pong"}');
      } else if (message.type === 'ris_subscribe') {
        const { socketOptions, ...subscription } = message.data ?? {};
        subscriptions.push(message.data ?? {});
        subscribedOf[number]++;
        if (socketOptions?.acknowledge && !options.ignoring?.includes(subscription.host ?? '')) {
          socket.send(JSON.stringify({ type: 'ris_subscribe_ok', data: { subscription, socketOptions } }));
        }
      } else {
        socket.send(
          JSON.stringify({ type: 'ris_error', data: { message: 'Unknown command type', command_type: message.type } }),
        );
      }
      changed();
    });
    changed();
  });
  await new Promise<void>((resolve) => http.listen(options.port ?? 0, '127.0.0.1', resolve));
  const port = (http.address() as AddressInfo).port;

  const each = (act: (socket: WebSocket, tcp: Socket) => void): void => {
    for (const [socket, tcp] of live) act(socket, tcp);
  };
  const send = (...frames: readonly (object | string | Uint8Array)[]): void => {
    each((socket, tcp) => {
      // All frames in one packet: a packet costs both ends more than a frame does.
      tcp.cork();
      for (const frame of frames) {
        const raw = typeof frame === 'string' || frame instanceof Uint8Array;
        socket.send(raw ? frame : JSON.stringify(frame), { binary: false });
      }
      tcp.uncork();
    });
  };
  return {
    url: `ws://127.0.0.1:${port}/v1/ws/`,
    port,
    subscriptions,
    requests,
    get pings() {
      return pings;
    },
    get connections() {
      return subscribedOf.length;
    },
    subscribed: (connections, times = 1) =>
      heldInTime(
        () => subscribedOf.length >= connections && subscribedOf[connections - 1] >= times,
        () => new Promise<void>((resolve) => watchers.push(resolve)),
        () => `connection ${connections} to RIS Live and subscription ${times} on it`,
      ),
    send,
    async read() {
      // The answer to a ping comes after everything before the ping was read.
      const answers = [...live.keys()]
        .filter((socket) => socket.readyState === socket.OPEN)
        .map(
          (socket) =>
            new Promise<void>((resolve) => {
              const done = (): void => {
                socket.off('pong', done).off('close', done);
                resolve();
              };
              socket.on('pong', done).on('close', done).ping();
            }),
        );
      await inTime(Promise.all(answers), () => 'the connections to RIS Live to read what was sent');
    },
    risError: (message) => send({ type: 'ris_error', data: { message } }),
    drop: () => each((socket) => socket.terminate()),
    close: (code, reason) => each((socket) => socket.close(code, reason)),
    async stop() {
      each((socket) => socket.terminate());
      wss.close();
      await new Promise<void>((resolve) => http.close(() => resolve()));
    },
  };
}
