import { ChannelType } from 'discord.js';
import { ok, Refusal, type Answer } from './answer.js';
import { visibleChannel } from './messages.js';
import type { Call, Route } from './rest.js';
import { snowflakeTime } from '../snowflake.js';
import { isThread, type Channel, type Guild, type RegisteredCommand, type Role, type World } from '../world.js';

export function channelRoutes(world: World): Route[] {
  return [
    ['GET', '/channels/:channel', ({ params }) => ok(wireChannel(world, visibleChannel(world, params.channel)))],
    ['POST', '/users/@me/channels', (call) => openDirectMessages(world, call)],
  ];
}

/** Bulk registration of commands, global and for one guild. */
export function commandRoutes(world: World): Route[] {
  const scopes = [
    ['/applications/:application/commands', (): string => 'global'],
    ['/applications/:application/guilds/:guild/commands', ({ params }: Call): string => params.guild],
  ] as const;
  return scopes.flatMap(([path, scopeOf]): Route[] => [
    ['GET', path, (call) => ok(world.commands.get(checked(world, call, scopeOf(call))) ?? [])],
    ['PUT', path, (call) => ok(register(world, checked(world, call, scopeOf(call)), call.json as RegisteredCommand[]))],
  ]);
}

function checked(world: World, { params }: Call, scope: string): string {
  if (params.application !== world.application.id) throw new Refusal(20012);
  if (scope !== 'global' && !world.guilds.has(scope)) throw new Refusal(50001);
  return scope;
}

/** Replaces all commands of the scope. A command that keeps its name keeps its id. */
function register(
  world: World,
  scope: string,
  commands: readonly Omit<RegisteredCommand, 'id'>[],
): RegisteredCommand[] {
  const names = commands.map(({ name }) => name);
  const twice = names.findIndex((name, n) => names.indexOf(name) !== n);
  if (twice !== -1) {
    throw new Refusal(50035, [
      {
        path: [twice, 'name'],
        code: 'APPLICATION_COMMANDS_DUPLICATE_NAME',
        message: 'Application command names must be unique',
      },
    ]);
  }
  const before = world.commands.get(scope) ?? [];
  const registered = commands.map((command) => ({
    default_member_permissions: null,
    type: 1,
    ...command,
    name: command.name as string,
    id: before.find(({ name }) => name === command.name)?.id ?? world.ids.next(),
    application_id: world.application.id,
    version: world.ids.next(),
    ...(scope !== 'global' && { guild_id: scope }),
  }));
  world.commands.set(scope, registered);
  return registered;
}

function openDirectMessages(world: World, { json }: Call): Answer {
  const { recipient_id: userId } = json as { readonly recipient_id: string };
  if (!world.users.has(userId)) throw new Refusal(10013);
  return ok(wireChannel(world, world.directMessages(userId)));
}

/** The channel object of the documentation. */
export function wireChannel(world: World, channel: Channel): Record<string, unknown> {
  const { id, type, name, guildId, parentId } = channel;
  if (guildId === null) {
    return {
      id,
      type,
      last_message_id: null,
      flags: 0,
      recipients: [...channel.recipients].map((userId) => wireUser(world, userId)),
    };
  }
  const shared = {
    id,
    type,
    name,
    guild_id: guildId,
    parent_id: parentId,
    last_message_id: null,
    flags: 0,
    rate_limit_per_user: 0,
  };
  if (!isThread(channel))
    return {
      ...shared,
      position: 0,
      topic: null,
      nsfw: false,
      permission_overwrites: channel.overwrites.map(wireOverwrite),
    };
  return {
    ...shared,
    owner_id: world.user.id,
    message_count: 0,
    member_count: channel.recipients.size,
    thread_metadata: {
      archived: channel.archived,
      auto_archive_duration: 1440,
      archive_timestamp: new Date(snowflakeTime(id)).toISOString(),
      locked: channel.locked,
      ...(type === ChannelType.PrivateThread && { invitable: false }),
    },
  };
}

export function wireRole({ id, name, permissions }: Role): Record<string, unknown> {
  return {
    id,
    name,
    permissions: String(permissions),
    position: 0,
    color: 0,
    hoist: false,
    managed: false,
    mentionable: false,
    icon: null,
    unicode_emoji: null,
    flags: 0,
    colors: { primary_color: 0, secondary_color: null, tertiary_color: null },
  };
}

export function wireUser(world: World, userId: string): Record<string, unknown> {
  const { id, username, bot } = world.users.get(userId)!;
  return { id, username, discriminator: '0', global_name: null, avatar: null, bot };
}

export function wireMember(world: World, guild: Guild, userId: string): Record<string, unknown> {
  const joined = new Date(snowflakeTime(guild.id)).toISOString();
  const { roles } = guild.members.get(userId) ?? { roles: [] };
  return {
    user: wireUser(world, userId),
    roles,
    joined_at: joined,
    deaf: false,
    mute: false,
    flags: 0,
    nick: null,
    avatar: null,
  };
}

/** The data of GUILD_CREATE. Without the members intent, a bot sees only itself among the members. */
export function wireGuild(world: World, guild: Guild): Record<string, unknown> {
  const { id, name, ownerId } = guild;
  if (guild.unavailable) return { id, unavailable: true };
  const channels = [...world.channels.values()].filter((channel) => channel.guildId === id);
  const joined = (thread: Channel): boolean =>
    thread.type !== ChannelType.PrivateThread || thread.recipients.has(world.bot.id);
  return {
    id,
    name,
    owner_id: ownerId,
    unavailable: false,
    large: false,
    member_count: guild.members.size,
    joined_at: new Date(snowflakeTime(id)).toISOString(),
    icon: null,
    splash: null,
    discovery_splash: null,
    banner: null,
    description: null,
    vanity_url_code: null,
    afk_channel_id: null,
    afk_timeout: 300,
    verification_level: 0,
    default_message_notifications: 0,
    explicit_content_filter: 0,
    mfa_level: 0,
    nsfw_level: 0,
    premium_tier: 0,
    premium_progress_bar_enabled: false,
    system_channel_id: null,
    system_channel_flags: 0,
    rules_channel_id: null,
    public_updates_channel_id: null,
    safety_alerts_channel_id: null,
    application_id: null,
    preferred_locale: 'en-US',
    features: [],
    emojis: [],
    stickers: [],
    roles: [...guild.roles.values()].map(wireRole),
    channels: channels.filter((channel) => !isThread(channel)).map((channel) => wireChannel(world, channel)),
    threads: channels
      .filter((channel) => isThread(channel) && !channel.archived && joined(channel))
      .map((channel) => wireChannel(world, channel)),
    members: [wireMember(world, guild, world.bot.id)],
    presences: [],
    voice_states: [],
    stage_instances: [],
    guild_scheduled_events: [],
    soundboard_sounds: [],
  };
}

const wireOverwrite = ({ id, type, allow, deny }: Channel['overwrites'][number]): unknown => ({
  id,
  type,
  allow: String(allow),
  deny: String(deny),
});
