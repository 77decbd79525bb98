import { ChannelType, OverwriteType, PermissionFlagsBits } from 'discord.js';
import { bits, isThread, type Channel, type World } from './world.js';

const all = Object.values(PermissionFlagsBits).reduce((sum, bit) => sum | bit, 0n);
const inDirectMessages = bits('ViewChannel', 'SendMessages', 'EmbedLinks', 'AttachFiles', 'ReadMessageHistory');

/** In the whole guild, from ownership and roles. 0 for a user who is not a member. */
export function guildPermissions(world: World, guildId: string, userId: string): bigint {
  const guild = world.guilds.get(guildId);
  const member = guild?.members.get(userId);
  if (guild === undefined || member === undefined) return 0n;
  if (guild.ownerId === userId) return all;
  const sum = [guildId, ...member.roles].reduce(
    (permissions, id) => permissions | (guild.roles.get(id)?.permissions ?? 0n),
    0n,
  );
  return (sum & PermissionFlagsBits.Administrator) === 0n ? sum : all;
}

/**
 * In one channel, as Discord's documentation computes it (Permissions, Permission Overwrites). 0 for a user who may not
 * see the channel.
 */
export function channelPermissions(world: World, channel: Channel, userId: string): bigint {
  if (channel.guildId === null)
    return channel.type === ChannelType.DM && isOfDirectMessages(world, channel, userId) ? inDirectMessages : 0n;
  const base = guildPermissions(world, channel.guildId, userId);
  if (base === all) return all;
  const member = world.guilds.get(channel.guildId)?.members.get(userId);
  if (member === undefined) return 0n;
  const place = isThread(channel) ? world.channels.get(channel.parentId ?? '') : channel;
  if (place === undefined) return 0n;

  let permissions = base;
  const apply = (allow: bigint, deny: bigint): void => void (permissions = (permissions & ~deny) | allow);
  const everyone = place.overwrites.find(({ id }) => id === channel.guildId);
  if (everyone !== undefined) apply(everyone.allow, everyone.deny);
  const ofRoles = place.overwrites.filter(({ id, type }) => type === OverwriteType.Role && member.roles.includes(id));
  apply(
    ofRoles.reduce((sum, { allow }) => sum | allow, 0n),
    ofRoles.reduce((sum, { deny }) => sum | deny, 0n),
  );
  const own = place.overwrites.find(({ id, type }) => type === OverwriteType.Member && id === userId);
  if (own !== undefined) apply(own.allow, own.deny);

  const hidden =
    channel.type === ChannelType.PrivateThread &&
    !channel.recipients.has(userId) &&
    (permissions & PermissionFlagsBits.ManageThreads) === 0n;
  return hidden || (permissions & PermissionFlagsBits.ViewChannel) === 0n ? 0n : permissions;
}

/** The permission needed to write in this channel. */
export const sendingIn = (channel: Channel): bigint =>
  isThread(channel) ? PermissionFlagsBits.SendMessagesInThreads : PermissionFlagsBits.SendMessages;

function isOfDirectMessages(world: World, channel: Channel, userId: string): boolean {
  return userId === world.bot.id || channel.recipients.has(userId);
}
