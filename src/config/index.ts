import { parseCountriesFile } from '../countries/index.js';
import { parseRules } from '../pipeline.js';
import { readJson, type ReadFile } from './json-file.js';
import { collectorName, parseVariables, type Variables } from './variables.js';

export { inviteLink } from './invite-link.js';
export type { ReadFile } from './json-file.js';
export type { LogLevel } from './variables.js';

/** All that the environment and the files in CONFIG_DIR decide, checked and frozen. */
export interface Config extends Variables {
  readonly collectors: readonly string[];
  readonly rules: ReturnType<typeof parseRules>;
  readonly countries: ReturnType<typeof parseCountriesFile>;
}

export type LoadedConfig =
  | { readonly kind: 'ok'; readonly config: Config }
  /** Every problem at once, a sentence each; no secret is in any. */
  | { readonly kind: 'invalid'; readonly problems: readonly string[] };

/** Pure but for the reader. An empty variable counts as unset. */
export function loadConfig(env: Readonly<Record<string, string | undefined>>, readFile: ReadFile): LoadedConfig {
  const problems: string[] = [];
  const variables = parseVariables(env, problems);
  const read = (name: string): { path: string; value: unknown } => {
    const path = `${variables.configDir.replace(/\/+$/, '')}/${name}`;
    return { path, value: readJson(path, readFile, problems) };
  };

  const collectors = variables.collectors ?? parseCollectorsFile(read('collectors.json'), problems);
  const rulesFile = read('rules.json');
  const countriesFile = read('countries.json');
  // A file that is not there is one problem, not one for each key it should have held.
  const rules = rulesFile.value === undefined ? null : parseRules(rulesFile.value, problems);
  const countries = countriesFile.value === undefined ? null : parseCountriesFile(countriesFile.value, problems);

  if (problems.length > 0 || rules === null || countries === null) return { kind: 'invalid', problems };
  return { kind: 'ok', config: deepFreeze({ ...variables, collectors, rules, countries }) };
}

function parseCollectorsFile({ path, value }: { path: string; value: unknown }, problems: string[]): readonly string[] {
  if (value === undefined) return [];
  const names = typeof value === 'object' && value !== null && 'collectors' in value ? value.collectors : null;
  const sound = Array.isArray(names) ? names.filter((name): name is string => typeof name === 'string' && collectorName.test(name)) : [];
  if (Array.isArray(names) && sound.length > 0 && sound.length === names.length) return [...new Set(sound)];
  problems.push(`${path}: expected {"collectors": ["rrc00", ...]}, got ${JSON.stringify(names ?? value)}`);
  return [];
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !ArrayBuffer.isView(value)) {
    Object.freeze(value);
    for (const part of Object.values(value)) deepFreeze(part);
  }
  return value;
}
