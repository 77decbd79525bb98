import { createHash } from 'node:crypto';
import {
  MessageFlags,
  type APIEmbed,
  type RESTPatchAPIChannelMessageJSONBody,
  type RESTPostAPIChannelMessageJSONBody,
} from 'discord.js';
import { flagOf } from '../../../core/countries/index.js';
import type { Message } from '../../delivery/index.js';
import {
  endFactsOf,
  factsOf,
  footerText,
  messageLimit,
  renderBacklog,
  renderText,
} from '../../../core/report/index.js';
import type { File } from '../rest/api.js';
import type { DrawnChart } from './charts.js';
import { backlogEmbedOf, embedOf, noticeEmbedOf } from './embed.js';
import { cut, escaped } from './markdown.js';
import { textLimits } from './text-limits.js';

/** Discord's documentation, Create Message and Attachment Object, in UTF-16 units. */
const limits = { nonce: 25, altText: 1024 } as const;
const chartName = 'chart.png';
/** Discord's own blurple: a notice is neither trouble nor all-clear of a country. */
const noticeColour = 0x5865f2;

/** How much of a message a channel takes. */
export interface Form {
  readonly embed: boolean;
  /** Shown in the embed, so null without one. */
  readonly chart: DrawnChart | null;
  /** Whether it may point at the message it replies to. */
  readonly reply: boolean;
}

export interface Rendered<Body> {
  readonly body: Body;
  /** In the order of the body's attachments. */
  readonly files: readonly File[];
}

/** A message as it is posted: the sentence, what stands beside it in an embed, the chart. */
export function renderMessage(
  message: Message,
  channelId: string,
  { embed, chart, reply }: Form,
): Rendered<RESTPostAPIChannelMessageJSONBody> {
  const shown = embed ? withChart(embedFor(message), chart) : null;
  const replyTo = message.kind === 'notice' ? null : message.replyTo;
  return {
    body: {
      ...renderReduced(message, channelId),
      content: contentOf(message),
      ...(shown !== null && { embeds: [shown.embed] }),
      ...(shown !== null && shown.files.length > 0 && { attachments: shown.attachments }),
      ...(reply && replyTo !== null && { message_reference: { message_id: replyTo, fail_if_not_exists: false } }),
    },
    files: shown?.files ?? [],
  };
}

/** The sentence alone, without any link: what is left when Discord will not take the whole. */
export function renderReduced(message: Message, channelId: string): RESTPostAPIChannelMessageJSONBody {
  const roleId = roleOf(message);
  return {
    content: contentOf(message).replace(/\s*https?:\/\/\S+/g, ''),
    allowed_mentions: { parse: [], ...(roleId !== null && { roles: [roleId] }) },
    ...(message.kind === 'alert' && message.silent && { flags: MessageFlags.SuppressNotifications }),
    nonce: nonceOf(message, channelId),
    enforce_nonce: true,
  };
}

/**
 * What an edit changes: the embed, with its chart replaced, or taken away where there is none for it. The sentence was
 * true when it was said and stays. null: without an embed that leaves nothing to change.
 */
export function renderEdit(
  message: Message,
  { embed, chart }: Omit<Form, 'reply'>,
): Rendered<RESTPatchAPIChannelMessageJSONBody> | null {
  if (!embed) return null;
  const shown = withChart(embedFor(message), chart);
  return {
    body: { embeds: [shown.embed], attachments: shown.attachments, allowed_mentions: { parse: [] } },
    files: shown.files,
  };
}

/**
 * How the footer of a message begins that tells this: it is found by that again. A single event that is told late may
 * have arrived as its own alert before, be it of one country or of several.
 */
export function marksOf(message: Message): string[] {
  const footers = [footerOf(message)];
  if (message.kind === 'backlog') {
    const [{ partOf }] = message.events;
    if (message.events.length === 1) footers.push(factsOf(message.events[0]).footer);
    if (partOf !== null && message.events.every((event) => event.partOf === partOf)) footers.push(footerText(partOf));
  }
  return footers.map((footer) => `${footer.split(' · ', 1)[0]} ·`);
}

function footerOf(message: Message): string {
  switch (message.kind) {
    case 'alert':
      return factsOf(message.event).footer;
    case 'backlog':
      return renderBacklog(message.events, message.at).footer;
    case 'notice':
      return `${message.id} · lightsout`;
  }
}

/** At most 280 UTF-16 units (a notice: what Discord takes): the role that is pinged, the flag, the sentence. */
function contentOf(message: Message): string {
  const roleId = roleOf(message);
  const mention = roleId === null ? '' : `<@&${roleId}> `;
  switch (message.kind) {
    case 'alert':
      return (
        mention + sentence(flagged(message.event.country), renderText(message.event), messageLimit - mention.length)
      );
    case 'backlog': {
      const { events, at } = message;
      const flag = events.length === 1 ? flagged(events[0].country) : '';
      return mention + sentence(flag, renderBacklog(events, at).text, messageLimit - mention.length);
    }
    case 'notice':
      return cut(escaped(message.text), textLimits.content);
  }
}

function sentence(flag: string, text: string, room: number): string {
  return flag + cut(escaped(text), room - flag.length);
}

function flagged(country: string | null): string {
  const flag = country === null ? '' : flagOf(country);
  return flag === '' ? '' : `${flag} `;
}

/** A role is pinged when something begins or gets worse, not when it goes on or ends. */
function roleOf(message: Message): string | null {
  if (message.kind === 'notice') return null;
  if (message.kind === 'backlog') return message.roleId;
  return message.part === 'start' || message.part === 'escalation' ? message.roleId : null;
}

function embedFor(message: Message): APIEmbed {
  switch (message.kind) {
    case 'alert':
      return embedOf(message.end === null ? factsOf(message.event) : endFactsOf(message.event, message.end));
    case 'backlog':
      return backlogEmbedOf(renderBacklog(message.events, message.at));
    case 'notice':
      return noticeEmbedOf('lightsout', noticeColour, footerOf(message));
  }
}

function withChart(
  embed: APIEmbed,
  chart: DrawnChart | null,
): {
  readonly embed: APIEmbed;
  readonly files: readonly File[];
  readonly attachments: { id: string; filename: string; description: string }[];
} {
  if (chart === null) return { embed, files: [], attachments: [] };
  return {
    embed: { ...embed, image: { url: `attachment://${chartName}` } },
    files: [{ name: chartName, data: chart.png, contentType: 'image/png' }],
    // The id of a new attachment is its file's place in the request.
    attachments: [{ id: '0', filename: chartName, description: chart.altText.slice(0, limits.altText) }],
  };
}

/** The same for the same message and channel, so that Discord takes a repeated message for the one it already has. */
function nonceOf(message: Message, channelId: string): string {
  const digest = createHash('sha256')
    .update(`${identityOf(message)} ${channelId}`)
    .digest('hex');
  return BigInt(`0x${digest}`).toString(36).slice(-limits.nonce);
}

function identityOf(message: Message): string {
  switch (message.kind) {
    case 'alert':
      return `${message.event.id} ${message.revision}`;
    case 'backlog':
      return `backlog ${message.events[0].id}`;
    case 'notice':
      return `notice ${message.id}`;
  }
}
