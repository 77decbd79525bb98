import { wireChannel, wireGuild, wireMember, wireRole } from './channels.js';
import type { Gateway } from '../gateway/gateway.js';
import type { Channel, Guild, Member, NewChannel, Role, World } from '../world.js';

/** Changes that happen in Discord: the world changes, and the gateway tells the client. */
export class Changes {
  constructor(
    readonly world: World,
    readonly gateway: Gateway,
  ) {}

  channelCreate(fields: NewChannel = {}): Channel {
    const channel = this.world.addChannel(fields);
    this.gateway.dispatch('CHANNEL_CREATE', wireChannel(this.world, channel));
    return channel;
  }

  /** Also for overwrites: after `world.deny`, an update without fields tells the client. */
  channelUpdate(id: string, fields: Partial<Pick<Channel, 'name' | 'overwrites'>> = {}): void {
    const channel = Object.assign(this.world.channels.get(id)!, fields);
    this.gateway.dispatch('CHANNEL_UPDATE', wireChannel(this.world, channel));
  }

  /** Deletes the channel and its threads. Discord sends no event for the threads. */
  channelDelete(id: string): void {
    const channel = this.world.channels.get(id)!;
    this.#forget(({ id: other, parentId }) => other === id || parentId === id);
    this.gateway.dispatch('CHANNEL_DELETE', wireChannel(this.world, channel));
  }

  threadCreate(parentId: string, fields: NewChannel = {}): Channel {
    const thread = this.world.addThread(parentId, fields);
    this.gateway.dispatch('THREAD_CREATE', { ...wireChannel(this.world, thread), newly_created: true });
    return thread;
  }

  threadUpdate(id: string, fields: Partial<Pick<Channel, 'name' | 'archived' | 'locked'>>): void {
    const thread = Object.assign(this.world.channels.get(id)!, fields);
    this.gateway.dispatch('THREAD_UPDATE', wireChannel(this.world, thread));
  }

  threadDelete(id: string): void {
    const { type, guildId, parentId } = this.world.channels.get(id)!;
    this.#forget((channel) => channel.id === id);
    this.gateway.dispatch('THREAD_DELETE', { id, type, guild_id: guildId, parent_id: parentId });
  }

  /** The bot is invited. With the id of an existing guild: that guild is back after an outage. */
  guildCreate(fields: { readonly id?: string; readonly name?: string } = {}): Guild {
    const guild = this.world.guilds.get(fields.id ?? '') ?? this.world.addGuild(fields);
    guild.unavailable = false;
    this.gateway.dispatch('GUILD_CREATE', wireGuild(this.world, guild));
    return guild;
  }

  /** The bot is removed from the guild. `unavailable`: the guild is away because of an outage at Discord. */
  guildDelete(id: string, { unavailable = false } = {}): void {
    if (unavailable) this.world.guilds.get(id)!.unavailable = true;
    else this.world.guilds.get(id)!.members.delete(this.world.bot.id);
    this.gateway.dispatch('GUILD_DELETE', unavailable ? { id, unavailable } : { id });
  }

  roleUpdate(guildId: string, roleId: string, fields: Partial<Pick<Role, 'name' | 'permissions'>>): void {
    const role = Object.assign(this.world.guilds.get(guildId)!.roles.get(roleId)!, fields);
    this.gateway.dispatch('GUILD_ROLE_UPDATE', { guild_id: guildId, role: wireRole(role) });
  }

  /** Changes the bot's own roles. Discord tells even a bot without the members intent. */
  memberUpdate(guildId: string, fields: Partial<Member>): void {
    const guild = this.world.guilds.get(guildId)!;
    Object.assign(guild.members.get(this.world.bot.id)!, fields);
    this.gateway.dispatch('GUILD_MEMBER_UPDATE', {
      guild_id: guildId,
      ...wireMember(this.world, guild, this.world.bot.id),
    });
  }

  #forget(gone: (channel: Channel) => boolean): void {
    for (const channel of [...this.world.channels.values()].filter(gone)) {
      this.world.channels.delete(channel.id);
      this.world.messages.delete(channel.id);
    }
  }
}
