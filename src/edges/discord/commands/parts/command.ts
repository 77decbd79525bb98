import type { RESTPostAPIChatInputApplicationCommandsJSONBody } from 'discord.js';
import type { EditSubscription, Send } from '../../../delivery/index.js';
import type { HistoryReader, StateReader } from '../../../../core/incidents/index.js';
import type { Subscriptions } from '../../../delivery/index.js';
import type { LookUpChannel } from '../../rest/access.js';
import type { Charts } from '../../messages/charts.js';
import type { CommandMessage } from './command-message.js';
import type { CountryDirectory } from '../../../../core/countries/index.js';

/** Where a command was given. */
export type Place =
  | {
      readonly kind: 'guild';
      readonly guildId: string;
      readonly channelId: string;
      /** What the person who asks may do there, as Discord's permission bits. */
      readonly memberPermissions: bigint;
      /** False: only the person has installed the app; the bot is no member of the server. */
      readonly isMember: boolean;
    }
  /** A direct message with the bot: it serves the person. */
  | { readonly kind: 'bot-dm'; readonly channelId: string }
  /** A direct message among others. */
  | { readonly kind: 'private'; readonly channelId: string };

export interface CommandInput {
  /** The options given, by name; channels and roles by their id. */
  readonly options: Readonly<Record<string, string | number | boolean>>;
  /** "add" of /watch add; null where the command has none. */
  readonly subcommand: string | null;
  readonly place: Place;
  readonly userId: string;
  /** Wall clock, Unix ms. */
  readonly now: number;
}

/** All that commands read and do: every outside thing is handed in. */
export interface CommandDeps {
  readonly reader: StateReader & HistoryReader;
  readonly subscriptions: Pick<Subscriptions, 'subscriptions' | 'subscription'>;
  /** The only way to change one: two changes of one channel never cross. */
  readonly editSubscription: EditSubscription;
  readonly directory: CountryDirectory;
  readonly charts: Charts;
  readonly lookUpChannel: LookUpChannel;
  readonly send: Pick<Send, 'post'>;
  /** Why a channel is not being told just now, in a sentence; null while all is well. */
  readonly troubleOf: (channelId: string) => string | null;
  /** Why the gateway or delivery as a whole is in trouble; empty while all is well. */
  readonly troubles: () => readonly string[];
  /** Position of the newest event in the log: a new subscription hears what comes after it. */
  readonly logEnd: () => Promise<number>;
  readonly inviteLink: () => string;
  readonly version: string;
}

export interface Command {
  readonly definition: RESTPostAPIChatInputApplicationCommandsJSONBody;
  /** Whether only the person who asked sees the answer. */
  readonly ephemeral: boolean;
  run(input: CommandInput, deps: CommandDeps, signal: AbortSignal): Promise<CommandMessage>;
  /**
   * The answer to a button whose custom id begins with this command's name and a colon; absent where there are no
   * buttons.
   */
  readonly press?: (
    customId: string,
    input: CommandInput,
    deps: CommandDeps,
    signal: AbortSignal,
  ) => Promise<CommandMessage>;
  /** Choices while an option is typed, at most 25, from memory alone; absent where nothing is completed. */
  readonly complete?: (
    option: string,
    typed: string,
    deps: Pick<CommandDeps, 'directory'>,
  ) => readonly { readonly name: string; readonly value: string }[];
}

/**
 * What the person did wrong, or lacks, in a plain sentence: shown to that person alone. Anything else thrown is a bug
 * with an error id.
 */
export class CommandProblem extends Error {
  override readonly name = 'CommandProblem';
}
