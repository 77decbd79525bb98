import { readFileSync } from 'node:fs';
import { merged, parseRules, type Rules } from '../../src/core/rules.js';

/** The shipped config/rules.json, with `patch` applied. */
export function shippedRules(patch: unknown = {}): Rules {
  const problems: string[] = [];
  const rules = parseRules(
    merged(JSON.parse(readFileSync(new URL('../../config/rules.json', import.meta.url), 'utf8')), patch),
    problems,
  );
  if (problems.length > 0) throw new Error(problems.join('\n'));
  return rules;
}
