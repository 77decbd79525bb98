import type { APIEmbed } from 'discord.js';
import type { Backlog, Fact, MessageFacts } from '../../../core/report/index.js';
import { cut, escaped } from './markdown.js';
import { textLimits } from './text-limits.js';

/** The facts of one event. Fields for which there is no room in all are left out, the last first. */
export function embedOf({ title, colour, fields, links, footer }: MessageFacts): APIEmbed {
  const embed: APIEmbed = {
    title: cut(escaped(title), textLimits.title),
    color: colour,
    ...(links.length > 0 && { description: links.map(({ label, url }) => `[${label}](${url})`).join(' · ') }),
    footer: { text: cut(footer, textLimits.footer) },
  };
  let room =
    textLimits.embeds -
    (embed.title ?? '').length -
    (embed.description ?? '').length -
    (embed.footer?.text ?? '').length;
  const shown = fields
    .slice(0, textLimits.fields)
    .map((fact) => ({
      name: cut(escaped(fact.name), textLimits.fieldName),
      value: cut(valueOf(fact), textLimits.fieldValue),
      inline: fact.inline,
    }));
  const fitting = shown.findIndex(({ name, value }) => (room -= name.length + value.length) < 0);
  return { ...embed, fields: fitting === -1 ? shown : shown.slice(0, fitting) };
}

/** The incidents of a backlog, a line each, as many as there is room for. */
export function backlogEmbedOf({ title, colour, lines, footer }: Backlog): APIEmbed {
  return {
    title: cut(escaped(title), textLimits.title),
    color: colour,
    description: listOf(lines.map(escaped), textLimits.description),
    footer: { text: cut(footer, textLimits.footer) },
  };
}

export function noticeEmbedOf(title: string, colour: number, footer: string): APIEmbed {
  return { title, color: colour, footer: { text: cut(footer, textLimits.footer) } };
}

/** Lines up to the limit, then "and 12 more". */
function listOf(lines: readonly string[], limit: number): string {
  let text = '';
  for (const [index, line] of lines.entries()) {
    const more = index + 1 < lines.length ? `\nand ${lines.length - index - 1} more` : '';
    const longer = index === 0 ? line : `${text}\n${line}`;
    if (longer.length + more.length > limit) return cut(`${text}\nand ${lines.length - index} more`, limit);
    text = longer;
  }
  return text;
}

function valueOf(fact: Fact): string {
  if (fact.kind === 'text') return escaped(fact.value);
  const seconds = Math.floor(fact.at / 1000);
  return `<t:${seconds}:f> (<t:${seconds}:R>)`;
}
