import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { GatewayCloseCodes as Close, GatewayOpcodes as Op } from 'discord.js';
import { WebSocketServer, type WebSocket } from 'ws';
import { ok, type Answer } from '../rest/answer.js';
import { wireGuild, wireUser } from '../rest/channels.js';
import { Connection, type Payload } from './connection.js';
import type { Route } from '../rest/rest.js';
import type { World } from '../world.js';

/** Limits of Discord's documentation, Gateway: IDENTIFYs a day, sends a minute, and the heartbeat interval. */
const sessionsADay = 1000;
const sendsAMinute = 120;
/**
 * A session closed with one of these codes cannot be resumed (documentation: Gateway Close Event Codes). 1000 and 1001
 * come from the client.
 */
const endsSession: readonly number[] = [
  1000,
  1001,
  Close.AuthenticationFailed,
  Close.InvalidSeq,
  Close.SessionTimedOut,
  Close.InvalidShard,
  Close.ShardingRequired,
  Close.InvalidAPIVersion,
  Close.InvalidIntents,
  Close.DisallowedIntents,
];

export interface GatewayOptions {
  readonly heartbeatIntervalMs: number;
  /** A bit set. An IDENTIFY with any other intent is closed with 4014. */
  readonly allowedIntents: number;
}

interface Session {
  readonly id: string;
  readonly sent: Payload[];
  connection: Connection | null;
}

/** The gateway. Its sessions outlive their connections, and a test can make either fail. */
export class Gateway {
  /** false: heartbeats get no answer. */
  acknowledges = true;
  /** How many of each arrived. */
  readonly counts = { connections: 0, identifies: 0, resumes: 0, resumed: 0, heartbeats: 0 };
  readonly #sockets = new WebSocketServer({ noServer: true });
  readonly #connections = new Set<Connection>();
  readonly #sessions = new Map<string, Session>();
  /** What the next IDENTIFYs get instead of READY, one each. */
  readonly #refusals: ({ readonly kind: 'invalid' } | { readonly kind: 'close'; readonly code: number })[] = [];

  constructor(
    readonly world: World,
    readonly options: GatewayOptions,
    readonly urlOf: () => string,
    readonly onChange: () => void,
  ) {}

  get routes(): Route[] {
    return [
      ['GET', '/gateway', (): Answer => ok({ url: this.urlOf() })],
      [
        'GET',
        '/gateway/bot',
        (): Answer => ok({ url: this.urlOf(), shards: 1, session_start_limit: this.#sessionStartLimit() }),
      ],
    ];
  }

  /** For the HTTP server's 'upgrade' event. */
  readonly upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    this.#sockets.handleUpgrade(request, socket, head, (webSocket) => this.#connect(webSocket, request));
  };

  /** Every session that exists. */
  get sessions(): { readonly id: string; readonly connected: boolean }[] {
    return [...this.#sessions.values()].map(({ id, connection }) => ({ id, connected: connection !== null }));
  }

  /** Sends an event to every session. A session without a connection gets it when it resumes. */
  dispatch(type: string, data: unknown): void {
    for (const session of this.#sessions.values()) this.#send(session, type, data);
  }

  /** The next `times` IDENTIFYs get op 9 instead of READY. */
  refuseSessions(times: number): void {
    for (let n = 0; n < times; n++) this.#refusals.push({ kind: 'invalid' });
  }

  /** The next IDENTIFY is closed with this code. */
  closeAtIdentify(code: number): void {
    this.#refusals.push({ kind: 'close', code });
  }

  /** Closes every connection with this code. */
  close(code: number): void {
    for (const connection of this.#connections) {
      if (endsSession.includes(code)) this.#end(connection);
      connection.socket.close(code);
    }
  }

  /** Breaks every connection without a close frame. */
  drop(): void {
    for (const { socket } of this.#connections) socket.terminate();
  }

  /** Sends op 7 to every connection. */
  requestReconnect(): void {
    for (const connection of this.#connections) connection.send({ op: Op.Reconnect, d: null, s: null, t: null });
  }

  /** Sends op 9 to every connection. */
  invalidateSessions(resumable: boolean): void {
    for (const connection of this.#connections) {
      if (!resumable) this.#end(connection);
      connection.send({ op: Op.InvalidSession, d: resumable, s: null, t: null });
    }
  }

  /** Forgets all sessions: a RESUME gets op 9. */
  forgetSessions(): void {
    this.#sessions.clear();
  }

  #sessionStartLimit(): Record<string, number> {
    return {
      total: sessionsADay,
      remaining: Math.max(0, sessionsADay - this.counts.identifies),
      reset_after: 86_400_000,
      max_concurrency: 1,
    };
  }

  #connect(socket: WebSocket, request: IncomingMessage): void {
    const query = new URL(request.url ?? '', 'http://loopback').searchParams;
    const connection = new Connection(socket, query.get('compress') === 'zlib-stream');
    this.counts.connections++;
    this.#connections.add(connection);
    const sends: number[] = [];
    socket.on('message', (data: Buffer) => {
      const now = this.world.now();
      sends.push(now);
      while (sends[0] <= now - 60_000) sends.shift();
      if (sends.length > sendsAMinute) socket.close(Close.RateLimited);
      else this.#receive(connection, data);
      this.onChange();
    });
    socket.on('close', (code) => {
      this.#connections.delete(connection);
      if (endsSession.includes(code)) this.#end(connection);
      else if (connection.sessionId !== null) this.#detach(connection);
      this.onChange();
    });
    socket.on('error', () => socket.terminate());
    connection.send({
      op: Op.Hello,
      d: { heartbeat_interval: this.options.heartbeatIntervalMs, _trace: [] },
      s: null,
      t: null,
    });
    this.onChange();
  }

  #receive(connection: Connection, data: Buffer): void {
    let payload: { readonly op?: number; readonly d?: unknown };
    try {
      payload = JSON.parse(data.toString()) as typeof payload;
    } catch {
      connection.socket.close(Close.DecodeError);
      return;
    }
    switch (payload.op) {
      case Op.Heartbeat:
        this.counts.heartbeats++;
        if (this.acknowledges) connection.send({ op: Op.HeartbeatAck, d: null, s: null, t: null });
        break;
      case Op.Identify:
        this.#identify(connection, payload.d as { readonly token: string; readonly intents: number });
        break;
      case Op.Resume:
        this.#resume(
          connection,
          payload.d as { readonly token: string; readonly session_id: string; readonly seq: number },
        );
        break;
      case Op.PresenceUpdate:
        if (connection.sessionId === null) connection.socket.close(Close.NotAuthenticated);
        break;
      default:
        connection.socket.close(Close.UnknownOpcode);
    }
  }

  #identify(connection: Connection, { token, intents }: { readonly token: string; readonly intents: number }): void {
    this.counts.identifies++;
    const refusal = this.#refusals.shift();
    if (connection.sessionId !== null) connection.socket.close(Close.AlreadyAuthenticated);
    else if (token.replace(/^Bot /, '') !== this.world.token) connection.socket.close(Close.AuthenticationFailed);
    else if ((intents & ~this.options.allowedIntents) !== 0) connection.socket.close(Close.DisallowedIntents);
    else if (refusal?.kind === 'close') connection.socket.close(refusal.code);
    else if (refusal?.kind === 'invalid') connection.send({ op: Op.InvalidSession, d: false, s: null, t: null });
    else this.#welcome(connection);
  }

  #welcome(connection: Connection): void {
    const { world } = this;
    const session: Session = { id: `session-${world.ids.next()}`, sent: [], connection };
    this.#sessions.set(session.id, session);
    connection.sessionId = session.id;
    const guilds = [...world.guilds.values()].filter(({ members }) => members.has(world.bot.id));
    this.#send(session, 'READY', {
      v: 10,
      user: { ...wireUser(world, world.bot.id), verified: true, mfa_enabled: false, email: null, flags: 0 },
      guilds: guilds.map(({ id }) => ({ id, unavailable: true })),
      session_id: session.id,
      resume_gateway_url: this.urlOf(),
      session_type: 'normal',
      private_channels: [],
      shard: [0, 1],
      application: { id: world.application.id, flags: 0 },
    });
    for (const guild of guilds)
      this.#send(session, guild.unavailable ? 'GUILD_DELETE' : 'GUILD_CREATE', wireGuild(world, guild));
  }

  #resume(
    connection: Connection,
    { token, session_id: id, seq }: { readonly token: string; readonly session_id: string; readonly seq: number },
  ): void {
    this.counts.resumes++;
    const session = this.#sessions.get(id);
    if (token.replace(/^Bot /, '') !== this.world.token) connection.socket.close(Close.AuthenticationFailed);
    else if (session === undefined) connection.send({ op: Op.InvalidSession, d: false, s: null, t: null });
    else if (seq > session.sent.length) connection.socket.close(Close.InvalidSeq);
    else {
      this.counts.resumed++;
      session.connection = connection;
      connection.sessionId = id;
      for (const payload of session.sent.slice(seq)) connection.send(payload);
      this.#send(session, 'RESUMED', { _trace: [] });
    }
  }

  #send(session: Session, type: string, data: unknown): void {
    const payload = { op: Op.Dispatch, d: structuredClone(data), s: session.sent.length + 1, t: type };
    session.sent.push(payload);
    session.connection?.send(payload);
  }

  #detach(connection: Connection): void {
    const session = this.#sessions.get(connection.sessionId ?? '');
    if (session?.connection === connection) session.connection = null;
  }

  #end(connection: Connection): void {
    this.#sessions.delete(connection.sessionId ?? '');
  }
}
