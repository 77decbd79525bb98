import { allCollectors, collectorName, setName, type CollectorChoice } from './variables.js';

interface CollectorSet {
  readonly why: string;
  readonly collectors: readonly string[];
}

/**
 * The collectors chosen; each fault of the file, and a set that it does not have, is pushed to `problems`. `read`: path
 * and value of collectors.json.
 */
export function collectorsOf(
  choice: CollectorChoice,
  read: () => { readonly path: string; readonly value: unknown },
  problems: string[],
): readonly string[] {
  if (choice.kind === 'list') return choice.names;
  const { path, value } = read();
  if (value === undefined) return [];
  const before = problems.length;
  const sets = parseCollectorsFile(path, value, problems);
  const found = sets.get(choice.name);
  if (found !== undefined) return found.collectors;
  if (problems.length === before) {
    problems.push(
      `COLLECTORS: expected \`all\`, names like rrc00, or a set of ${path} (${[...sets.keys()].join(', ')}), ` +
        `got "${choice.name}"`,
    );
  }
  return [];
}

/** {"about": TEXT, "sets": {"default": {"why": TEXT, "collectors": {"rrc00": WHY, ...}}, ...}} */
function parseCollectorsFile(path: string, value: unknown, problems: string[]): Map<string, CollectorSet> {
  const sets = new Map<string, CollectorSet>();
  const fault = (where: string, expected: string, got: unknown): void => {
    problems.push(
      `${path}: ${where}: expected ${expected}, got ${got === undefined ? 'nothing' : JSON.stringify(got)}`,
    );
  };
  if (!isObject(value) || !isObject(value['sets'])) {
    fault(
      'sets',
      '{"default": {"why": "...", "collectors": {"rrc00": "...", ...}}, ...}',
      isObject(value) ? value['sets'] : value,
    );
    return sets;
  }
  for (const key of Object.keys(value))
    if (key !== 'about' && key !== 'sets') fault(key, 'about and sets, nothing else', value[key]);
  for (const [name, set] of Object.entries(value['sets'])) {
    const where = `sets.${name}`;
    if (!setName.test(name) || name === 'all') fault(where, 'a name of small letters that is not `all`', name);
    if (!isObject(set)) {
      fault(where, '{"why": "...", "collectors": {...}}', set);
      continue;
    }
    for (const key of Object.keys(set))
      if (key !== 'why' && key !== 'collectors') fault(`${where}.${key}`, 'why and collectors, nothing else', set[key]);
    const { why, collectors } = set;
    if (!isText(why)) fault(`${where}.why`, 'a sentence', why);
    if (!isObject(collectors) || Object.keys(collectors).length === 0) {
      fault(`${where}.collectors`, 'collectors, each with its reason', collectors);
      continue;
    }
    for (const [collector, reason] of Object.entries(collectors)) {
      if (!collectorName.test(collector)) fault(`${where}.collectors`, `a name like ${allCollectors[0]}`, collector);
      else if (!isText(reason)) fault(`${where}.collectors.${collector}`, 'its reason', reason);
    }
    sets.set(name, { why: String(why), collectors: Object.keys(collectors) });
  }
  if (!sets.has('default') && value['sets']['default'] === undefined)
    fault('sets.default', 'the set of a start where nothing is chosen', undefined);
  return sets;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isText = (value: unknown): boolean => typeof value === 'string' && value.trim() !== '';
