import { canonicalAddress, formatPrefix, parsePrefix, prefixLength } from '../../bgp/index.js';
import { isRecord, shown } from '../../settings.js';
import { unitsOf } from './country-map.js';

/** Places judged like a country that the registry does not know: by their own networks. */
export interface GroupDefinition {
  /** Unlike any country's: two letters, a dash and more, such as PS-GZ. */
  readonly code: string;
  /** As a sentence names it: "Gaza". */
  readonly name: string;
  readonly asns: readonly number[];
  readonly prefixes: readonly string[];
}

/** A group's code: unlike any country's. */
export const groupCode = /^[A-Z]{2}-[A-Z0-9]{1,8}$/;

/** config/countries.json. */
export interface CountriesFile {
  /** Prefixes that count for no country, whatever the registry says. */
  readonly ignored: readonly string[];
  readonly groups: readonly GroupDefinition[];
}

/**
 * Reads config/countries.json: { "ignored": [{ "prefix", "why" }], "groups": [{ "code", "name", "asns", "prefixes" }]
 * }. Faults are pushed to `problems`.
 */
export function parseCountriesFile(value: unknown, problems: string[]): CountriesFile {
  const file = isRecord(value) ? value : {};
  if (!isRecord(value)) problems.push(`countries.json: expected an object, got ${shown(value)}`);
  for (const key of Object.keys(file))
    if (key !== 'ignored' && key !== 'groups') problems.push(`countries.json.${key}: no such setting`);
  const ignored = listOf(file['ignored'], 'countries.json.ignored', problems).map((entry, index) => {
    const path = `countries.json.ignored[${index}]`;
    if (isRecord(entry))
      for (const key of Object.keys(entry))
        if (key !== 'prefix' && key !== 'why') problems.push(`${path}.${key}: no such setting`);
    const { prefix, why = '' } = isRecord(entry) ? entry : {};
    if (typeof why !== 'string') problems.push(`${path}.why: expected a sentence, got ${shown(why)}`);
    return prefixAt(prefix, `${path}.prefix`, problems);
  });
  findOverlaps(ignored, 'countries.json.ignored', problems);
  const groups = listOf(file['groups'], 'countries.json.groups', problems).map((entry, index) =>
    parseGroup(isRecord(entry) ? entry : {}, `countries.json.groups[${index}]`, problems),
  );
  const codes = groups.map(({ code }) => code);
  for (const code of new Set(codes.filter((code, index) => codes.indexOf(code) !== index)))
    problems.push(`countries.json.groups: ${code} stands twice`);
  return { ignored, groups };
}

function parseGroup(group: Record<string, unknown>, path: string, problems: string[]): GroupDefinition {
  const { code, name } = group;
  for (const key of Object.keys(group))
    if (!['code', 'name', 'asns', 'prefixes'].includes(key)) problems.push(`${path}.${key}: no such setting`);
  if (typeof code !== 'string' || !groupCode.test(code))
    problems.push(`${path}.code: expected a code such as "PS-GZ", got ${shown(code)}`);
  if (typeof name !== 'string' || name.trim() === '' || name.length > 40)
    problems.push(`${path}.name: expected a name of at most 40 characters, got ${shown(name)}`);
  const asns = listOf(group['asns'], `${path}.asns`, problems).filter((asn, index): asn is number => {
    const sound = Number.isInteger(asn) && (asn as number) > 0 && (asn as number) <= 0xffffffff;
    if (!sound) problems.push(`${path}.asns[${index}]: expected an AS number, got ${shown(asn)}`);
    return sound;
  });
  const prefixes = listOf(group['prefixes'], `${path}.prefixes`, problems).map((prefix, index) =>
    prefixAt(prefix, `${path}.prefixes[${index}]`, problems),
  );
  for (const asn of new Set(asns.filter((asn, index) => asns.indexOf(asn) !== index)))
    problems.push(`${path}.asns: ${asn} stands twice`);
  findOverlaps(prefixes, `${path}.prefixes`, problems);
  if (asns.length + prefixes.length === 0) problems.push(`${path}: expected asns or prefixes, got neither`);
  return { code: String(code), name: String(name), asns, prefixes };
}

function listOf(value: unknown, path: string, problems: string[]): readonly unknown[] {
  if (value === undefined) return [];
  if (Array.isArray(value)) return value;
  problems.push(`${path}: expected a list, got ${shown(value)}`);
  return [];
}

/** What stands twice, or within another, says less than whoever wrote it thought. */
function findOverlaps(texts: readonly string[], path: string, problems: string[]): void {
  const prefixes = texts.map((text) => parsePrefix(text));
  for (const [index, prefix] of prefixes.entries()) {
    if (prefix === null) continue;
    const own = unitsOf(prefix.family, prefix.code);
    const other = prefixes.findIndex((one, at) => {
      if (one === null || at === index || one.family !== prefix.family) return false;
      const { start, end } = unitsOf(one.family, one.code);
      return start <= own.start && own.end <= end && (one.code !== prefix.code || at < index);
    });
    if (other >= 0)
      problems.push(
        `${path}[${index}]: ${texts[index]} ` +
          (texts[other] === texts[index] ? 'stands twice' : `lies within ${texts[other]}`),
      );
  }
}

/** A prefix of whole units: at most a /24 or a /48. */
function prefixAt(value: unknown, path: string, problems: string[]): string {
  const prefix = typeof value === 'string' ? parsePrefix(value) : null;
  const shortest = prefix?.family === 0 ? 8 : 19;
  if (
    prefix !== null &&
    prefixLength(prefix.code) >= shortest &&
    prefixLength(prefix.code) <= (prefix.family === 0 ? 24 : 48)
  ) {
    const [address, length] = String(value).split('/');
    const meant = formatPrefix(prefix.family, prefix.code);
    if (`${canonicalAddress(address)}/${length}` !== meant)
      problems.push(`${path}: ${shown(value)} has bits beyond its length; ${meant} is meant?`);
    return meant;
  }
  problems.push(
    `${path}: expected a prefix such as "57.0.0.0/8", IPv4 from /8 to /24 or IPv6 from /19 to /48, got ${shown(value)}`,
  );
  return '';
}
