import {
  ChannelType,
  Events,
  PermissionsBitField,
  type Channel,
  type Client,
  type Guild,
  type GuildBasedChannel,
} from 'discord.js';
import type { ChannelAccess, LookUpChannel } from './access.js';

/** Direct messages are in no server and in no list of Discord's: so many that somebody wrote in are remembered. */
const mostDirectMessages = 10_000;

/** What happens to channels while the gateway is up. */
export interface ChannelListeners {
  /** Something about permissions changed: channels that were closed to us may be open now. */
  readonly onChannelsOpen: (channelIds: readonly string[]) => void;
  readonly onChannelGone: (channelId: string, reason: string) => void;
  /** The bot was thrown out, or the server is no more; an outage of Discord's is not told. */
  readonly onGuildGone: (guildId: string, reason: string) => void;
  /** The bot is in this server (again): told of every server at a new session too, and after an outage. */
  readonly onGuildBack: (guildId: string, channelIds: readonly string[]) => void;
}

export interface KnownChannels {
  readonly lookUp: LookUpChannel;
  isMember(guildId: string): boolean;
  /** Somebody wrote to the bot there. */
  rememberDirectMessage(channelId: string): void;
  /** Follows a new client; what the last one knew holds until this one knows all its servers. */
  follow(client: Client): void;
}

export function createKnownChannels({
  onChannelsOpen,
  onChannelGone,
  onGuildGone,
  onGuildBack,
}: ChannelListeners): KnownChannels {
  const directMessages = new Set<string>();
  let known: Client | null = null;

  const takeOver = (client: Client): void => {
    const before = known;
    known = client;
    for (const guildId of before?.guilds.cache.keys() ?? []) {
      if (!client.guilds.cache.has(guildId)) onGuildGone(guildId, 'the bot is in that server no more');
    }
    for (const guild of client.guilds.cache.values()) if (guild.available) onGuildBack(guild.id, channelIdsOf(guild));
  };

  return {
    lookUp(channelId) {
      if (directMessages.has(channelId)) return directMessage(channelId);
      const channel = known?.channels.cache.get(channelId);
      return channel === undefined ? null : accessTo(channel);
    },
    isMember: (guildId) => known?.guilds.cache.has(guildId) ?? false,
    rememberDirectMessage(channelId) {
      directMessages.delete(channelId);
      directMessages.add(channelId);
      for (const oldest of directMessages) {
        if (directMessages.size <= mostDirectMessages) break;
        directMessages.delete(oldest);
      }
    },
    follow(client) {
      client.once(Events.ClientReady, () => takeOver(client));
      client.on(Events.GuildCreate, (guild) => onGuildBack(guild.id, channelIdsOf(guild)));
      client.on(Events.GuildAvailable, (guild) => {
        if (known === client) onGuildBack(guild.id, channelIdsOf(guild));
      });
      client.on(Events.GuildDelete, (guild) =>
        onGuildGone(guild.id, 'the bot was removed from that server, or the server was deleted'),
      );
      client.on(Events.ChannelDelete, (channel) => {
        // Threads go with their channel, and Discord says nothing of them.
        if ('threads' in channel)
          for (const threadId of channel.threads.cache.keys()) onChannelGone(threadId, 'its channel was deleted');
        onChannelGone(channel.id, 'the channel was deleted');
      });
      client.on(Events.ThreadDelete, ({ id }) => onChannelGone(id, 'the thread was deleted'));
      client.on(Events.ChannelUpdate, (_, channel) => {
        const threads = 'threads' in channel ? [...channel.threads.cache.keys()] : [];
        onChannelsOpen([channel.id, ...threads]);
      });
      client.on(Events.ThreadUpdate, (_, { id }) => onChannelsOpen([id]));
      client.on(Events.GuildRoleUpdate, (_, { guild }) => onChannelsOpen(channelIdsOf(guild)));
      client.on(Events.GuildMemberUpdate, (_, { id, guild }) => {
        if (id === client.user?.id) onChannelsOpen(channelIdsOf(guild));
      });
    },
  };
}

function accessTo(channel: Channel): ChannelAccess | null {
  if (channel.isDMBased()) return channel.type === ChannelType.DM ? directMessage(channel.id) : null;
  const me = channel.guild.members.me;
  const permissions = me === null ? null : channel.permissionsFor(me);
  return permissions === null
    ? null
    : {
        channelId: channel.id,
        name: channel.name,
        guildId: channel.guildId,
        kind: kindOf(channel),
        permissions: permissions.bitfield,
      };
}

/** There is nothing to be lacked there. */
function directMessage(channelId: string): ChannelAccess {
  return { channelId, name: 'direct message', guildId: null, kind: 'dm', permissions: PermissionsBitField.All };
}

function kindOf(channel: GuildBasedChannel): ChannelAccess['kind'] {
  if (channel.isThread()) return 'thread';
  if (channel.type === ChannelType.GuildAnnouncement) return 'announcement';
  return channel.type === ChannelType.GuildText ? 'text' : 'other';
}

/** Threads too. */
function channelIdsOf(guild: Guild): string[] {
  return [...guild.channels.cache.keys()];
}
