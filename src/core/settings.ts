/**
 * The shape of the numbers an operator may edit, and the one parser that holds a value to it.
 * Each folder of the core declares its own shape; the numbers themselves stand in config/rules.json alone.
 */

/** count: a whole number >= 0. share: 0..1. ratio: any number >= 0. millis: a duration in milliseconds, whole, >= 0. */
export type SettingKind = 'count' | 'share' | 'ratio' | 'millis';
export interface SettingShape {
  readonly [key: string]: SettingKind | SettingShape;
}
export type SettingsOf<S extends SettingShape> = {
  readonly [K in keyof S]: S[K] extends SettingShape ? SettingsOf<S[K]> : number;
};

/** A value as a message about it shows it. */
export function shown(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value);
}

/** Whether a parsed JSON value is an object: no list, not null. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const expected: Record<SettingKind, { text: string; holds: (value: number) => boolean }> = {
  count: { text: 'a whole number of 0 or more', holds: (value) => Number.isSafeInteger(value) && value >= 0 },
  share: { text: 'a number from 0 to 1', holds: (value) => value >= 0 && value <= 1 },
  ratio: { text: 'a number of 0 or more', holds: (value) => Number.isFinite(value) && value >= 0 },
  millis: { text: 'a whole number of milliseconds', holds: (value) => Number.isSafeInteger(value) && value >= 0 },
};

/**
 * Holds `value` to `shape`. Every fault (a missing key, a key nobody reads, a number out of range) is pushed to
 * `problems` with its full name; the result may be used only if none was.
 */
export function parseSettings<S extends SettingShape>(
  shape: S,
  value: unknown,
  path: string,
  problems: string[],
): SettingsOf<S> {
  if (!isRecord(value)) {
    problems.push(`${path}: expected an object, got ${shown(value)}`);
    return {} as SettingsOf<S>;
  }
  for (const key of Object.keys(value)) {
    if (!Object.hasOwn(shape, key)) problems.push(`${path}.${key}: no such setting`);
  }
  const parsed: Record<string, unknown> = {};
  for (const [key, kind] of Object.entries(shape)) {
    const entry = value[key];
    const name = `${path}.${key}`;
    if (typeof kind === 'object') parsed[key] = parseSettings(kind, entry, name, problems);
    else if (typeof entry === 'number' && expected[kind].holds(entry)) parsed[key] = entry;
    else problems.push(`${name}: expected ${expected[kind].text}, got ${shown(entry)}`);
  }
  return Object.freeze(parsed) as SettingsOf<S>;
}
