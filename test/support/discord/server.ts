import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { GatewayIntentBits } from 'discord.js';
import { systemClock, type Clock } from '../../../src/edges/clock.js';
import { Buckets } from './rest/bucket.js';
import { Changes } from './rest/changes.js';
import { channelRoutes, commandRoutes } from './rest/channels.js';
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
   * Dates messages and ids, and ends the lives of nonces and interactions. Sockets and the client's heartbeats know
   * real time only.
   */
  readonly clock?: Clock;
  /** How long Discord remembers a nonce: "a few minutes" by its documentation. */
  readonly nonceMs?: number;
  /**
   * Whether requests are counted and refused by Discord's rate limits (5 messages in 5 s and channel); headers come in
   * any case.
   */
  readonly rateLimits?: boolean;
  readonly heartbeatIntervalMs?: number;
  /** As a bit set: Guilds alone, unless told otherwise. */
  readonly allowedIntents?: number;
}

/**
 * A loopback Discord for the unmodified client: REST v10 and the gateway, with the faults that a test scripts. See
 * README.md.
 */
export class DiscordServer {
  readonly world: World;
  readonly gateway: Gateway;
  /** What happens in Discord and is told on the gateway. */
  readonly changes: Changes;
  /** Every request that arrived, in the order of their ends: "POST /channels/1/messages". */
  readonly requests: string[] = [];
  /** What Discord's own description of its API has against the requests. */
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

  /** Up to and without the version: what DISCORD_API_URL holds. */
  get apiUrl(): string {
    return `http://127.0.0.1:${this.#port}/api`;
  }

  /**
   * Every message that was posted to a channel, as it stands now, in the order it was taken; those deleted since as
   * well.
   */
  get posted(): readonly Message[] {
    return this.#messages.posted;
  }

  /** How many requests a fault keeps waiting for an answer that never comes. */
  get hung(): number {
    return this.#hung;
  }

  /** Listens; after a stop again on the same port, with the world and the sessions as they were. */
  async start(): Promise<void> {
    this.#server = this.#createServer();
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** Breaks all connections. Throws where a request was none that Discord describes. */
  async stop(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    this.gateway.drop();
    this.#interactions.stop();
    await closed;
    this.assertClean();
  }

  /** Throws where a request was none that Discord describes. */
  assertClean(): void {
    if (this.violations.length > 0)
      throw new Error(`Discord does not describe these requests:\n${this.violations.join('\n')}`);
  }

  /** The next requests that match (message posts, unless a fault says otherwise) meet these, one each. */
  script(...faults: readonly Fault[]): void {
    this.#faults.script(...faults);
  }

  /**
   * Every request that matches (all, unless the fault says otherwise) meets this, until the returned function is
   * called.
   */
  stand(fault: Fault): () => void {
    return this.#faults.stand(fault);
  }

  /**
   * A user uses the bot. Resolves when there is something to see: an answer, after "is thinking..." the message it
   * becomes, or that nothing came in time. What follows later shows in the same object.
   */
  interact(use: Use): Promise<Seen> {
    return this.#interactions.use(use);
  }

  /** The minutes pass in which a nonce is remembered. */
  forgetNonces(): void {
    this.#messages.forgetNonces();
  }

  /** Resolves as soon as `holds`: asked again after every request, and whatever comes over the gateway. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise<void>((resolve) => this.#watchers.add(resolve));
  }

  #wake(): void {
    for (const watcher of this.#watchers) watcher();
    this.#watchers.clear();
  }
}
