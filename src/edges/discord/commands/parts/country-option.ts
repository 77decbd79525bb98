import type { CountryDirectory } from '../../../../core/countries/index.js';
import { CommandProblem, type Command, type CommandInput } from './command.js';
import { textOf } from './definition.js';
import { clip } from '../../../../core/report/index.js';

/** The code of the country asked for, however it was written. */
export function countryOf(input: CommandInput, directory: CountryDirectory): string {
  const text = (textOf(input, 'country') ?? '').trim();
  if (text === '') throw new CommandProblem('Which country? Type its name or its code, such as `North Korea` or `KP`.');
  const found = directory.find(text);
  if (found.kind === 'found') return found.code;
  const region = directory.region(text);
  if (region !== null)
    throw new CommandProblem(
      `${region.name} is a region: ask for one country of it. A region can be given to \`/subscribe\`.`,
    );
  throw new CommandProblem(`I know no country called ${quoted(text)}.${didYouMean(found.suggestions)}`);
}

/** " Did you mean Niger (NE) or Nigeria (NG)?"; '' where there is nothing to suggest. */
export function didYouMean(suggestions: readonly string[]): string {
  if (suggestions.length === 0) return '';
  const last = suggestions[suggestions.length - 1];
  const list = suggestions.length === 1 ? last : `${suggestions.slice(0, -1).join(', ')} or ${last}`;
  return ` Did you mean ${list}?`;
}

/** What somebody typed, on one line and without its markup. */
export function quoted(text: string): string {
  return `"${clip(
    text
      .replace(/[\s`]+/g, ' ')
      .replace(/[*_~|<>@[\]()\\]/g, '')
      .trim(),
    60,
  )}"`;
}

export const completeCountry: NonNullable<Command['complete']> = (option, typed, { directory }) =>
  option === 'country' ? directory.complete(typed).map(({ name, value }) => ({ name: clip(name, 100), value })) : [];
