import { alpha3Codes, countryAliases } from './aliases.js';
import type { GroupDefinition } from '../registry/countries-file.js';
import { fitOf, foldName } from './name-search.js';
import { countryCodes, countryName } from './names.js';
import { regions, type Region } from './regions.js';

/** Discord's documentation, Application Commands: an autocomplete answer holds at most 25. */
const mostChoices = 25;
const mostSuggestions = 3;

export interface Choice {
  /** "North Korea (KP)", or a region's name. */
  readonly name: string;
  /** "KP", or a region's name. */
  readonly value: string;
}

export type Found =
  | { readonly kind: 'found'; readonly code: string }
  /** Names with their code, the likeliest first, at most 3. */
  | { readonly kind: 'unknown'; readonly suggestions: readonly string[] };

/** Finds countries and groups by what people call them; from memory, and always the same. */
export interface CountryDirectory {
  /**
   * By name, ISO alpha-2 or alpha-3 code, alias, or a group's code or name; also as a choice is shown: "North Korea
   * (KP)".
   */
  find(text: string): Found;
  /** A region with the groups that lie in its countries, by name or alias; null: no such region. */
  region(text: string): Region | null;
  /** Countries and groups that may be meant by what was typed so far, best first, at most 25. */
  complete(typed: string): readonly Choice[];
  /** As `complete`, regions among them. */
  completeWithRegions(typed: string): readonly Choice[];
  /** "North Korea"; a code that nobody knows goes by itself. */
  name(code: string): string;
}

interface Entry {
  readonly choice: Choice;
  /** Folded: its own, then others. */
  readonly names: readonly string[];
  readonly codes: readonly string[];
}

export function createCountryDirectory(groups: readonly GroupDefinition[]): CountryDirectory {
  const groupNames = new Map(groups.map(({ code, name }) => [code, name]));
  const nameOf = (code: string): string => countryName(code, groupNames.get(code)).name;
  const places = [
    ...countryCodes.map((code) =>
      placeEntry(code, nameOf(code), countryAliases[code] as readonly string[] | undefined),
    ),
    ...groups.map(({ code }) => placeEntry(code, nameOf(code), undefined)),
  ].sort(byName);
  const withRegions = [...places, ...regions.map(regionEntry)].sort(byName);

  const find = (text: string): Found => {
    const shown = /\(([A-Z]{2}(?:-[A-Z0-9]{1,8})?)\)$/.exec(text.trim());
    const typed = foldName(shown === null ? text : shown[1]);
    // An own name before another's alias, and two who share it are asked about.
    const own = places.filter(({ names, codes }) => names[0] === typed || codes.includes(typed));
    const exact = own.length > 0 ? own : places.filter(({ names }) => names.includes(typed));
    if (typed !== '' && exact.length === 1) return { kind: 'found', code: exact[0].choice.value };
    const suggestions =
      typed === ''
        ? []
        : fitting(typed, places)
            .map(({ name }) => name)
            .slice(0, mostSuggestions);
    return { kind: 'unknown', suggestions };
  };

  return {
    find,
    region(text) {
      const typed = foldName(text);
      const region = regions.find(({ name, aliases }) => [name, ...aliases].some((each) => foldName(each) === typed));
      if (region === undefined) return null;
      const within = groups.map(({ code }) => code).filter((code) => region.countries.includes(code.slice(0, 2)));
      return within.length === 0 ? region : { ...region, countries: [...region.countries, ...within].sort() };
    },
    complete: (typed) => fitting(foldName(typed), places).slice(0, mostChoices),
    completeWithRegions: (typed) => fitting(foldName(typed), withRegions).slice(0, mostChoices),
    name: nameOf,
  };
}

function placeEntry(code: string, name: string, aliases: readonly string[] = []): Entry {
  const codes = [code, alpha3Codes.get(code) ?? code].map(foldName);
  return { choice: { name: `${name} (${code})`, value: code }, names: [name, ...aliases].map(foldName), codes };
}

function regionEntry({ name, aliases, countries }: Region): Entry {
  return {
    choice: { name: `${name} (${countries.length} countries)`, value: name },
    names: [name, ...aliases].map(foldName),
    codes: [],
  };
}

/** Not by locale, which would differ from machine to machine. */
function byName(a: Entry, b: Entry): number {
  if (a.names[0] !== b.names[0]) return a.names[0] < b.names[0] ? -1 : 1;
  return a.choice.value < b.choice.value ? -1 : 1;
}

/** Best first; `entries` in the order that decides between equals. */
function fitting(typed: string, entries: readonly Entry[]): Choice[] {
  if (typed === '') return entries.map(({ choice }) => choice);
  const fits = entries.flatMap(({ choice, names, codes }) => {
    const fit = fitOf(typed, names, codes);
    return fit === null ? [] : [{ choice, fit }];
  });
  // Guesses only where nothing was plainly meant.
  const plain = fits.filter(({ fit }) => fit < 10);
  return (plain.length > 0 ? plain : fits).sort((a, b) => a.fit - b.fit).map(({ choice }) => choice);
}
