import { parsePrefix } from '../bgp/index.js';
import { shown } from '../settings.js';

/** config/countries.json. */
export interface CountriesFile {
  /** Prefixes that count for no country, whatever the registry says. */
  readonly ignored: readonly string[];
}

/** Reads config/countries.json: { "ignored": [{ "prefix", "why" }] }. Faults are pushed to `problems`. */
export function parseCountriesFile(value: unknown, problems: string[]): CountriesFile {
  const ignored: string[] = [];
  const file = isRecord(value) ? value : {};
  if (!isRecord(value)) problems.push(`countries.json: expected an object, got ${shown(value)}`);
  for (const key of Object.keys(file)) if (key !== 'ignored') problems.push(`countries.json.${key}: no such setting`);
  const list = file['ignored'] ?? [];
  if (!Array.isArray(list)) problems.push(`countries.json.ignored: expected a list, got ${shown(list)}`);
  else for (const [index, entry] of (list as unknown[]).entries()) {
    const prefix = isRecord(entry) ? entry['prefix'] : undefined;
    if (typeof prefix === 'string' && parsePrefix(prefix) !== null) ignored.push(prefix);
    else problems.push(`countries.json.ignored[${index}].prefix: expected a prefix such as "57.0.0.0/8", got ${shown(prefix)}`);
  }
  return { ignored };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
