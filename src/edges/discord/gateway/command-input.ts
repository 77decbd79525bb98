import {
  ApplicationCommandOptionType,
  ApplicationIntegrationType,
  InteractionContextType,
  type BaseInteraction,
  type CommandInteractionOption,
} from 'discord.js';
import type { CommandInput, Place } from '../commands/parts/command.js';

/** What a command is told of who asked what, where. */
export function commandInput(
  interaction: BaseInteraction,
  given: readonly CommandInteractionOption[],
  isMember: (guildId: string) => boolean,
  now: number,
): CommandInput {
  const [first] = given;
  const sub = given.length === 1 && first.type === ApplicationCommandOptionType.Subcommand ? first : null;
  return {
    options: Object.fromEntries(
      (sub?.options ?? given).flatMap(({ name, value }) => (value === undefined ? [] : [[name, value]])),
    ),
    subcommand: sub?.name ?? null,
    place: placeOf(interaction, isMember),
    userId: interaction.user.id,
    now,
  };
}

function placeOf(interaction: BaseInteraction, isMember: (guildId: string) => boolean): Place {
  const channelId = interaction.channelId ?? '';
  const { guildId, context } = interaction;
  if (guildId === null)
    return { kind: context === InteractionContextType.PrivateChannel ? 'private' : 'bot-dm', channelId };
  return {
    kind: 'guild',
    guildId,
    channelId,
    memberPermissions: interaction.memberPermissions?.bitfield ?? 0n,
    // A server may have let in the commands alone, without the bot.
    isMember:
      interaction.authorizingIntegrationOwners[ApplicationIntegrationType.GuildInstall] === guildId &&
      isMember(guildId),
  };
}
