import {
  ApplicationCommandOptionType,
  ApplicationIntegrationType,
  ChannelType,
  InteractionContextType,
  type APIApplicationCommandBasicOption,
} from 'discord.js';
import { severities } from '../../../delivery/index.js';
import type { CommandInput } from './command.js';

/** Everyone may ask, everywhere: in servers, with the bot alone, and among friends. */
export const forEveryone = {
  contexts: [InteractionContextType.Guild, InteractionContextType.BotDM, InteractionContextType.PrivateChannel],
  integration_types: [ApplicationIntegrationType.GuildInstall, ApplicationIntegrationType.UserInstall],
};

/**
 * Manage Server, bit 5: what Discord asks for unless a server's owner says otherwise, so it is checked again in code.
 */
export const managersOnly = {
  contexts: [InteractionContextType.Guild, InteractionContextType.BotDM],
  integration_types: [ApplicationIntegrationType.GuildInstall, ApplicationIntegrationType.UserInstall],
  default_member_permissions: '32',
};

export const countryOption: APIApplicationCommandBasicOption = {
  type: ApplicationCommandOptionType.String,
  name: 'country',
  description: 'A country by its name or code, such as North Korea or KP',
  required: true,
  autocomplete: true,
  max_length: 100,
};

export const channelOption: APIApplicationCommandBasicOption = {
  type: ApplicationCommandOptionType.Channel,
  name: 'channel',
  description: 'Which channel or thread; this one if left out',
  channel_types: [
    ChannelType.GuildText,
    ChannelType.GuildAnnouncement,
    ChannelType.AnnouncementThread,
    ChannelType.PublicThread,
    ChannelType.PrivateThread,
  ],
};

const severityNames: Readonly<Record<(typeof severities)[number], string>> = {
  unstable: 'unstable: routes that keep coming and going, and all that is worse',
  degraded: 'degraded: a fifth is gone, and all that is worse',
  major: 'major: more than half is gone, or down',
  down: 'down: next to nothing is left',
};

export const severityOption: APIApplicationCommandBasicOption = {
  type: ApplicationCommandOptionType.String,
  name: 'min-severity',
  description: 'How bad it must be to be told',
  choices: severities.map((value) => ({ name: severityNames[value], value })),
};

/** A text option; null: not given. */
export function textOf({ options }: CommandInput, name: string): string | null {
  const value = Object.hasOwn(options, name) ? options[name] : null;
  return typeof value === 'string' ? value : null;
}

/** One of the choices of a text option; null: not given, or none of them. */
export function choiceOf<T extends string>(input: CommandInput, name: string, choices: readonly T[]): T | null {
  const value = textOf(input, name);
  return choices.find((choice) => choice === value) ?? null;
}

export function numberOf({ options }: CommandInput, name: string): number | null {
  const value = Object.hasOwn(options, name) ? options[name] : null;
  return typeof value === 'number' ? value : null;
}

export function booleanOf({ options }: CommandInput, name: string): boolean | null {
  const value = Object.hasOwn(options, name) ? options[name] : null;
  return typeof value === 'boolean' ? value : null;
}
