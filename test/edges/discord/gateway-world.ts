import { after } from 'node:test';
import { systemClock, type Clock } from '../../../src/edges/clock.js';
import type { Command, CommandDeps } from '../../../src/edges/discord/commands/parts/command.js';
import { createGateway, type Gateway, type GatewayEnd } from '../../../src/edges/discord/gateway/gateway.js';
import { createLogger } from '../../../src/edges/observability/index.js';
import { FakeClock } from '../../support/clocks/fake-clock.js';
import { DiscordServer, type DiscordOptions } from '../../support/discord/server.js';
import { heldInTime } from '../../support/in-time.js';

export interface GatewayWorldOptions extends Omit<DiscordOptions, 'clock'> {
  /** The bot's clock. Discord's stands still, so that no answer is too late, however slow the machine is. */
  readonly clock?: Clock;
  readonly commands?: readonly Command[];
}

/** A bot connected to a loopback Discord, with everything that it logs and reports. */
export class GatewayWorld {
  readonly discord: DiscordServer;
  readonly lines: { readonly level: number; readonly msg: string; readonly [key: string]: unknown }[] = [];
  readonly notices: string[] = [];
  /** "/status ok", in the order in which the commands ended. */
  readonly outcomes: string[] = [];
  /** What was reported of channels and servers: ["gone", id], .. */
  readonly told: (readonly string[])[] = [];
  readonly #ended = new AbortController();
  readonly #watchers = new Set<() => void>();
  readonly #options: GatewayWorldOptions;
  #gateway: Gateway | null = null;
  #run: Promise<GatewayEnd> | null = null;

  constructor(options: GatewayWorldOptions = {}) {
    this.#options = options;
    this.discord = new DiscordServer({ ...options, clock: new FakeClock(Date.now()) });
    after(() => this.stop());
  }

  get gateway(): Gateway {
    this.#gateway ??= this.#create();
    return this.#gateway;
  }

  /** Starts Discord and the bot; resolves when they are connected. */
  async connected(): Promise<this> {
    await this.discord.start();
    void this.run();
    await this.until(() => this.gateway.health().connected);
    // The servers follow READY.
    await this.until(() => this.told.some(([what]) => what === 'guild-back') || this.discord.world.guilds.size === 0);
    return this;
  }

  run(): Promise<GatewayEnd> {
    this.#run ??= this.gateway.run(this.#ended.signal);
    return this.#run;
  }

  /**
   * Resolves as soon as `holds` returns true. It is asked whenever the bot logs or reports something, or Discord gets
   * something.
   */
  async until(holds: () => boolean): Promise<void> {
    await heldInTime(
      holds,
      () => Promise.race([new Promise<void>((resolve) => this.#watchers.add(resolve)), this.discord.next()]),
      () => `${String(holds)}; logged: ${this.lines.map(({ msg }) => msg).join('; ')}`,
    );
  }

  logged(pattern: RegExp): boolean {
    return this.lines.some(({ msg }) => pattern.test(msg));
  }

  async stop(): Promise<void> {
    this.#ended.abort();
    await this.#run;
    await this.discord.stop().catch((error: unknown) => {
      // If the story stopped Discord itself, no server is left to close.
      if (!(error instanceof Error) || !('code' in error) || error.code !== 'ERR_SERVER_NOT_RUNNING') throw error;
    });
  }

  #wake(): void {
    for (const watcher of this.#watchers) watcher();
    this.#watchers.clear();
  }

  #create(): Gateway {
    const tell = (...what: readonly string[]): void => {
      this.told.push(what);
      this.#wake();
    };
    return createGateway({
      token: 'good-token',
      apiUrl: this.discord.apiUrl,
      clock: this.#options.clock ?? systemClock,
      random: () => 0.5,
      logger: createLogger({
        level: 'debug',
        pretty: false,
        secrets: [],
        destination: {
          write: (line) => {
            this.lines.push(JSON.parse(line) as (typeof this.lines)[number]);
            this.#wake();
          },
        },
      }),
      commands: this.#options.commands ?? [],
      // The commands of these tests use none of it.
      deps: {} as CommandDeps,
      onNotice: (text) => {
        this.notices.push(text);
        this.#wake();
      },
      onCommand: (command, outcome) => {
        this.outcomes.push(`${command} ${outcome}`);
        this.#wake();
      },
      onChannelsOpen: (channelIds) => tell('open', ...channelIds),
      onChannelGone: (channelId, reason) => tell('gone', channelId, reason),
      onGuildGone: (guildId, reason) => tell('guild-gone', guildId, reason),
      onGuildBack: (guildId, channelIds) => tell('guild-back', guildId, ...channelIds),
    });
  }
}
