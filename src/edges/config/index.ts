import { parseCountriesFile } from '../../core/countries/index.js';
import { merged, parseRules } from '../../core/rules.js';
import { collectorsOf } from './collector-sets.js';
import { readJson, type ReadFile } from './json-file.js';
import { parseVariables, type Variables } from './variables.js';

export { inviteLink } from './invite-link.js';
export { maskUrl, secretsOf } from './variables.js';

/** All that the environment and the files in CONFIG_DIR decide, checked and frozen. */
export interface Config extends Omit<Variables, 'collectors'> {
  readonly collectors: readonly string[];
  readonly rules: ReturnType<typeof parseRules>;
  readonly countries: ReturnType<typeof parseCountriesFile>;
}

export type LoadedConfig =
  | { readonly kind: 'ok'; readonly config: Config }
  /** Every problem at once, a sentence each; no secret is in any. */
  | { readonly kind: 'invalid'; readonly problems: readonly string[] };

/** What a replay needs: the files alone, whatever the other variables say. */
export interface RuleFiles {
  readonly dataDir: string;
  readonly rules: Config['rules'];
  readonly countries: Config['countries'];
}

/** Pure but for the reader. An empty variable counts as unset. */
export function loadConfig(env: Readonly<Record<string, string | undefined>>, readFile: ReadFile): LoadedConfig {
  const problems: string[] = [];
  const variables = parseVariables(env, problems);
  const collectors = collectorsOf(
    variables.collectors,
    () => readConfigFile(variables.configDir, 'collectors.json', readFile, problems),
    problems,
  );
  const files = parseRuleFiles(variables.configDir, readFile, {}, problems);
  if (problems.length > 0 || files === null) return { kind: 'invalid', problems };
  return { kind: 'ok', config: deepFreeze({ ...variables, collectors, ...files }) };
}

/** rules.json, with `patch` laid over it, and countries.json from CONFIG_DIR. */
export function loadRuleFiles(
  env: Readonly<Record<string, string | undefined>>,
  readFile: ReadFile,
  patch: unknown,
): ({ readonly kind: 'ok' } & RuleFiles) | { readonly kind: 'invalid'; readonly problems: readonly string[] } {
  const problems: string[] = [];
  // Only the folders' names are wanted; what else is wrong is no concern of a replay.
  const { configDir, dataDir } = parseVariables(env, []);
  const files = parseRuleFiles(configDir, readFile, patch, problems);
  return problems.length > 0 || files === null
    ? { kind: 'invalid', problems }
    : { kind: 'ok', dataDir, ...deepFreeze(files) };
}

/** What fetching from the archive needs, whatever the other variables say. */
export function loadArchiveSettings(
  env: Readonly<Record<string, string | undefined>>,
  readFile: ReadFile,
):
  | ({ readonly kind: 'ok' } & Pick<Config, 'dataDir' | 'risArchiveUrl' | 'collectors'>)
  | { readonly kind: 'invalid'; readonly problems: readonly string[] } {
  const all: string[] = [];
  const variables = parseVariables(env, all);
  const problems = all.filter((problem) => /^(RIS_ARCHIVE_URL|COLLECTORS):/.test(problem));
  const { configDir, dataDir, risArchiveUrl } = variables;
  const collectors = collectorsOf(
    variables.collectors,
    () => readConfigFile(configDir, 'collectors.json', readFile, problems),
    problems,
  );
  return problems.length > 0 ? { kind: 'invalid', problems } : { kind: 'ok', dataDir, risArchiveUrl, collectors };
}

function parseRuleFiles(
  configDir: string,
  readFile: ReadFile,
  patch: unknown,
  problems: string[],
): Omit<RuleFiles, 'dataDir'> | null {
  const rulesFile = readConfigFile(configDir, 'rules.json', readFile, problems);
  const countriesFile = readConfigFile(configDir, 'countries.json', readFile, problems);
  // A file that is not there is one problem, not one for each key it should have held.
  const rules = rulesFile.value === undefined ? null : parseRules(merged(rulesFile.value, patch), problems);
  const countries = countriesFile.value === undefined ? null : parseCountriesFile(countriesFile.value, problems);
  return rules === null || countries === null ? null : { rules, countries };
}

function readConfigFile(
  configDir: string,
  name: string,
  readFile: ReadFile,
  problems: string[],
): { path: string; value: unknown } {
  const path = `${configDir.replace(/\/+$/, '')}/${name}`;
  return { path, value: readJson(path, readFile, problems) };
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !ArrayBuffer.isView(value)) {
    Object.freeze(value);
    for (const part of Object.values(value)) deepFreeze(part);
  }
  return value;
}
