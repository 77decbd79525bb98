import {
  ApplicationCommandOptionType as Type,
  ChannelType,
  ComponentType,
  InteractionContextType,
  InteractionType,
} from 'discord.js';
import { wireChannel, wireMember, wireRole, wireUser } from '../rest/channels.js';
import type { OptionValue, Place, Use } from './interaction.js';
import { wireMessage } from '../message.js';
import { channelPermissions } from '../permissions.js';
import type { Channel, CommandOption, RegisteredCommand, World } from '../world.js';

const contexts: Record<Place, InteractionContextType> = {
  guild: InteractionContextType.Guild,
  'bot-dm': InteractionContextType.BotDM,
  private: InteractionContextType.PrivateChannel,
};
/** 10 MiB, the limit for every user (documentation: Uploading Files). */
const attachmentSizeLimit = 10_485_760;

/** The place where a command is used, and the channel there. */
export function placeOf(world: World, use: Use): { readonly place: Place; readonly channel: Channel } {
  const user = use.user ?? world.user;
  const named = use.channelId === undefined ? undefined : world.channels.get(use.channelId);
  if (use.channelId !== undefined && named === undefined)
    throw new Error(`there is no channel ${use.channelId} to use lightsout in`);
  const place =
    use.place ??
    (named === undefined || named.guildId !== null ? 'guild' : named.type === ChannelType.DM ? 'bot-dm' : 'private');
  if (place === 'bot-dm') return { place, channel: named ?? world.directMessages(user.id) };
  if (place === 'private')
    return {
      place,
      channel: named ?? world.addChannel({ type: ChannelType.GroupDM, guildId: null, recipients: [user.id] }),
    };
  return { place, channel: named ?? [...world.channels.values()].find(({ guildId }) => guildId !== null)! };
}

/** The interaction object of the documentation (Receiving and Responding): the data of an INTERACTION_CREATE. */
export function wireInteraction(
  world: World,
  use: Use,
  ids: { readonly id: string; readonly token: string },
): Record<string, unknown> {
  const { place, channel } = placeOf(world, use);
  const user = use.user ?? world.user;
  const guild = channel.guildId === null ? undefined : world.guilds.get(channel.guildId);
  const byUser = use.installedBy === 'user' || place === 'private';
  const permissions = use.memberPermissions ?? channelPermissions(world, channel, user.id);
  return {
    ...ids,
    version: 1,
    application_id: world.application.id,
    ...dataOf(world, use, guild?.id),
    channel_id: channel.id,
    channel: { ...wireChannel(world, channel), permissions: String(permissions) },
    ...(guild === undefined
      ? { user: wireUser(world, user.id) }
      : {
          guild_id: guild.id,
          guild: { id: guild.id, locale: 'en-US', features: [] },
          guild_locale: 'en-US',
          member: { ...wireMember(world, guild, user.id), permissions: String(permissions) },
        }),
    app_permissions: String(channelPermissions(world, channel, world.bot.id)),
    locale: use.locale ?? 'en-US',
    entitlements: [],
    // "0": installed in a guild (the guild's id, or "0" in direct messages with the bot). "1": installed by a user.
    authorizing_integration_owners: byUser ? { 1: user.id } : { 0: guild?.id ?? '0' },
    context: contexts[place],
    attachment_size_limit: attachmentSizeLimit,
  };
}

function dataOf(world: World, use: Use, guildId: string | undefined): Record<string, unknown> {
  if ('button' in use) {
    const data = { custom_id: use.button, component_type: ComponentType.Button };
    return { type: InteractionType.MessageComponent, data, message: wireMessage(world, use.message) };
  }
  if ('select' in use) {
    const data = { custom_id: use.select, component_type: ComponentType.StringSelect, values: use.values };
    return { type: InteractionType.MessageComponent, data, message: wireMessage(world, use.message) };
  }
  const focused = 'autocomplete' in use ? use.focused : null;
  const path = ('autocomplete' in use ? use.autocomplete : use.command).split(' ');
  const command = commandNamed(world, path[0], guildId);
  const given = Object.entries(use.options ?? {}).map(([name, value]) => wireOption(name, value, name === focused));
  checkOptions(path.join(' '), optionsBelow(command, path.slice(1)), given, focused !== null);
  const nested = path
    .slice(1)
    .reduceRight<WireOption[]>(
      (inner, name, depth) => [
        { name, type: path.length === 3 && depth === 0 ? Type.SubcommandGroup : Type.Subcommand, options: inner },
      ],
      given,
    );
  const resolved = resolve(world, Object.values(use.options ?? {}), guildId);
  return {
    type: focused === null ? InteractionType.ApplicationCommand : InteractionType.ApplicationCommandAutocomplete,
    data: {
      id: command.id,
      name: path[0],
      type: 1,
      options: nested,
      ...(Object.keys(resolved).length > 0 && { resolved }),
      ...(command.guild_id !== undefined && { guild_id: command.guild_id }),
    },
  };
}

interface WireOption {
  readonly name: string;
  readonly type: Type;
  readonly value?: string | number | boolean;
  readonly focused?: boolean;
  readonly options?: readonly WireOption[];
}

/** A guild's own command hides the global one of the same name. */
function commandNamed(world: World, name: string, guildId: string | undefined): RegisteredCommand {
  const scopes = guildId === undefined ? ['global'] : [guildId, 'global'];
  for (const scope of scopes) {
    const found = world.commands.get(scope)?.find((command) => command.name === name);
    if (found !== undefined) return found;
  }
  throw new Error(`nobody can use /${name}: it is not registered`);
}

function optionsBelow({ options }: RegisteredCommand, path: readonly string[]): readonly CommandOption[] {
  return path.reduce<readonly CommandOption[]>(
    (level, name) => level.find((option) => option.name === name)?.options ?? [],
    options ?? [],
  );
}

/**
 * Throws if a user sends options that the command does not define. During autocomplete required options may be missing.
 */
function checkOptions(
  command: string,
  known: readonly CommandOption[],
  given: readonly WireOption[],
  typing: boolean,
): void {
  for (const { name, type } of given) {
    const option = known.find((candidate) => candidate.name === name);
    if (option === undefined) throw new Error(`/${command} has no option ${name}`);
    const fits =
      option.type === type ||
      (type === Type.Integer && option.type === Type.Number) ||
      (type === Type.String && typing);
    if (!fits) throw new Error(`/${command} ${name} is of type ${option.type}, not ${type}`);
  }
  const missing = known.find(
    ({ name, required }) => required === true && !given.some((option) => option.name === name),
  );
  if (missing !== undefined && !typing) throw new Error(`/${command} needs ${missing.name}`);
}

function wireOption(name: string, value: OptionValue, focused: boolean): WireOption {
  const mark = focused ? { focused } : {};
  if (typeof value === 'string') return { name, type: Type.String, value, ...mark };
  if (typeof value === 'boolean') return { name, type: Type.Boolean, value };
  if (typeof value === 'number')
    return { name, type: Number.isInteger(value) ? Type.Integer : Type.Number, value, ...mark };
  if ('channel' in value) return { name, type: Type.Channel, value: value.channel };
  return 'role' in value ? { name, type: Type.Role, value: value.role } : { name, type: Type.User, value: value.user };
}

/** The objects that the mentioned ids stand for, by kind and id. */
function resolve(
  world: World,
  values: readonly OptionValue[],
  guildId: string | undefined,
): Record<string, Record<string, unknown>> {
  const resolved: Record<string, Record<string, unknown>> = {};
  const put = (kind: string, id: string, data: unknown): void => void ((resolved[kind] ??= {})[id] = data);
  const guild = world.guilds.get(guildId ?? '');
  for (const value of values) {
    if (typeof value !== 'object') continue;
    if ('channel' in value) {
      const channel = world.channels.get(value.channel)!;
      put('channels', channel.id, {
        ...wireChannel(world, channel),
        permissions: String(channelPermissions(world, channel, world.user.id)),
      });
    } else if ('role' in value) put('roles', value.role, wireRole(guild!.roles.get(value.role)!));
    else {
      put('users', value.user, wireUser(world, value.user));
      if (guild?.members.has(value.user) === true) {
        put('members', value.user, { ...wireMember(world, guild, value.user), user: undefined, permissions: '0' });
      }
    }
  }
  return resolved;
}
