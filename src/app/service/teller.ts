import { assertFonts } from '../../edges/chart/index.js';
import type { Config } from '../../edges/config/index.js';
import { createTerminal } from '../../edges/delivery/index.js';
import type { Logger, Metrics } from '../../edges/observability/index.js';
import type { Store } from '../../edges/store/index.js';
import { OperatorError, type World } from '../world.js';

/** Who tells what was decided: the terminal, or the Discord bot. */
export interface Teller {
  run(signal: AbortSignal): Promise<void>;
  /** There are new events. */
  wake(): void;
  troubles(): readonly string[];
}

export interface TellerOptions {
  readonly config: Config;
  readonly store: Store;
  readonly world: World;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

export function createTeller(options: TellerOptions): Teller | Promise<Teller> {
  const { discord } = options.config;
  return discord === null ? createTerminalTeller(options) : createBotTeller(options, discord);
}

function createTerminalTeller({ store, world, logger }: TellerOptions): Teller {
  const { clock, random, stdout } = world;
  const write = (line: string): void => void stdout.write(`${line}\n`);
  const terminal = createTerminal({ log: store, write, clock, random, logger });
  return {
    run: (signal) => terminal.run(signal),
    wake: () => terminal.wake(),
    troubles: () => [terminal.trouble() ?? []].flat(),
  };
}

async function createBotTeller(
  { config, store, world, logger, metrics }: TellerOptions,
  discord: NonNullable<Config['discord']>,
): Promise<Teller> {
  // Imported only here, because discord.js takes longer to load than everything else together.
  const { Bot } = await import('../bot/bot.js');
  // Without its fonts a chart would have no words, and no error would say so.
  assertFonts();
  const bot = new Bot({
    discord,
    apiUrl: config.discordApiUrl,
    groups: config.countries.groups,
    store,
    clock: world.clock,
    random: world.random,
    logger,
    metrics,
    storeIsShared: config.redisUrl !== null,
    say: (text) => void world.stdout.write(`${text}\n`),
  });
  return {
    async run(signal) {
      const end = await bot.run(signal);
      // A token that was refused at the start is for the operator to mend; the bot waits out a later refusal.
      if (end.kind === 'token-refused') throw new OperatorError(end.reason);
    },
    wake: () => bot.wake(),
    troubles: () => bot.troubles(),
  };
}
