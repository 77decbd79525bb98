import type { CountryDirectory } from '../../../../core/countries/index.js';
import { CommandProblem } from './command.js';
import { didYouMean, quoted } from './country-option.js';
import { clip } from '../../../../core/report/index.js';

/** More are named than one message should hold. */
const mostUnknown = 10;
const mostSuggestions = 3;
/** Discord's documentation, Application Command Option Choice: length of a name and of a value. */
const choiceLimit = 100;

export type Wanted = { readonly kind: 'all' } | { readonly kind: 'listed'; readonly codes: readonly string[] };

/** "KP, Syria, Middle East", or "all". Throws a CommandProblem that names every word nobody knows. */
export function wantedCountries(text: string, directory: CountryDirectory): Wanted {
  const words = text
    .split(/[,;\n]/)
    .map((word) => word.trim())
    .filter((word) => word !== '')
    .flatMap((word) => apart(word, directory));
  if (words.length === 0) throw new CommandProblem('Which countries? For example `KP, SY`, `Middle East`, or `all`.');
  if (words.some((word) => /^(all|all countries|every country|everything|world|worldwide)$/i.test(word)))
    return { kind: 'all' };
  const codes = new Set<string>();
  const unknown: string[] = [];
  for (const word of words) {
    const found = codesOf(word, directory);
    if (found.length === 0) unknown.push(word);
    for (const code of found) codes.add(code);
  }
  if (unknown.length === 0) return { kind: 'listed', codes: [...codes].sort() };
  const lines = unknown.slice(0, mostUnknown).map((word) => {
    const suggestions = directory
      .completeWithRegions(word)
      .slice(0, mostSuggestions)
      .map(({ name }) => name);
    return `I know no country or region called ${quoted(word)}.${didYouMean(suggestions)}`;
  });
  if (unknown.length > mostUnknown) lines.push(`And ${unknown.length - mostUnknown} more that I do not know.`);
  throw new CommandProblem([...lines, 'Nothing was changed.'].join('\n'));
}

function codesOf(word: string, directory: CountryDirectory): readonly string[] {
  const found = directory.find(word);
  return found.kind === 'found' ? [found.code] : (directory.region(word)?.countries ?? []);
}

/**
 * "KP SY IR" without commas is three countries, and so is "Iran, Iraq and North Korea"; "Trinidad and Tobago" is one.
 */
function apart(word: string, directory: CountryDirectory): string[] {
  const isKnown = (part: string): boolean => codesOf(part, directory).length > 0;
  if (isKnown(word)) return [word];
  // "and" joins before it is taken for anything else: AND is the code of Andorra.
  const joined = word.split(/(?:^|\s+)and\s+|\s*&\s*/i).filter((part) => part !== '');
  if (joined.every(isKnown)) return joined;
  const parts = joined.flatMap((part) => (isKnown(part) ? [part] : part.split(/\s+/)));
  return parts.every(isKnown) ? parts : [word];
}

/** Completes the last of the words typed. */
export function completeWanted(typed: string, directory: CountryDirectory): { name: string; value: string }[] {
  const cut = Math.max(typed.lastIndexOf(','), typed.lastIndexOf(';')) + 1;
  const before = typed.slice(0, cut).trim();
  const last = typed.slice(cut).trim();
  const choices = directory.completeWithRegions(last);
  const withAll =
    before === '' && 'all'.startsWith(last.toLowerCase())
      ? [{ name: 'all countries', value: 'all' }, ...choices]
      : choices;
  const lead = before === '' ? '' : `${before} `;
  return withAll
    .map(({ name, value }) => ({ name: clip(`${lead}${name}`, choiceLimit), value: `${lead}${value}` }))
    .filter(({ value }) => value.length <= choiceLimit)
    .slice(0, 25);
}
