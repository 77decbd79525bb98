import { type ApplicationCommandOptionType, ChannelType, OverwriteType, PermissionFlagsBits } from 'discord.js';
import type { Message } from './message.js';
import { Snowflakes } from './snowflake.js';

export type PermissionName = keyof typeof PermissionFlagsBits;

export interface User {
  readonly id: string;
  username: string;
  readonly bot: boolean;
}

export interface Role {
  readonly id: string;
  name: string;
  permissions: bigint;
}

export interface Member {
  /** Role ids, without @everyone, which every member has. */
  roles: string[];
}

export interface Guild {
  readonly id: string;
  name: string;
  ownerId: string;
  /** By id. @everyone has the guild's own id. */
  readonly roles: Map<string, Role>;
  /** By user id. If the bot is missing, it is not in the guild. */
  readonly members: Map<string, Member>;
  /** Away because of an outage at Discord. */
  unavailable: boolean;
}

export interface Overwrite {
  readonly id: string;
  readonly type: OverwriteType;
  allow: bigint;
  deny: bigint;
}

export interface Channel {
  readonly id: string;
  readonly type: ChannelType;
  name: string;
  /** null: a direct message. */
  readonly guildId: string | null;
  /** The channel of a thread; null for other channels. */
  readonly parentId: string | null;
  /** A thread has those of its channel. */
  overwrites: Overwrite[];
  archived: boolean;
  locked: boolean;
  /** User ids: the other side of a direct message, or the members of a private thread. */
  readonly recipients: Set<string>;
}

export interface RegisteredCommand {
  readonly id: string;
  readonly name: string;
  readonly options?: readonly CommandOption[];
  readonly [field: string]: unknown;
}

export interface CommandOption {
  readonly name: string;
  readonly type: ApplicationCommandOptionType;
  readonly required?: boolean;
  readonly options?: readonly CommandOption[];
}

export type NewChannel = Partial<Omit<Channel, 'recipients'>> & { readonly recipients?: Iterable<string> };

const threadTypes = [ChannelType.AnnouncementThread, ChannelType.PublicThread, ChannelType.PrivateThread];
export const isThread = ({ type }: Channel): boolean => threadTypes.includes(type);

export const bits = (...names: readonly PermissionName[]): bigint =>
  names.reduce((sum, name) => sum | PermissionFlagsBits[name], 0n);

/** The permissions that an invite link asks for; they become the bot's own role. */
const invited = bits(
  'ViewChannel',
  'SendMessages',
  'SendMessagesInThreads',
  'EmbedLinks',
  'AttachFiles',
  'ReadMessageHistory',
);
/** Some of the permissions that everyone has in a new server. */
const everyone = bits('ViewChannel', 'SendMessages', 'ReadMessageHistory', 'UseApplicationCommands');

/**
 * Everything that exists in this Discord. A test may change it at any time, and REST reflects that at once. Use
 * `DiscordServer.changes` if the gateway should tell the client too.
 */
export class World {
  token = 'good-token';
  readonly application = { id: '100000000000000002', name: 'lightsout' };
  readonly bot: User = { id: '100000000000000001', username: 'lightsout', bot: true };
  /** Uses commands if a test names no user. Not an owner, and without roles. */
  readonly user: User = { id: '400000000000000001', username: 'reader', bot: false };
  readonly users = new Map<string, User>();
  readonly guilds = new Map<string, Guild>();
  readonly channels = new Map<string, Channel>();
  /** By channel, oldest first. */
  readonly messages = new Map<string, Message[]>();
  /** By guild; the global ones under 'global'. */
  readonly commands = new Map<string, RegisteredCommand[]>();
  readonly ids: Snowflakes;

  constructor(readonly now: () => number) {
    this.ids = new Snowflakes(now);
    for (const user of [this.bot, this.user]) this.users.set(user.id, user);
    this.addGuild({ id: '300000000000000001', name: 'newsroom' });
    this.addChannel({ id: '200000000000000001', name: 'alerts' });
  }

  /** A guild with the bot and the user as members; neither owns it. */
  addGuild({
    id = this.ids.next(),
    name = `guild ${id}`,
  }: { readonly id?: string; readonly name?: string } = {}): Guild {
    const role = { id: this.ids.next(), name: this.bot.username, permissions: invited };
    const guild: Guild = {
      id,
      name,
      ownerId: this.addUser().id,
      roles: new Map([
        [id, { id, name: '@everyone', permissions: everyone }],
        [role.id, role],
      ]),
      members: new Map([
        [this.bot.id, { roles: [role.id] }],
        [this.user.id, { roles: [] }],
      ]),
      unavailable: false,
    };
    this.guilds.set(id, guild);
    return guild;
  }

  /** Default: a text channel of the first guild. */
  addChannel(fields: NewChannel = {}): Channel {
    const parent = this.channels.get(fields.parentId ?? '');
    const id = fields.id ?? this.ids.next();
    const channel: Channel = {
      id,
      type: fields.type ?? ChannelType.GuildText,
      name: fields.name ?? `channel-${id}`,
      guildId: fields.guildId !== undefined ? fields.guildId : (parent?.guildId ?? [...this.guilds.keys()][0]),
      parentId: fields.parentId ?? null,
      overwrites: fields.overwrites ?? [],
      archived: fields.archived ?? false,
      locked: fields.locked ?? false,
      recipients: new Set(fields.recipients),
    };
    this.channels.set(id, channel);
    return channel;
  }

  /** A thread of the kind that suits its channel. The members of a private thread are `recipients`. */
  addThread(parentId: string, fields: NewChannel = {}): Channel {
    const announced = this.channels.get(parentId)?.type === ChannelType.GuildAnnouncement;
    return this.addChannel({
      type: announced ? ChannelType.AnnouncementThread : ChannelType.PublicThread,
      ...fields,
      parentId,
    });
  }

  addRole(
    guildId: string,
    { name = 'role', permissions = 0n }: { readonly name?: string; readonly permissions?: bigint } = {},
  ): Role {
    const role = { id: this.ids.next(), name, permissions };
    this.guilds.get(guildId)!.roles.set(role.id, role);
    return role;
  }

  addUser(username = 'somebody'): User {
    const user = { id: this.ids.next(), username, bot: false };
    this.users.set(user.id, user);
    return user;
  }

  /** The channel between the bot and this user, created at first use. */
  directMessages(userId: string): Channel {
    const known = [...this.channels.values()].find(
      (channel) => channel.type === ChannelType.DM && channel.recipients.has(userId),
    );
    return known ?? this.addChannel({ type: ChannelType.DM, guildId: null, recipients: [userId] });
  }

  /** Takes permissions from the bot in this channel, by an overwrite for the bot alone. */
  deny(channelId: string, ...names: readonly PermissionName[]): void {
    const overwrite = this.#overwriteOfBot(channelId);
    overwrite.deny |= bits(...names);
    overwrite.allow &= ~overwrite.deny;
  }

  /** Gives the bot permissions in this channel, whatever its roles say. */
  allow(channelId: string, ...names: readonly PermissionName[]): void {
    const overwrite = this.#overwriteOfBot(channelId);
    overwrite.allow |= bits(...names);
    overwrite.deny &= ~overwrite.allow;
  }

  #overwriteOfBot(channelId: string): Overwrite {
    const channel = this.channels.get(channelId)!;
    let own = channel.overwrites.find(({ id }) => id === this.bot.id);
    if (own === undefined)
      channel.overwrites.push((own = { id: this.bot.id, type: OverwriteType.Member, allow: 0n, deny: 0n }));
    return own;
  }
}
