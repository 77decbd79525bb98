import { countryCodes, groupCode } from '../../../core/countries/index.js';
import { isRecord, shown } from '../../../core/settings.js';
import { severities, subscriptionVersion, updateModes } from './subscription.js';
import type { Subscription } from './subscription.js';

/** Says what is wrong with the value at `path`, a sentence each. */
type Rule = (value: unknown, path: string, problems: string[]) => void;

const fileVersion = 1;

const rule =
  (expected: string, holds: (value: unknown) => boolean): Rule =>
  (value, path, problems) => {
    if (!holds(value)) problems.push(`${path}: expected ${expected}, got ${shown(value)}`);
  };
const oneOf = (values: readonly (string | number)[]): Rule =>
  rule(values.map((value) => JSON.stringify(value)).join(' or '), (value) => values.some((known) => known === value));
const whole = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
/** Discord's id: a snowflake in decimal digits. */
const isId = (value: unknown): boolean => typeof value === 'string' && /^\d{1,20}$/.test(value);

const id = rule('an id in digits, as text', isId);
const idOrNull = rule('an id in digits, as text, or null', (value) => value === null || isId(value));
const time = rule('a time in Unix milliseconds', whole);
const severity = oneOf(severities);

/** An object with exactly these keys, each by its rule. */
const keyed =
  (rules: Readonly<Record<string, Rule>>): Rule =>
  (value, path, problems) => {
    if (!isRecord(value)) {
      problems.push(`${path}: expected an object, got ${shown(value)}`);
      return;
    }
    for (const key of Object.keys(value))
      if (!Object.hasOwn(rules, key)) problems.push(`${path}.${key}: no such setting`);
    for (const [key, holdTo] of Object.entries(rules)) holdTo(value[key], `${path}.${key}`, problems);
  };

const byCountry =
  (entryRule: Rule): Rule =>
  (value, path, problems) => {
    if (!isRecord(value)) {
      problems.push(`${path}: expected an object, got ${shown(value)}`);
      return;
    }
    for (const [code, entry] of Object.entries(value)) {
      if (!countryCodes.includes(code) && !groupCode.test(code))
        problems.push(`${path}: no country or group has the code ${shown(code)}`);
      entryRule(entry, `${path}.${code}`, problems);
    }
  };

const standing: Rule = (value, path, problems) => {
  const isGone = isRecord(value) && value['kind'] === 'gone';
  const text = rule('text', (reason) => typeof reason === 'string');
  keyed(isGone ? { kind: oneOf(['gone']), at: time, reason: text } : { kind: oneOf(['active', 'gone']) })(
    value,
    path,
    problems,
  );
};

const subscriptionRules: Readonly<Record<keyof Subscription, Rule>> = {
  version: oneOf([subscriptionVersion]),
  channelId: id,
  guildId: idOrNull,
  scope: oneOf(['all', 'listed']),
  minSeverity: severity,
  countries: byCountry(severity),
  roleId: idOrNull,
  updates: oneOf(updateModes),
  quietRecovery: rule('true or false', (value) => typeof value === 'boolean'),
  mutes: byCountry(time),
  since: rule('a whole number of 0 or more', whole),
  createdAt: time,
  standing,
};

/**
 * A subscription from JSON that may have been edited by hand. Each fault is pushed to `problems` with its path and the
 * value there; null if there was one.
 */
export function parseSubscription(value: unknown, path: string, problems: string[]): Subscription | null {
  const before = problems.length;
  keyed(subscriptionRules)(value, path, problems);
  return problems.length === before ? (value as Subscription) : null;
}

/** The text of a file of subscriptions: { "lightsout": "subscriptions", "version": 1, "subscriptions": [...] }. */
export function renderSubscriptionFile(subscriptions: readonly Subscription[]): string {
  return `${JSON.stringify({ lightsout: 'subscriptions', version: fileVersion, subscriptions }, null, 2)}\n`;
}

/**
 * The subscriptions of a parsed file that renderSubscriptionFile() wrote and someone may have edited. Faults are pushed
 * to `problems`; null if there was one.
 */
export function parseSubscriptionFile(value: unknown, problems: string[]): Subscription[] | null {
  const before = problems.length;
  if (!isRecord(value)) {
    problems.push(`expected an object, got ${shown(value)}`);
    return null;
  }
  for (const key of Object.keys(value))
    if (!['lightsout', 'version', 'subscriptions'].includes(key)) problems.push(`${key}: no such setting`);
  oneOf(['subscriptions'])(value['lightsout'], 'lightsout', problems);
  oneOf([fileVersion])(value['version'], 'version', problems);
  const { subscriptions } = value;
  if (!Array.isArray(subscriptions)) {
    problems.push(`subscriptions: expected a list, got ${shown(subscriptions)}`);
    return null;
  }
  const seen = new Set<string>();
  const parsed = subscriptions.flatMap((entry: unknown, index) => {
    const subscription = parseSubscription(entry, `subscriptions[${index}]`, problems);
    if (subscription === null) return [];
    if (seen.has(subscription.channelId))
      problems.push(`subscriptions[${index}].channelId: ${shown(subscription.channelId)} stands twice`);
    seen.add(subscription.channelId);
    return [subscription];
  });
  return problems.length === before ? parsed : null;
}
