import { minuteMs } from '../../core/time.js';
import { inviteLink } from '../../edges/config/index.js';
import type { Notes } from '../../edges/delivery/index.js';
import { checkDiscord, registerCommands, type RegistrationOptions } from '../../edges/discord/index.js';
import type { Logger } from '../../edges/observability/index.js';
import { retry } from '../../edges/waiting/index.js';

/** What the bot asks of Discord once, at its start; it asks again this often until there is an answer. */
const askAgainMs = minuteMs;

export interface StartUpOptions extends RegistrationOptions {
  /** DISCORD_CHANNEL_ID; null: not set. */
  readonly channelId: string | null;
  readonly store: Notes;
  readonly logger: Logger;
  /** To the terminal. */
  readonly say: (text: string) => void;
}

/**
 * Says who the bot is to Discord, and how to invite it while it is in no server. Resolves to its application's id; null
 * if the signal is aborted first.
 */
export async function introduce(options: StartUpOptions, signal: AbortSignal): Promise<string | null> {
  const { logger, say } = options;
  const check = await askUntilAnswered(options, signal, 'Discord', async () => {
    const answer = await checkDiscord(options, signal);
    if (answer.kind !== 'ok') throw new Error(answer.reason);
    return answer;
  });
  if (check === null) return null;
  const { botName, applicationId, servers, channel } = check;
  if (servers === 0) say(`${botName} is in no server yet. Invite it: ${inviteLink(applicationId)}`);
  else if (channel?.kind === 'closed') logger.error(`DISCORD_CHANNEL_ID: ${channel.reason}`);
  else logger.info(`Discord: ${botName} is in ${servers === 1 ? 'one server' : `${servers} servers`}`);
  return applicationId;
}

/** Registers the commands with Discord if they have changed. */
export async function register(options: StartUpOptions, signal: AbortSignal): Promise<void> {
  const { store, logger } = options;
  const failure = 'the commands could not be registered';
  const outcome = await askUntilAnswered(options, signal, failure, async () => {
    const registration = await registerCommands(options, store, 'changed', signal);
    if (registration.kind === 'unreachable') throw new Error(registration.reason);
    return registration;
  });
  if (outcome?.kind === 'registered') logger.info('the commands were registered with Discord');
  if (outcome?.kind === 'refused') logger.error(`${failure}: ${outcome.reason}`);
}

function askUntilAnswered<T>(
  { clock, logger }: StartUpOptions,
  signal: AbortSignal,
  failure: string,
  ask: () => Promise<T>,
): Promise<T | null> {
  return retry(ask, {
    clock,
    signal,
    backOff: () => askAgainMs,
    onFailure: (error) =>
      logger.warn(`${failure}, trying again: ${error instanceof Error ? error.message : String(error)}`),
  });
}
