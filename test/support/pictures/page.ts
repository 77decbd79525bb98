import type { APIEmbed, APIEmbedField } from 'discord.js';
import type { Message } from '../discord/message.js';
import type { Shot } from './outage.js';

/** The line above a message, besides its author. */
export type Above =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'reply'; readonly to: string }
  | { readonly kind: 'command'; readonly by: string; readonly name: string };

/**
 * A page that shows one message as a dark chat would: sentence, embed, picture. Drawn here, without any asset of
 * Discord's.
 */
export function renderPage({ message, at }: Shot, above: Above): string {
  const { content, embeds } = message;
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>lightsout</title><style>${style}</style>
<main>${aboveHtml(above)}
<div class="avatar">${bulb}</div>
<article>
<header><b>lightsout</b><span class="app">APP</span><time>${clockTime(message.createdAt)}</time></header>
<p class="content">${textHtml(content ?? '', at)}</p>
${(embeds ?? []).map((embed) => embedHtml(embed, message, at)).join('')}
</article></main></html>`;
}

function aboveHtml(above: Above): string {
  switch (above.kind) {
    case 'nothing':
      return '';
    case 'reply':
      return `<div class="above"><i></i><b>lightsout</b><span>${textHtml(above.to, 0)}</span></div>`;
    case 'command':
      return (
        `<div class="above"><i></i><b>${escaped(above.by)}</b><span>used ` +
        `<em>/${escaped(above.name)}</em></span></div>`
      );
  }
}

function embedHtml(
  { title, description, color, fields, image, footer }: APIEmbed,
  message: Message,
  at: number,
): string {
  const picture = message.files.find(({ filename }) => image?.url === `attachment://${filename}`);
  const pictureHtml =
    picture === undefined
      ? ''
      : `<img src="data:${picture.contentType};base64,${picture.bytes.toString('base64')}" ` +
        `alt="${escaped(picture.description ?? '')}">`;
  return `<section style="border-left-color:#${(color ?? 0).toString(16).padStart(6, '0')}">
<h1>${textHtml(title ?? '', at)}</h1><p class="links">${textHtml(description ?? '', at)}</p>
<dl>${rowsOf(fields ?? [])
    .flatMap((row) => row.map((field) => fieldHtml(field, row.length, at)))
    .join('')}</dl>
${pictureHtml}
${footer === undefined ? '' : `<footer>${escaped(footer.text)}</footer>`}
</section>`;
}

/** Rows of up to three inline fields, or of one field that is not inline. */
function rowsOf(fields: readonly APIEmbedField[]): APIEmbedField[][] {
  const rows: APIEmbedField[][] = [];
  for (const field of fields) {
    const last = rows.at(-1);
    if (field.inline === true && last !== undefined && last.length < 3 && last[0].inline === true) last.push(field);
    else rows.push([field]);
  }
  return rows;
}

function fieldHtml({ name, value }: APIEmbedField, inRow: number, at: number): string {
  return (
    '<div style="grid-column: span ' +
    `${6 / inRow}"><dt>${textHtml(name, at)}</dt><dd>${textHtml(value, at)}</dd></div>`
  );
}

/** Renders the part of Discord's markdown that the bot writes. */
function textHtml(text: string, at: number): string {
  return escaped(text)
    .replace(/&lt;t:(\d+):([fR])&gt;/g, (_, seconds: string, form: string) =>
      form === 'f' ? dateTime(Number(seconds) * 1000) : relative(Number(seconds) * 1000 - at),
    )
    .replace(/\[([^\]]+)\]\(([^)]+)\)/g, '<a href="$2">$1</a>')
    .replace(/\*\*(.+?)\*\*/g, '<b>$1</b>')
    .replace(/`([^`]+)`/g, '<code>$1</code>')
    .replace(/\\([\\*_~`|>#\-[\]()])/g, '$1')
    .replace(/\n/g, '<br>');
}

function escaped(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');
}

function clockTime(at: number): string {
  return new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', hour: '2-digit', minute: '2-digit' }).format(at);
}

function dateTime(at: number): string {
  const date = new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', day: 'numeric', month: 'long', year: 'numeric' });
  return `${date.format(at)} ${clockTime(at)}`;
}

/** "2 minutes ago". */
function relative(ms: number): string {
  const seconds = Math.round(Math.abs(ms) / 1000);
  const [count, unit] =
    seconds < 60
      ? [seconds, 'second']
      : seconds < 3_600
        ? [Math.round(seconds / 60), 'minute']
        : [Math.round(seconds / 3_600), 'hour'];
  return ms > 0 ? `in ${plural(count, unit)}` : count === 0 ? 'now' : `${plural(count, unit)} ago`;
}

function plural(count: number, unit: string): string {
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}

/** A light bulb, switched off. */
const bulb =
  '<svg viewBox="0 0 40 40" width="40" height="40"><circle cx="20" cy="20" r="20" fill="#3d4450"/>' +
  '<path d="M20 9a8 8 0 0 0-4.6 14.5c.9.7 1.4 1.6 1.4 2.6h6.4c0-1 .5-1.9 1.4-2.6A8 8 0 0 0 20 9z" ' +
  'fill="none" stroke="#dfe3ea" stroke-width="1.8" stroke-linejoin="round"/>' +
  '<path d="M17 29h6M18 31.8h4" stroke="#dfe3ea" stroke-width="1.8" stroke-linecap="round"/></svg>';

const style = `
* { margin: 0; padding: 0; box-sizing: border-box; }
body { width: 680px; background: #1e1f24; color: #dcdee3; -webkit-font-smoothing: antialiased;
  font: 15px/1.4 Inter, "Noto Color Emoji", sans-serif; }
main { display: grid; grid-template-columns: 40px 1fr; column-gap: 16px; padding: 20px 24px 22px 20px; }
.above { grid-column: 2; display: flex; align-items: center; gap: 6px; margin-bottom: 6px; position: relative;
  font-size: 13px; color: #a6a9b3; min-width: 0; }
.above i { position: absolute; left: -37px; top: 9px; width: 31px; height: 12px; border: solid #54575f;
  border-width: 2px 0 0 2px; border-top-left-radius: 6px; }
.above b { color: #c6c9d1; font-weight: 600; }
.above span { overflow: hidden; white-space: nowrap; text-overflow: ellipsis; }
.above em { font-style: normal; color: #8fa6ff; }
article { min-width: 0; }
header { display: flex; align-items: center; gap: 7px; line-height: 20px; }
header b { color: #f2f3f5; font-weight: 600; }
.app { background: #5a63d8; color: #fff; font-size: 10px; font-weight: 600; letter-spacing: .02em; line-height: 15px;
  padding: 0 5px; border-radius: 4px; }
time { font-size: 12px; color: #989ba5; }
.content { margin: 2px 0 8px; color: #e3e5e9; }
section { background: #27282e; border: 1px solid #34363d; border-left: 4px solid; border-radius: 5px;
  padding: 14px 16px 14px 14px; width: 580px; }
h1 { font-size: 16px; font-weight: 600; color: #f2f3f5; margin-bottom: 4px; }
.links { font-size: 14px; margin-bottom: 10px; color: #83868f; }
a { color: #62a8ff; text-decoration: none; }
dl { display: grid; grid-template-columns: repeat(6, 1fr); gap: 10px 12px; font-size: 13.5px; line-height: 1.35; }
dt { font-weight: 600; color: #f2f3f5; margin-bottom: 1px; }
dd { color: #d0d3d9; }
img { display: block; width: 100%; margin-top: 14px; border-radius: 5px; }
footer { margin-top: 10px; font-size: 12px; color: #a2a5ae; }
code { background: #17181c; border-radius: 3px; padding: 0 3px; font-size: 13px; }
`;
