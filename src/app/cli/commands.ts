import { loadConfig, type Config } from '../../edges/config/index.js';
import { commands as all, definitionsOf, registerCommands } from '../../edges/discord/index.js';
import {
  openStore,
  StoreBusyError,
  StoreRefusedError,
  StoreUnavailableError,
  type Store,
} from '../../edges/store/index.js';
import { readConfigFile } from '../config-files.js';
import { storeOptionsOf } from '../service/store-options.js';
import { exitCode, type ExitCode, type World } from '../world.js';

const commandsUsage = 'usage: npm run commands -- print|register|clear';

/**
 * `npm run commands -- print|register|clear` prints the slash commands as they are sent to Discord (this needs no
 * token), registers them, or removes them all: everywhere, or with DISCORD_DEV_GUILD_ID in that server only. The
 * service itself registers changed commands when it starts.
 */
export async function commands(argv: readonly string[], world: World): Promise<ExitCode> {
  const say = (text: string): void => void world.stderr.write(`${text}\n`);
  const [verb] = argv;
  if (argv.length !== 1 || !['print', 'register', 'clear'].includes(verb)) {
    say(commandsUsage);
    return exitCode.usage;
  }
  if (verb === 'print') {
    world.stdout.write(`${JSON.stringify(definitionsOf(all), null, 2)}\n`);
    return exitCode.ok;
  }
  const loaded = loadConfig(world.env, readConfigFile);
  if (loaded.kind === 'invalid') {
    for (const problem of loaded.problems) say(problem);
    return exitCode.config;
  }
  if (loaded.config.discord === null) {
    say('DISCORD_TOKEN: not set; the commands belong to the bot that has this token');
    return exitCode.config;
  }
  return put(verb === 'register' ? all : [], loaded.config, loaded.config.discord, world, say);
}

async function put(
  which: typeof all,
  config: Config,
  { token, devGuildId }: NonNullable<Config['discord']>,
  { clock, stdout, signal }: World,
  say: (text: string) => void,
): Promise<ExitCode> {
  const store = await storeOrNone(config, say);
  try {
    const result = await registerCommands(
      { token, apiUrl: config.discordApiUrl, clock, commands: which, devGuildId },
      store,
      'always',
      signal,
    );
    if (result.kind === 'refused' || result.kind === 'unreachable') {
      say(result.reason);
      return result.kind === 'refused' ? exitCode.failed : exitCode.unavailable;
    }
    const where = devGuildId === null ? 'everywhere' : `in the server ${devGuildId}`;
    stdout.write(
      which.length === 0
        ? `No commands are registered ${where}. The next start registers them again.\n`
        : `${which.length} commands are registered ${where}.\n`,
    );
    return exitCode.ok;
  } finally {
    await store?.close();
  }
}

/**
 * The store in which the registration is remembered; null if it cannot be opened. The service then compares its
 * commands with Discord's when it next starts.
 */
async function storeOrNone(config: Config, say: (text: string) => void): Promise<Store | null> {
  try {
    return await openStore(storeOptionsOf(config), { info: say, warn: say });
  } catch (error) {
    if (error instanceof StoreBusyError)
      say('The running service has the store open; it will see this change when it next starts.');
    else if (error instanceof StoreRefusedError || error instanceof StoreUnavailableError)
      say(`${error.message} The service will see this change when it next starts.`);
    else throw error;
    return null;
  }
}
