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

/** A command that takes longer is stuck. Discord would wait 15 minutes. */
const deadlineMs = 30 * secondMs;
/**
 * Discord's documentation, Application Commands: choices of an autocompletion, and the characters of a name or value.
 */
const limits = { choices: 25, choice: 100 } as const;

/**
 * problem: the person's mistake. error: ours. late: Discord no longer waited. unanswered: the answer did not get
 * through. unknown: there is no such command.
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

/** What came of a command: its answer, or the sentence that is shown instead. */
type Result =
  | { readonly kind: 'answer'; readonly message: CommandMessage }
  | { readonly kind: 'refusal'; readonly outcome: CommandOutcome; readonly sentence: string };

/**
 * Hands what people type and press to the commands, and their answers back. Whatever goes wrong is logged here and goes
 * no further.
 */
export function answerInteractions(client: Client, options: InteractionOptions): void {
  const answers = new Answers(options);
  client.on(Events.InteractionCreate, (interaction) => {
    if (interaction.isAutocomplete()) void answers.complete(interaction);
    else if (interaction.isChatInputCommand() || interaction.isButton()) void answers.give(interaction);
  });
}

class Answers {
  readonly #options: InteractionOptions;
  readonly #byName: ReadonlyMap<string, Command>;

  constructor(options: InteractionOptions) {
    this.#options = options;
    this.#byName = new Map(options.commands.map((command) => [command.definition.name, command]));
  }

  async give(interaction: Answerable): Promise<void> {
    const { clock, onCommand } = this.#options;
    const name = interaction.isButton() ? interaction.customId.split(':', 1)[0] : interaction.commandName;
    const command = this.#byName.get(name);
    const startedAt = clock.now();
    const outcome = await this.#answer(interaction, command);
    onCommand(command === undefined ? 'unknown' : name, outcome, (clock.now() - startedAt) / secondMs);
  }

  async complete(interaction: AutocompleteInteraction): Promise<void> {
    const { deps, logger } = this.#options;
    let choices: readonly { readonly name: string; readonly value: string }[] = [];
    try {
      const { name, value } = interaction.options.getFocused(true);
      choices = this.#byName.get(interaction.commandName)?.complete?.(name, value, deps) ?? [];
    } catch (error) {
      logger.error({ err: error }, `the completion of /${interaction.commandName} failed`);
    }
    const fitting = choices
      .filter(({ name, value }) => name.length <= limits.choice && value.length <= limits.choice)
      .slice(0, limits.choices);
    // The next letter asks again, so choices that come too late are no loss.
    await interaction
      .respond(fitting)
      .catch((error: unknown) => logger.debug({ err: error }, 'a completion came too late'));
  }

  async #answer(interaction: Answerable, command: Command | undefined): Promise<CommandOutcome> {
    const { clock, logger } = this.#options;
    const name = nameOf(interaction);
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
    const result = await this.#run(interaction, runOf(interaction, command));
    try {
      if (result.kind === 'answer') await interaction.editReply(replyOf(interaction, result.message));
      else await refuse(interaction, isPublic, result.sentence);
      return result.kind === 'answer' ? 'ok' : result.outcome;
    } catch (error) {
      logger.error({ err: error }, `the answer to ${name} did not get through`);
      return 'unanswered';
    }
  }

  async #run(interaction: Answerable, run: Run | undefined): Promise<Result> {
    const { channels, clock, deps, logger } = this.#options;
    if (run === undefined)
      return {
        kind: 'refusal',
        outcome: 'unknown',
        sentence:
          'This command no longer exists or has changed. Discord will show the new commands soon; restarting the ' +
          'Discord app helps.',
      };
    try {
      const given = interaction.isButton() ? [] : interaction.options.data;
      const input = commandInput(interaction, given, channels.isMember, clock.now());
      if (input.place.kind === 'bot-dm') channels.rememberDirectMessage(input.place.channelId);
      return { kind: 'answer', message: await this.#withDeadline((cut) => run(input, deps, cut)) };
    } catch (error) {
      if (error instanceof CommandProblem) return { kind: 'refusal', outcome: 'problem', sentence: error.message };
      const errorId = randomBytes(4).toString('hex');
      logger.error({ err: error, errorId }, `${nameOf(interaction)} failed`);
      const what = error instanceof LateError ? 'That took too long' : 'Something went wrong here';
      return {
        kind: 'refusal',
        outcome: 'error',
        sentence:
          `${what}, and it is not your fault. Try again in a minute; if it happens again, tell the person who runs ` +
          `this bot the error id ${errorId}.`,
      };
    }
  }

  async #withDeadline(act: (cut: AbortSignal) => Promise<CommandMessage>): Promise<CommandMessage> {
    const { clock, signal } = this.#options;
    const late = new AbortController();
    let cancel = (): void => undefined;
    const expired = new Promise<never>((_, reject) => {
      cancel = clock.after(deadlineMs, () => {
        late.abort();
        reject(new LateError(`no answer within ${deadlineMs / secondMs} s`));
      });
    });
    try {
      return await Promise.race([act(AbortSignal.any([signal, late.signal])), expired]);
    } finally {
      cancel();
    }
  }
}

/** For logs. */
function nameOf(interaction: Answerable): string {
  return interaction.isButton() ? `button ${interaction.customId}` : `/${interaction.commandName}`;
}

/** What is to run; undefined: the command, or the command's buttons, no longer exist. */
function runOf(interaction: Answerable, command: Command | undefined): Run | undefined {
  if (!interaction.isButton()) return command && ((...given) => command.run(...given));
  return command?.press && ((...given) => command.press!(interaction.customId, ...given));
}

/** A button's answer replaces the whole message that the button belongs to. */
function replyOf(interaction: Answerable, message: CommandMessage): InteractionEditReplyOptions {
  if (!interaction.isButton()) return wire(message);
  return { content: '', embeds: [], components: [], attachments: [], ...wire(message) };
}

class LateError extends Error {
  override readonly name = 'LateError';
}

/** Comes before everything else, because Discord waits only 3 s for it. */
async function acknowledge(interaction: Answerable, isPublic: boolean): Promise<void> {
  try {
    if (interaction.isButton()) await interaction.deferUpdate();
    else await interaction.deferReply(isPublic ? {} : { flags: MessageFlags.Ephemeral });
  } catch (error) {
    // Discord took the first request, but its answer was lost, so discord.js sent the request again.
    if (!(error instanceof DiscordAPIError) || error.code !== RESTJSONErrorCodes.InteractionHasAlreadyBeenAcknowledged)
      throw error;
    interaction.deferred = true;
  }
}

/** Only the person who asked sees what went wrong: a public reply is deleted, and a private one follows. */
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
