import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { replay } from '../../../src/app/replay/replay.js';
import { systemClock, type Clock } from '../../../src/edges/clock.js';
import { parseRegistry, type CountryMap } from '../../../src/core/countries/index.js';

const resolve = createRequire(import.meta.url).resolve;
const configDir = fileURLToPath(new URL('../../../config', import.meta.url));
const csv = (name: string): string => readFileSync(resolve(`@ip-location-db/asn-country/${name}.csv`), 'utf8');
export const registryCsv = { ipv4: csv('asn-country-ipv4-num'), ipv6: csv('asn-country-ipv6') } as const;

/** A country's lines. All countries have 200,000, too many to parse for each story. */
export function ofCountry(registry: string, country: string): string[] {
  const lines: string[] = [];
  const ending = `,${country}\n`;
  for (let end = registry.indexOf(ending); end >= 0; end = registry.indexOf(ending, end + 1)) {
    lines.push(registry.slice(registry.lastIndexOf('\n', end) + 1, end + ending.length - 1));
  }
  return lines;
}

/** The shipped registry, or only one country of it, which makes ticks fast. */
export function registryMap(country: string | null): CountryMap {
  const own = (text: string): string => (country === null ? text : ofCountry(text, country).join('\n'));
  return parseRegistry(own(registryCsv.ipv4), own(registryCsv.ipv6), []).map;
}

export interface Replayed {
  readonly code: number;
  /** The lines of stdout, without the summary. */
  readonly lines: readonly string[];
  /** The last line: of stdout with --json, otherwise of stderr. */
  readonly summary: Readonly<Record<string, unknown>>;
  /** All other lines of stderr. */
  readonly said: readonly string[];
}

/** Runs `lightsout replay ...argv` with this registry and collects its output. `env` is added to CONFIG_DIR. */
export async function runReplayCommand(
  argv: readonly string[],
  map: CountryMap,
  env: Readonly<Record<string, string>> = {},
  clock: Clock = systemClock,
): Promise<Replayed> {
  const written = { stdout: '', stderr: '' };
  const into = (name: keyof typeof written): { write(text: string): void } => ({
    write: (text) => void (written[name] += text),
  });
  const code = await replay(
    argv,
    {
      env: { CONFIG_DIR: configDir, ...env },
      clock,
      random: () => 0.5,
      signal: new AbortController().signal,
      stdout: into('stdout'),
      stderr: into('stderr'),
    },
    () => Promise.resolve(map),
  );
  const lines = written.stdout.split('\n').slice(0, -1);
  const said = written.stderr.split('\n').slice(0, -1);
  const isSummary = (line: string): boolean => line.startsWith('{"kind":"summary"');
  const summaries = [...lines, ...said].filter(isSummary);
  return {
    code,
    lines: lines.filter((line) => !isSummary(line)),
    said: said.filter((line) => !isSummary(line)),
    summary: summaries.length === 1 ? (JSON.parse(summaries[0]) as Record<string, unknown>) : {},
  };
}
