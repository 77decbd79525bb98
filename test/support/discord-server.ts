import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * A loopback Discord for the unmodified client: REST v10 as far as a bot that writes to channels uses it, with faults that strike the
 * next messages in the order they are scripted. Errors have the shape and the codes of Discord's documentation.
 */
export type Fault =
  | { readonly kind: 'rate-limit'; readonly retryAfterSeconds: number; readonly global?: boolean }
  /** code 0, as Discord gives where it has none. */
  | { readonly kind: 'error'; readonly status: number; readonly code?: number }
  /** The message is taken, but the answer is lost with the connection. */
  | { readonly kind: 'accept-then-reset' }
  | { readonly kind: 'reset' }
  | { readonly kind: 'hang' }
  | { readonly kind: 'accept-then-hang' }
  /** Not Discord's: what a proxy or a captive portal says. */
  | { readonly kind: 'page'; readonly status: number };

export interface MessageBody {
  readonly content?: string;
  readonly embeds?: readonly {
    readonly title?: string;
    readonly description?: string;
    readonly color?: number;
    readonly fields?: readonly { readonly name: string; readonly value: string }[];
    readonly footer?: { readonly text: string };
  }[];
  readonly nonce?: string;
  readonly enforce_nonce?: boolean;
  readonly allowed_mentions?: { readonly parse?: readonly string[] };
}

export interface PostedMessage extends MessageBody {
  readonly id: string;
  readonly channelId: string;
}

/** What exists in this Discord; a test may change it at any time. */
export interface DiscordWorld {
  token: string;
  user: { id: string; username: string };
  applicationId: string;
  guilds: { id: string; name: string }[];
  /** By id. `forbidden`: the error code of the 403 that the bot gets there. */
  channels: Map<string, { name: string; forbidden?: 50001 | 50013 }>;
}

interface Call {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly path: string[];
  readonly body: unknown;
}

const limits = { content: 2000, nonce: 25 };

export class DiscordServer {
  readonly world: DiscordWorld = {
    token: 'good-token',
    user: { id: '100000000000000001', username: 'lightsout' },
    applicationId: '100000000000000002',
    guilds: [{ id: '300000000000000001', name: 'newsroom' }],
    channels: new Map([['200000000000000001', { name: 'alerts' }]]),
  };
  /** Every message that stands in a channel, in the order it was taken. */
  readonly posted: PostedMessage[] = [];
  /** Every request that arrived: "POST /channels/1/messages". */
  readonly requests: string[] = [];
  readonly #faults: Fault[] = [];
  /** (channel, nonce) to message, as long as Discord remembers: a few minutes. */
  readonly #nonces = new Map<string, PostedMessage>();
  readonly #watchers = new Set<() => void>();
  #server = createServer();
  #port = 0;

  /** Up to and without the version: what DISCORD_API_URL holds. */
  get apiUrl(): string {
    return `http://127.0.0.1:${this.#port}/api`;
  }

  /** Listens; after a stop again on the same port. */
  async start(): Promise<void> {
    this.#server = createServer((request, response) => void this.#receive(request, response));
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  /** The next messages meet these, one each. */
  script(...faults: readonly Fault[]): void {
    this.#faults.push(...faults);
  }

  /** The minutes pass in which a nonce is remembered. */
  forgetNonces(): void {
    this.#nonces.clear();
  }

  /** Resolves as soon as `holds`: asked again after every request. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise<void>((resolve) => this.#watchers.add(resolve));
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const route = (request.url ?? '').replace(/\?.*$/, '').replace(/^\/api\/v10/, '');
    const text = Buffer.concat(chunks).toString();
    this.requests.push(`${request.method ?? ''} ${route}`);
    this.#answer({ request, response, path: route.split('/').slice(1), body: text === '' ? null : JSON.parse(text) });
    for (const watcher of this.#watchers) watcher();
    this.#watchers.clear();
  }

  #answer(call: Call): void {
    const { world } = this;
    const { request, response, path } = call;
    if (request.headers.authorization !== `Bot ${world.token}`) {
      refuse(response, 401, 0);
      return;
    }
    const answers: Record<string, () => void> = {
      'GET users/@me': () => reply(response, 200, { ...world.user, discriminator: '0', avatar: null, bot: true }),
      'GET users/@me/guilds': () => reply(response, 200, world.guilds),
      'GET oauth2/applications/@me': () => reply(response, 200, { id: world.applicationId, name: world.user.username }),
      'GET channels/:id': () => this.#inChannel(call, (id, name) => reply(response, 200, { id, name, type: 0 })),
      'POST channels/:id/messages': () => this.#post(call),
    };
    const route = `${request.method ?? ''} ${path.map((part) => (/^\d+$/.test(part) ? ':id' : part)).join('/')}`;
    (answers[route] ?? (() => refuse(response, 404, 0)))();
  }

  #inChannel({ response, path }: Call, answer: (id: string, name: string) => void): void {
    const id = path[1];
    const channel = this.world.channels.get(id);
    if (channel === undefined) refuse(response, 404, 10003);
    else if (channel.forbidden !== undefined) refuse(response, 403, channel.forbidden);
    else answer(id, channel.name);
  }

  #post(call: Call): void {
    const { response } = call;
    const fault = this.#faults.shift();
    const taken = (answer: (message: PostedMessage) => void): void => this.#inChannel(call, (id) => this.#take(call, id, answer));
    if (fault === undefined) taken((message) => reply(response, 200, message));
    else if (fault.kind === 'accept-then-reset') taken(() => response.destroy());
    else if (fault.kind === 'accept-then-hang') taken(() => undefined);
    else if (fault.kind === 'reset') response.destroy();
    else if (fault.kind === 'page') response.writeHead(fault.status, { 'content-type': 'text/html' }).end('<html>Please sign in</html>');
    else if (fault.kind === 'error') refuse(response, fault.status, fault.code ?? 0);
    else if (fault.kind === 'rate-limit') limitRate(response, fault.retryAfterSeconds, fault.global ?? false);
  }

  #take({ response, body }: Call, channelId: string, answer: (message: PostedMessage) => void): void {
    const message = body as MessageBody;
    const empty = (message.content ?? '') === '' && (message.embeds ?? []).length === 0;
    if (empty || (message.content ?? '').length > limits.content || (message.nonce ?? '').length > limits.nonce) {
      refuse(response, 400, 50035);
      return;
    }
    const key = `${channelId} ${message.nonce ?? ''}`;
    const known = message.enforce_nonce === true ? this.#nonces.get(key) : undefined;
    if (known !== undefined) {
      answer(known);
      return;
    }
    const posted = { ...message, id: String(900000000000000000n + BigInt(this.posted.length)), channelId };
    this.posted.push(posted);
    if (message.nonce !== undefined) this.#nonces.set(key, posted);
    answer(posted);
  }
}

function reply(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

function refuse(response: ServerResponse, status: number, code: number): void {
  reply(response, status, { message: `error ${code}`, code });
}

/** As the documentation's "Rate Limits" gives it: a header in seconds, and the same in the body. */
function limitRate(response: ServerResponse, seconds: number, global: boolean): void {
  const scope: Record<string, string> = global
    ? { 'x-ratelimit-global': 'true', 'x-ratelimit-scope': 'global' }
    : { 'x-ratelimit-limit': '5', 'x-ratelimit-remaining': '0', 'x-ratelimit-reset-after': String(seconds), 'x-ratelimit-bucket': 'messages' };
  reply(response, 429, { message: 'You are being rate limited.', retry_after: seconds, global }, { 'retry-after': String(seconds), ...scope });
}
