import type { Message } from '../message.js';
import type { User } from '../world.js';

/**
 * Where a command is used: in a guild the bot is in, in the direct messages with it, or anywhere else by who installed
 * it for themselves.
 */
export type Place = 'guild' | 'bot-dm' | 'private';

/** A mention of something, as an option's value. */
export type OptionValue =
  string | number | boolean | { readonly channel: string } | { readonly role: string } | { readonly user: string };

interface Shared {
  /** The guild's first channel, unless told; in 'bot-dm' the direct messages with the user. */
  readonly channelId?: string;
  readonly place?: Place;
  /** The world's `user`, unless told. */
  readonly user?: User;
  readonly locale?: string;
  /** Of the user in the channel; what their roles give, unless told. */
  readonly memberPermissions?: bigint;
  /**
   * Installed for the guild, unless told; 'user': by the user, for themselves, and in a guild the bot need not be in.
   */
  readonly installedBy?: 'guild' | 'user';
}

/** What a user does. A subcommand stands behind its command: "watch add". */
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

/** What the user sees of it. */
export interface Seen {
  /**
   * reply: a message at once. thinking: "is thinking...", and then a message. update: of the message the button is on;
   * deferred-update: the same, later. choices: of an autocomplete. none: "The application did not respond".
   */
  readonly acknowledged: 'reply' | 'thinking' | 'update' | 'deferred-update' | 'choices' | 'none';
  /** Seen by the user alone. */
  readonly ephemeral: boolean;
  /** From the use to the acknowledgement; null without one. */
  readonly afterMs: number | null;
  /** As they stand now: the answer first (with an update, the message the button is on), then what followed. */
  readonly messages: readonly Message[];
  readonly choices: readonly Choice[];
}

/** One use of the bot, from the server's side. */
export interface Interaction {
  readonly id: string;
  readonly token: string;
  readonly createdAt: number;
  readonly channelId: string;
  readonly kind: 'command' | 'autocomplete' | 'component';
  readonly installedBy: 'guild' | 'user';
  readonly inGuild: boolean;
  /** What it came from: a component's. */
  readonly source: Message | null;
  acknowledged: Seen['acknowledged'] | null;
  afterMs: number | null;
  ephemeral: boolean;
  /** null as long as it is thinking, or where there is none. */
  original: Message | null;
  readonly followUps: Message[];
  choices: readonly Choice[];
  /** Called when there is an answer to see, or there will be none. */
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
