import { clip } from '../../../core/report/index.js';

/**
 * Discord's documentation, Create Message and Embed Limits: UTF-16 units. `embeds` is the sum of all texts of a
 * message's embeds.
 */
export const textLimits = {
  content: 2000,
  title: 256,
  description: 4096,
  fields: 25,
  fieldName: 256,
  fieldValue: 1024,
  footer: 2048,
  embeds: 6000,
} as const;

/** As many of `parts`, from the first on, as fit into `limit` units; what is left out is said by `more`. */
export function fitting(
  parts: readonly string[],
  separator: string,
  limit: number,
  more: (left: number) => string,
): string {
  const whole = parts.join(separator);
  if (whole.length <= limit) return whole;
  for (let kept = parts.length - 1; kept > 0; kept--) {
    const text = [...parts.slice(0, kept), more(parts.length - kept)].join(separator);
    if (text.length <= limit) return text;
  }
  return clip(more(parts.length), limit);
}
