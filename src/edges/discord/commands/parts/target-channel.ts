import { PermissionFlagsBits } from 'discord.js';
import type { ChannelAccess } from '../../rest/access.js';
import { CommandProblem, type CommandDeps, type CommandInput } from './command.js';
import type { CommandMessage } from './command-message.js';
import { textOf } from './definition.js';

/** Whose subscription a managing command is about. */
export interface Target {
  readonly channelId: string;
  /** null: a direct message with one person. */
  readonly guildId: string | null;
  /** null: a channel with a subscription that the bot cannot see any more, or a direct message. */
  readonly access: ChannelAccess | null;
  /** "<#1>", or "this direct message". */
  readonly shown: string;
}

/**
 * The answer to who cannot be served where they ask: with the invite link. null: they can. Throws a CommandProblem to
 * who may not.
 */
export function turnedAway({ place }: CommandInput, deps: Pick<CommandDeps, 'inviteLink'>): CommandMessage | null {
  if (place.kind === 'bot-dm') return null;
  if (place.kind === 'private' || !place.isMember) {
    const where = place.kind === 'private' ? 'here' : 'in this server';
    return {
      content:
        `I cannot post ${where}: you have installed me for yourself alone. Somebody with Manage Server can ` +
        `[invite me to the server](${deps.inviteLink()}); ` +
        'or write to me in a direct message and use this command there.',
    };
  }
  const { memberPermissions } = place;
  if ((memberPermissions & (PermissionFlagsBits.ManageGuild | PermissionFlagsBits.Administrator)) === 0n) {
    throw new CommandProblem('Only people with the permission Manage Server may do that.');
  }
  return null;
}

/** The channel meant: that of the option, else where the command was given. */
export async function targetOf(
  input: CommandInput,
  deps: Pick<CommandDeps, 'lookUpChannel' | 'subscriptions'>,
): Promise<Target> {
  const { place } = input;
  const given = textOf(input, 'channel');
  if (place.kind !== 'guild') {
    if (given !== null && given !== place.channelId)
      throw new CommandProblem('In a direct message I serve you alone, here: leave the channel out.');
    return { channelId: place.channelId, guildId: null, access: null, shown: 'this direct message' };
  }
  const channelId = given ?? place.channelId;
  const access = deps.lookUpChannel(channelId);
  const shown = `<#${channelId}>`;
  if (access === null) {
    const known = await deps.subscriptions.subscription(channelId);
    if (known?.guildId !== place.guildId) {
      throw new CommandProblem(
        `I cannot see ${shown}. Give me the permission View Channel there (in a private thread: add me to it), ` +
          'then try again.',
      );
    }
    return { channelId, guildId: place.guildId, access: null, shown };
  }
  if (access.guildId !== place.guildId) throw new CommandProblem('That channel belongs to another server.');
  if (access.kind === 'other' || access.kind === 'dm') {
    throw new CommandProblem(
      `${shown} is no place for messages like mine: choose a text channel, an announcement channel or a thread.`,
    );
  }
  return { channelId, guildId: place.guildId, access, shown };
}

/** What the bot lacks there, by the names that Discord's settings show. */
export interface Lacking {
  /** Without these nothing can be posted. */
  readonly needed: readonly string[];
  /** Without these something is left out: what, as the rest of "without Embed Links: ...". */
  readonly wished: readonly { readonly name: string; readonly without: string }[];
}

export function lackingIn({ kind, permissions }: ChannelAccess): Lacking {
  if ((permissions & PermissionFlagsBits.Administrator) !== 0n) return { needed: [], wished: [] };
  const lacks = (bit: bigint): boolean => (permissions & bit) === 0n;
  const needed: string[] = [];
  if (lacks(PermissionFlagsBits.ViewChannel)) needed.push('View Channel');
  if (kind === 'thread') {
    if (lacks(PermissionFlagsBits.SendMessagesInThreads)) needed.push('Send Messages in Threads');
  } else if (lacks(PermissionFlagsBits.SendMessages)) needed.push('Send Messages');
  const wished = [
    {
      bit: PermissionFlagsBits.EmbedLinks,
      name: 'Embed Links',
      without: 'the sentence alone, without the box of figures and links',
    },
    { bit: PermissionFlagsBits.AttachFiles, name: 'Attach Files', without: 'no charts' },
    {
      bit: PermissionFlagsBits.ReadMessageHistory,
      name: 'Read Message History',
      without: 'follow-ups are no replies, and a crash at the wrong moment may post one message twice',
    },
  ];
  return { needed, wished: wished.filter(({ bit }) => lacks(bit)).map(({ name, without }) => ({ name, without })) };
}

/** Refuses where nothing could be posted: says what to change, with all that is missing at once. */
export function assertMayPost({ access, guildId, shown }: Target): void {
  if (guildId === null) return;
  if (access === null)
    throw new CommandProblem(`I cannot see ${shown}. Give me the permission View Channel there, then try again.`);
  const { needed, wished } = lackingIn(access);
  if (needed.length === 0) return;
  const all = [...needed, ...wished.map(({ name }) => name)];
  throw new CommandProblem(
    `I may not post in ${shown}. There I lack: ${all.map((name) => `**${name}**`).join(', ')}. Allow them ` +
      `for me in the channel's settings ` +
      'under Permissions (needed: ' +
      `${needed.join(' and ')}), then try again.`,
  );
}

/** What will be left out there, a line for each; none where all is allowed. */
export function warningsFor({ access }: Target): string[] {
  if (access === null) return [];
  return lackingIn(access).wished.map(({ name, without }) => `⚠️ I lack **${name}** there: ${without}.`);
}
