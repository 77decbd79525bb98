import { clip } from '../../../core/report/index.js';

/** What Discord would render as markup; a link is left whole, for a backslash would become a part of it. */
const markup = /https?:\/\/\S+|[\\*_~`|[\]]|<(?=[@#:/a-z])/gi;
/** Headings, quotes and lists, at the start of a line. */
const lineStart = /^(\s*\d*)([#>+.-]+)(?=\s)/gm;

/** The text so that Discord shows it as it is. */
export function escaped(text: string): string {
  return text.replace(markup, (match) => (match.length > 1 ? match : `\\${match}`)).replace(lineStart, '$1\\$2');
}

/**
 * At most `limit` UTF-16 units of an escaped text, cut neither inside a character nor after the backslash of an escape.
 */
export function cut(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const kept = clip(text, limit).slice(0, -1);
  const backslashes = /\\*$/.exec(kept)?.[0].length ?? 0;
  return `${backslashes % 2 === 1 ? kept.slice(0, -1) : kept}…`;
}
