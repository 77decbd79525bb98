import { wireChannel, wireGuild, wireMember, wireRole } from './channels.js';
import type { Gateway } from '../gateway/gateway.js';
import type { Channel, Guild, Member, NewChannel, Role, World } from '../world.js';

/** Whatever happens in Discord: the world changes, and the gateway tells of it. */
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

  /** With overwrites as well: what `world.deny` changed is told by an update of nothing. */
  channelUpdate(id: string, fields: Partial<Pick<Channel, 'name' | 'overwrites'>> = {}): void {
    const channel = Object.assign(this.world.channels.get(id)!, fields);
    this.gateway.dispatch('CHANNEL_UPDATE', wireChannel(this.world, channel));
  }

  /** Its threads go with it, of which Discord says nothing. */
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

  /** The bot is invited; or, with the id of a guild there is, that guild is back after an outage. */
  guildCreate(fields: { readonly id?: string; readonly name?: string } = {}): Guild {
    const guild = this.world.guilds.get(fields.id ?? '') ?? this.world.addGuild(fields);
    guild.unavailable = false;
    this.gateway.dispatch('GUILD_CREATE', wireGuild(this.world, guild));
    return guild;
  }

  /**
   * The bot is thrown out, and the guild is gone for it; `unavailable`: the guild is away, in an outage of Discord's.
   */
  guildDelete(id: string, { unavailable = false } = {}): void {
    if (unavailable) this.world.guilds.get(id)!.unavailable = true;
    else this.world.guilds.get(id)!.members.delete(this.world.bot.id);
    this.gateway.dispatch('GUILD_DELETE', unavailable ? { id, unavailable } : { id });
  }

  roleUpdate(guildId: string, roleId: string, fields: Partial<Pick<Role, 'name' | 'permissions'>>): void {
    const role = Object.assign(this.world.guilds.get(guildId)!.roles.get(roleId)!, fields);
    this.gateway.dispatch('GUILD_ROLE_UPDATE', { guild_id: guildId, role: wireRole(role) });
  }

  /** The bot's own roles: told even to a bot without the members intent. */
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
