/** Every number of the detection: the shape of config/rules.json, and what a country may have of its own. */
import { countryCodes, groupCode, parseCountriesSettings, type CountriesSettings } from './countries/index.js';
import { parseDetectorSettings, type DetectorSettings } from './detector/index.js';
import { parseGuardSettings, type GuardSettings } from './guards/index.js';
import { parseIncidentSettings, type IncidentSettings } from './incidents/index.js';
import { isRecord, shown } from './settings.js';
import { parseTableSettings, type TableSettings } from './table/index.js';

/** The rules that may differ from country to country. */
export interface CountryRules {
  readonly countries: CountriesSettings;
  readonly detector: DetectorSettings;
  readonly incidents: IncidentSettings;
}

export interface Rules extends CountryRules {
  readonly table: TableSettings;
  readonly guards: GuardSettings;
  /** By country code: the rules with that country's own numbers in them. */
  readonly overrides: Readonly<Record<string, CountryRules>>;
}

/**
 * Holds the content of rules.json to its shape. Every fault is pushed to `problems`; the result may be used only if
 * none was.
 */
export function parseRules(value: unknown, problems: string[]): Rules {
  const file = isRecord(value) ? value : {};
  if (!isRecord(value)) problems.push(`rules: expected an object, got ${shown(value)}`);
  const known = ['table', 'countries', 'detector', 'guards', 'incidents', 'overrides'];
  for (const key of Object.keys(file)) if (!known.includes(key)) problems.push(`rules.${key}: no such setting`);
  const overrides: Record<string, CountryRules> = {};
  const own = file['overrides'] ?? {};
  if (!isRecord(own)) problems.push(`rules.overrides: expected an object, got ${shown(own)}`);
  else
    for (const [country, patch] of Object.entries(own)) {
      const path = `rules.overrides.${country}`;
      const isKnown = countryCodes.includes(country) || groupCode.test(country);
      if (!isKnown) problems.push(`${path}: no country has this code`);
      if (!isRecord(patch) || Object.keys(patch).some((key) => !['countries', 'detector', 'incidents'].includes(key))) {
        problems.push(`${path}: expected an object with countries, detector or incidents, got ${shown(patch)}`);
      } else overrides[country] = parseCountryRules(merged(file, patch) as Record<string, unknown>, path, problems);
    }
  return {
    table: parseTableSettings(file['table'], 'rules.table', problems),
    guards: parseGuardSettings(file['guards'], 'rules.guards', problems),
    ...parseCountryRules(file, 'rules', problems),
    overrides,
  };
}

function parseCountryRules(file: Record<string, unknown>, path: string, problems: string[]): CountryRules {
  return {
    countries: parseCountriesSettings(file['countries'], `${path}.countries`, problems),
    detector: parseDetectorSettings(file['detector'], `${path}.detector`, problems),
    incidents: parseIncidentSettings(file['incidents'], `${path}.incidents`, problems),
  };
}

/**
 * `patch` laid over `value`: objects key by key, everything else replaced. Used for a country's own rules and for
 * --rules.
 */
export function merged(value: unknown, patch: unknown): unknown {
  if (!isRecord(value) || !isRecord(patch)) return patch;
  const result: Record<string, unknown> = { ...value };
  for (const [key, entry] of Object.entries(patch)) result[key] = merged(value[key], entry);
  return result;
}
