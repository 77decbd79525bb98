import { PermissionFlagsBits, RESTJSONErrorCodes as Code } from 'discord.js';
import type { Message } from '../../delivery/index.js';
import type { ChannelAccess } from '../rest/access.js';
import type { DrawnChart } from './charts.js';
import type { Form } from './message.js';

const noReply: number = Code.CannotReplyWithoutPermissionToReadMessageHistory;
const missingPermissions: number = Code.MissingPermissions;

/** null where permissions are not known: then everything is tried. */
export function mayIn(
  access: ChannelAccess | null,
  permission: 'EmbedLinks' | 'AttachFiles' | 'ReadMessageHistory',
): boolean {
  return access === null || (access.permissions & PermissionFlagsBits[permission]) !== 0n;
}

/** Whether a chart is seen there: it stands in the embed. */
export function showsChart(access: ChannelAccess | null): boolean {
  return mayIn(access, 'EmbedLinks') && mayIn(access, 'AttachFiles');
}

/** What a channel may take at most. */
export function formIn(access: ChannelAccess | null, chart: DrawnChart | null, message: Message): Form {
  return {
    embed: mayIn(access, 'EmbedLinks'),
    chart: showsChart(access) ? chart : null,
    reply: mayIn(access, 'ReadMessageHistory') && !(access?.kind === 'announcement' && isPublished(message)),
  };
}

/**
 * Whether an announcement channel hands it on to those that follow it. Discord does so with plain messages, not with
 * replies (50068).
 */
function isPublished(message: Message): boolean {
  return message.kind === 'alert' && (message.part === 'start' || message.part === 'recovery');
}

/**
 * What to try after a refusal with this code: what may have needed a permission goes, one thing at a time. null: there
 * is nothing less.
 */
export function lesserForm(form: Form, code: number): Form | null {
  if (code === noReply) return form.reply ? { ...form, reply: false } : null;
  if (code !== missingPermissions) return null;
  if (form.chart !== null) return { ...form, chart: null };
  return form.embed ? { ...form, embed: false } : null;
}
