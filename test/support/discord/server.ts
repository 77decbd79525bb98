import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { GatewayIntentBits } from 'discord.js';
import { systemClock, type Clock } from '../../../src/edges/clock.js';
import { Buckets } from './rest/bucket.js';
import { Changes } from './rest/changes.js';
import { channelRoutes, commandRoutes } from './rest/channels.js';
import { heldInTime } from '../in-time.js';
import { Faults, type Fault } from './faults.js';
import { Gateway } from './gateway/gateway.js';
import type { Seen, Use } from './gateway/interaction.js';
import { Interactions } from './gateway/interactions.js';
import type { Message } from './message.js';
import { Messages } from './rest/messages.js';
import { createRest, identityRoutes } from './rest/rest.js';
import { World } from './world.js';

export interface DiscordOptions {
  /**
   * Gives messages and ids their time, and ends the life of nonces and interactions. Sockets and the client's
   * heartbeats follow real time.
   */
  readonly clock?: Clock;
  /** How long Discord remembers a nonce. The documentation says "a few minutes". */
  readonly nonceMs?: number;
  /** Whether rate limits are enforced (5 messages in 5 s per channel). The headers are always sent. */
  readonly rateLimits?: boolean;
  readonly heartbeatIntervalMs?: number;
  /** A bit set. Default: Guilds alone. */
  readonly allowedIntents?: number;
}

/**
 * A loopback Discord for the unmodified client: REST v10 and the gateway, with the faults that a test scripts. See
 * README.md.
 */
export class DiscordServer {
  readonly world: World;
  readonly gateway: Gateway;
  /** Changes the world and tells the client through the gateway. */
  readonly changes: Changes;
  /** Every request in the order in which they ended: "POST /channels/1/messages". */
  readonly requests: string[] = [];
  /** Every difference between the requests and Discord's own description of its API. */
  readonly violations: string[] = [];
  readonly #faults = new Faults();
  readonly #messages: Messages;
  readonly #interactions: Interactions;
  readonly #watchers = new Set<() => void>();
  #hung = 0;
  readonly #createServer: () => Server;
  #server = createServer();
  #port = 0;

  constructor({
    clock = systemClock,
    nonceMs = 180_000,
    rateLimits = false,
    heartbeatIntervalMs = 41_250,
    allowedIntents = GatewayIntentBits.Guilds,
  }: DiscordOptions = {}) {
    const now = (): number => clock.now();
    this.world = new World(now);
    this.#messages = new Messages(this.world, nonceMs);
    const onChange = (): void => this.#wake();
    this.gateway = new Gateway(
      this.world,
      { heartbeatIntervalMs, allowedIntents },
      () => `ws://127.0.0.1:${this.#port}/`,
      onChange,
    );
    this.changes = new Changes(this.world, this.gateway);
    this.#interactions = new Interactions(this.world, this.gateway, this.#messages, clock);
    const routes = [
      ...identityRoutes(this.world),
      ...channelRoutes(this.world),
      ...commandRoutes(this.world),
      ...this.#messages.routes,
      ...this.gateway.routes,
      ...this.#interactions.routes,
    ];
    const onRequest = (request: string, violations: readonly string[]): void => {
      this.requests.push(request);
      this.violations.push(...violations);
      this.#wake();
    };
    const options = {
      world: this.world,
      routes,
      faults: this.#faults,
      buckets: new Buckets(now, rateLimits),
      onRequest,
      onHang: (response: ServerResponse): void => {
        this.#hung++;
        response.once('close', () => this.#hung--);
      },
    };
    this.#createServer = () => createRest(options).on('upgrade', this.gateway.upgrade);
  }

  /** The address without the version, as DISCORD_API_URL holds it. */
  get apiUrl(): string {
    return `http://127.0.0.1:${this.#port}/api`;
  }

  /** Every message posted to a channel, in order, as it is now, including deleted ones. */
  get posted(): readonly Message[] {
    return this.#messages.posted;
  }

  /** How many requests a fault keeps waiting for an answer that never comes. */
  get hung(): number {
    return this.#hung;
  }

  /** Listens. After a stop it listens on the same port, with the same world and sessions. */
  async start(): Promise<void> {
    this.#server = this.#createServer();
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** Breaks all connections. Throws if a request violated Discord's API description. */
  async stop(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    this.gateway.drop();
    this.#interactions.stop();
    await closed;
    this.assertClean();
  }

  /** Throws if a request violated Discord's API description. */
  assertClean(): void {
    if (this.violations.length > 0)
      throw new Error(`Discord does not describe these requests:\n${this.violations.join('\n')}`);
  }

  /** Each fault strikes one of the next matching requests. Default: posts of messages. */
  script(...faults: readonly Fault[]): void {
    this.#faults.script(...faults);
  }

  /** Strikes every matching request (default: all) until the returned function is called. */
  stand(fault: Fault): () => void {
    return this.#faults.stand(fault);
  }

  /**
   * A user uses the bot. Resolves when there is something to see: an answer (after "is thinking..." the message that
   * replaces it), or that no answer came in time. Later changes show in the same object.
   */
  interact(use: Use): Promise<Seen> {
    return this.#interactions.use(use);
  }

  /** Forgets all nonces, as Discord does after some minutes. */
  forgetNonces(): void {
    this.#messages.forgetNonces();
  }

  /** Resolves as soon as `holds` returns true. It is asked after every request and every gateway message. */
  async until(holds: () => boolean): Promise<void> {
    await heldInTime(
      holds,
      () => this.next(),
      () => `${String(holds)}; Discord's last requests: ${this.requests.slice(-5).join(', ')}`,
    );
  }

  /** Resolves at the next request or gateway message. */
  next(): Promise<void> {
    return new Promise((resolve) => this.#watchers.add(resolve));
  }

  #wake(): void {
    for (const watcher of this.#watchers) watcher();
    this.#watchers.clear();
  }
}
