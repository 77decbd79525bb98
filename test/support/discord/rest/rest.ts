import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { errorAnswer, ok, Refusal, type Answer } from './answer.js';
import { exhaustedHeaders, type Buckets } from './bucket.js';
import type { Faults } from '../faults.js';
import { checkRequestSize } from './limits.js';
import { readBody, type Body, type UploadedFile } from './multipart.js';
import { violationsOf } from '../oracle.js';
import type { World } from '../world.js';

/** A request as a route gets it. */
export interface Call {
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly json: unknown;
  readonly files: readonly UploadedFile[];
}

/** The path has `:names`. The function throws a Refusal if Discord refuses the request. */
export type Route = readonly [method: string, path: string, work: (call: Call) => Answer];

export interface RestOptions {
  readonly world: World;
  readonly routes: readonly Route[];
  readonly faults: Faults;
  readonly buckets: Buckets;
  /**
   * Called after each request with "POST /channels/1/messages" and the request's violations of Discord's API
   * description.
   */
  readonly onRequest: (request: string, violations: readonly string[]) => void;
  /** A fault leaves this request without an answer, until its connection closes. */
  readonly onHang: (response: ServerResponse) => void;
}

/** These paths carry a token of their own, so the bot's token in the header is not checked. */
const withoutBotToken = [/^\/interactions\//, /^\/webhooks\//];

/** REST v10 over HTTP: reads requests, asks the oracle, applies faults, and answers with rate limit headers. */
export function createRest({ world, routes, faults, buckets, onRequest, onHang }: RestOptions): Server {
  const compiled = routes.map(([method, path, work]) => ({
    method,
    pattern: new RegExp(`^${path.replace(/:(\w+)/g, '(?<$1>[^/]+)')}$`),
    work,
  }));

  const work = (
    method: string,
    path: string,
    query: URLSearchParams,
    authorization: string | undefined,
    body: Body,
  ): Answer => {
    if (authorization !== `Bot ${world.token}` && !withoutBotToken.some((pattern) => pattern.test(path)))
      return errorAnswer(401, 0);
    for (const route of compiled) {
      const match = route.method === method ? route.pattern.exec(path) : null;
      if (match === null) continue;
      try {
        return route.work({ params: { ...match.groups }, query, ...body });
      } catch (error) {
        if (error instanceof Refusal) return error.answer;
        throw error;
      }
    }
    return errorAnswer(404, 0);
  };

  const receive = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const method = request.method ?? '';
    const url = new URL(request.url ?? '', 'http://loopback');
    const path = decodeURIComponent(url.pathname).replace(/^\/api\/v10(?=\/)/, '');
    const bytes = await bytesOf(request);
    if (bytes === null) return;
    const known = compiled.some((route) => route.method === method && route.pattern.test(path));
    const violations = known ? [] : [`${method} ${path}: the loopback has no such route`];
    let body: Body = { json: undefined, files: [] };
    try {
      body = await readBody(request.headers, bytes);
    } catch (error) {
      violations.push(`${method} ${path}: unreadable body: ${String(error)}`);
    }
    violations.push(...violationsOf({ method, path, query: url.searchParams, json: body.json }));

    const { refusal, headers } = buckets.take(method, path);
    const send = (answer: Answer): void => {
      const seconds = answer.headers?.['retry-after'];
      const limits = seconds === undefined ? headers : exhaustedHeaders(method, path, world.now(), Number(seconds));
      reply(response, answer, answer.headers?.['x-ratelimit-global'] === undefined ? limits : {});
    };
    const done = (): Answer => {
      try {
        checkRequestSize(bytes.length);
      } catch (error) {
        if (error instanceof Refusal) return error.answer;
        throw error;
      }
      return work(method, path, url.searchParams, request.headers.authorization, body);
    };

    const fate = faults.take(method, path);
    if (fate?.kind === 'answer') send(fate.answer);
    else if (fate?.kind === 'page')
      response.writeHead(fate.status, { 'content-type': 'text/html' }).end('<html>Please sign in</html>');
    else if (fate?.kind === 'lost') {
      const answer = fate.done ? done() : null;
      // A refusal is answered even if the answer was to be lost: only a request that was carried out can lose its
      // answer.
      if (answer !== null && answer.status >= 400) send(answer);
      else if (fate.how === 'reset') response.destroy();
      else onHang(response);
    } else send(refusal ?? done());
    onRequest(`${method} ${path}`, violations);
  };

  return createServer((request, response) => void receive(request, response));
}

/** null: the client disconnected before the end. */
async function bytesOf(request: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of request) chunks.push(chunk as Buffer);
  } catch {
    return null;
  }
  return Buffer.concat(chunks);
}

function reply(
  response: ServerResponse,
  { status, body, headers }: Answer,
  limits: Readonly<Record<string, string>>,
): void {
  if (body === undefined) response.writeHead(status, { ...limits, ...headers }).end();
  else
    response.writeHead(status, { 'content-type': 'application/json', ...limits, ...headers }).end(JSON.stringify(body));
}

/** Routes that tell the bot who it is and which guilds it is in. */
export function identityRoutes(world: World): Route[] {
  const shown = {
    icon: null,
    description: '',
    bot_public: true,
    bot_require_code_grant: false,
    verify_key: '0'.repeat(64),
    flags: 0,
  };
  const application = (): Answer => ok({ ...world.application, ...shown });
  const guilds = (): unknown[] =>
    [...world.guilds.values()]
      .filter(({ members }) => members.has(world.bot.id))
      .map(({ id, name }) => ({ id, name, icon: null, banner: null, owner: false, permissions: '0', features: [] }));
  return [
    [
      'GET',
      '/users/@me',
      () => ok({ ...world.bot, discriminator: '0', global_name: null, avatar: null, flags: 0, public_flags: 0 }),
    ],
    ['GET', '/users/@me/guilds', () => ok(guilds())],
    ['GET', '/applications/@me', application],
    ['GET', '/oauth2/applications/@me', application],
  ];
}
