import { randomBytes } from 'node:crypto';
import {
  DiscordAPIError,
  Events,
  MessageFlags,
  RESTJSONErrorCodes,
  type AutocompleteInteraction,
  type ButtonInteraction,
  type ChatInputCommandInteraction,
  type Client,
  type InteractionEditReplyOptions,
} from 'discord.js';
import type { Clock } from '../../clock.js';
import type { Logger } from '../../observability/index.js';
import { commandInput } from './command-input.js';
import { CommandProblem, type Command, type CommandDeps, type CommandInput } from '../commands/parts/command.js';
import type { CommandMessage } from '../commands/parts/command-message.js';
import type { KnownChannels } from '../rest/known-channels.js';
import { secondMs } from '../../../core/time.js';

/** A command that takes longer has hung on something; Discord would wait 15 minutes. */
const deadlineMs = 30 * secondMs;
/**
 * Discord's documentation, Application Commands: choices of an autocompletion, and the characters of a name or value.
 */
const limits = { choices: 25, choice: 100 } as const;

/**
 * ok; problem: the person's own; error: ours; late: Discord waited no longer; unanswered: the answer did not get
 * through; unknown: no such command.
 */
export type CommandOutcome = 'ok' | 'problem' | 'error' | 'late' | 'unanswered' | 'unknown';

export interface InteractionOptions {
  readonly commands: readonly Command[];
  readonly deps: CommandDeps;
  readonly channels: Pick<KnownChannels, 'isMember' | 'rememberDirectMessage'>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Aborted when the service stops. */
  readonly signal: AbortSignal;
  /** `command` is one of ours, or "unknown". */
  readonly onCommand: (command: string, outcome: CommandOutcome, seconds: number) => void;
}

type Answerable = ChatInputCommandInteraction | ButtonInteraction;
type Run = (input: CommandInput, deps: CommandDeps, signal: AbortSignal) => Promise<CommandMessage>;

/**
 * Hands what people type and press to the commands, and their answers back. Nothing that goes wrong leaves it but as a
 * log line.
 */
export function answerInteractions(
  client: Client,
  { commands, deps, channels, clock, logger, signal, onCommand }: InteractionOptions,
): void {
  const byName = new Map(commands.map((command) => [command.definition.name, command]));

  const answer = async (
    interaction: Answerable,
    command: Command | undefined,
    run: Run | undefined,
  ): Promise<CommandOutcome> => {
    const name = interaction.isButton() ? `button ${interaction.customId}` : `/${interaction.commandName}`;
    const isPublic = interaction.isButton() || command?.ephemeral === false;
    try {
      await acknowledge(interaction, isPublic);
    } catch (error) {
      const isLate = error instanceof DiscordAPIError && error.code === RESTJSONErrorCodes.UnknownInteraction;
      logger.warn(
        { err: error, ageMs: clock.now() - interaction.createdTimestamp },
        `${name} came too late to be answered, or Discord did not take the answer`,
      );
      return isLate ? 'late' : 'unanswered';
    }
    let outcome: CommandOutcome = 'ok';
    let message: CommandMessage | null = null;
    let sentence = '';
    try {
      if (run === undefined)
        throw new CommandProblem(
          'This command is no more, or was changed. Discord shows the new ones soon; a restart of the Discord ' +
            'app helps.',
        );
      const given = interaction.isButton() ? [] : interaction.options.data;
      const input = commandInput(interaction, given, channels.isMember, clock.now());
      if (input.place.kind === 'bot-dm') channels.rememberDirectMessage(input.place.channelId);
      message = await withDeadline((cut) => run(input, deps, cut));
    } catch (error) {
      if (error instanceof CommandProblem) {
        outcome = run === undefined ? 'unknown' : 'problem';
        sentence = error.message;
      } else {
        outcome = 'error';
        const errorId = randomBytes(4).toString('hex');
        logger.error({ err: error, errorId }, `${name} failed`);
        sentence =
          `${error instanceof LateError ? 'That took too long' : 'Something went wrong here'}, and it is not your ` +
          `fault. Try again in a minute; if it stays, tell whoever runs this bot the error id ${errorId}.`;
      }
    }
    try {
      if (message === null) await refuse(interaction, isPublic, sentence);
      else
        await interaction.editReply(
          interaction.isButton()
            ? { content: '', embeds: [], components: [], attachments: [], ...wire(message) }
            : wire(message),
        );
      return outcome;
    } catch (error) {
      logger.error({ err: error }, `the answer to ${name} did not get through`);
      return 'unanswered';
    }
  };

  const withDeadline = async (act: (cut: AbortSignal) => Promise<CommandMessage>): Promise<CommandMessage> => {
    const late = new AbortController();
    let cancel = (): void => undefined;
    const expired = new Promise<never>((_, reject) => {
      cancel = clock.after(deadlineMs, () => {
        late.abort();
        reject(new LateError(`no answer within ${deadlineMs / 1000} s`));
      });
    });
    try {
      return await Promise.race([act(AbortSignal.any([signal, late.signal])), expired]);
    } finally {
      cancel();
    }
  };

  const complete = async (interaction: AutocompleteInteraction): Promise<void> => {
    let choices: readonly { readonly name: string; readonly value: string }[] = [];
    try {
      const { name, value } = interaction.options.getFocused(true);
      choices = byName.get(interaction.commandName)?.complete?.(name, value, deps) ?? [];
    } catch (error) {
      logger.error({ err: error }, `the completion of /${interaction.commandName} failed`);
    }
    const fitting = choices
      .filter(({ name, value }) => name.length <= limits.choice && value.length <= limits.choice)
      .slice(0, limits.choices);
    // The next letter asks again, so a choice that came too late is no loss.
    await interaction
      .respond(fitting)
      .catch((error: unknown) => logger.debug({ err: error }, 'a completion came too late'));
  };

  client.on(Events.InteractionCreate, (interaction) => {
    if (interaction.isAutocomplete()) {
      void complete(interaction);
      return;
    }
    if (!interaction.isChatInputCommand() && !interaction.isButton()) return;
    const name = interaction.isButton() ? interaction.customId.split(':', 1)[0] : interaction.commandName;
    const command = byName.get(name);
    const run: Run | undefined = interaction.isButton()
      ? command?.press && ((...given) => command.press!(interaction.customId, ...given))
      : command && ((...given) => command.run(...given));
    const startedAt = clock.now();
    void answer(interaction, command, run).then((outcome) =>
      onCommand(command === undefined ? 'unknown' : name, outcome, (clock.now() - startedAt) / 1000),
    );
  });
}

class LateError extends Error {
  override readonly name = 'LateError';
}

/** Before anything is read: Discord waits 3 s for it. */
async function acknowledge(interaction: Answerable, isPublic: boolean): Promise<void> {
  try {
    if (interaction.isButton()) await interaction.deferUpdate();
    else await interaction.deferReply(isPublic ? {} : { flags: MessageFlags.Ephemeral });
  } catch (error) {
    // Its first request was taken, though its answer was lost, and discord.js asked again.
    if (!(error instanceof DiscordAPIError) || error.code !== RESTJSONErrorCodes.InteractionHasAlreadyBeenAcknowledged)
      throw error;
    interaction.deferred = true;
  }
}

/** Only who asked sees what went wrong: where the answer would be public, it goes, and another comes. */
async function refuse(interaction: Answerable, isPublic: boolean, sentence: string): Promise<void> {
  if (!isPublic) {
    await interaction.editReply({ content: sentence });
    return;
  }
  if (!interaction.isButton()) await interaction.deleteReply().catch(() => undefined);
  await interaction.followUp({ content: sentence, flags: MessageFlags.Ephemeral });
}

function wire({ content, embeds, files, components }: CommandMessage): InteractionEditReplyOptions {
  return {
    ...(content !== undefined && { content }),
    ...(embeds !== undefined && { embeds: [...embeds] }),
    ...(components !== undefined && { components: [...components] }),
    ...(files !== undefined && {
      files: files.map(({ name, data, description }) => ({ name, attachment: Buffer.from(data), description })),
    }),
  };
}
