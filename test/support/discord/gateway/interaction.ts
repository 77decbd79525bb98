import type { Message } from '../message.js';
import type { User } from '../world.js';

/**
 * Where a command is used: in a guild that the bot is in, in direct messages with the bot, or in any other place by a
 * user who installed the bot for themselves.
 */
export type Place = 'guild' | 'bot-dm' | 'private';

/** An option's value that mentions a user, role or channel. */
export type OptionValue =
  string | number | boolean | { readonly channel: string } | { readonly role: string } | { readonly user: string };

interface Shared {
  /** Default: the guild's first channel; in 'bot-dm' the direct messages with the user. */
  readonly channelId?: string;
  readonly place?: Place;
  /** Default: the world's `user`. */
  readonly user?: User;
  readonly locale?: string;
  /** The user's permissions in the channel. Default: those of the user's roles. */
  readonly memberPermissions?: bigint;
  /** Default: 'guild'. 'user': the user installed the bot for themselves, and it need not be in the guild. */
  readonly installedBy?: 'guild' | 'user';
}

/** An action of a user. A subcommand follows its command: "watch add". */
export type Use = Shared &
  (
    | { readonly command: string; readonly options?: Readonly<Record<string, OptionValue>> }
    | {
        readonly autocomplete: string;
        readonly focused: string;
        readonly options?: Readonly<Record<string, OptionValue>>;
      }
    | { readonly button: string; readonly message: Message }
    | { readonly select: string; readonly values: readonly string[]; readonly message: Message }
  );

export interface Choice {
  readonly name: string;
  readonly value: string | number;
}

/** What the user sees of the answer. */
export interface Seen {
  /**
   * reply: a message. thinking: "is thinking...", later a message. update: a change of the message that has the button.
   * deferred-update: the same, later. choices: an autocomplete's. none: "The application did not respond".
   */
  readonly acknowledged: 'reply' | 'thinking' | 'update' | 'deferred-update' | 'choices' | 'none';
  /** Only the user sees the answer. */
  readonly ephemeral: boolean;
  /** Time from the use to the acknowledgement; null without an acknowledgement. */
  readonly afterMs: number | null;
  /**
   * The messages as they are now: the answer first (or, after an update, the message with the button), then the
   * follow-ups.
   */
  readonly messages: readonly Message[];
  readonly choices: readonly Choice[];
}

/** One use of the bot, as the server sees it. */
export interface Interaction {
  readonly id: string;
  readonly token: string;
  readonly createdAt: number;
  readonly channelId: string;
  readonly kind: 'command' | 'autocomplete' | 'component';
  readonly installedBy: 'guild' | 'user';
  readonly inGuild: boolean;
  /** The message whose component was used; null for other uses. */
  readonly source: Message | null;
  acknowledged: Seen['acknowledged'] | null;
  afterMs: number | null;
  ephemeral: boolean;
  /** The answer; null while the bot is thinking, or if there is no answer. */
  original: Message | null;
  readonly followUps: Message[];
  choices: readonly Choice[];
  /** Called when there is an answer to see, or when none can come any more. */
  readonly settle: () => void;
}

export function seenOf(interaction: Interaction): Seen {
  return {
    get acknowledged() {
      return interaction.acknowledged ?? 'none';
    },
    get ephemeral() {
      return interaction.ephemeral;
    },
    get afterMs() {
      return interaction.afterMs;
    },
    get messages() {
      return [...(interaction.original === null ? [] : [interaction.original]), ...interaction.followUps].filter(
        ({ deleted }) => !deleted,
      );
    },
    get choices() {
      return interaction.choices;
    },
  };
}
