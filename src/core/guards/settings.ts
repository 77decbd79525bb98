import { parseSettings, type SettingsOf, type SettingShape } from '../settings.js';

const shape = {
  /**
   * So many countries at once are looked at twice: `countries` of them, or more than `share` of the judged ones and
   * `minCountries` at least, that began to fall within `withinMs`. None is told for `holdMs`; what stands then is told
   * as one.
   */
  mass: { countries: 'count', share: 'share', minCountries: 'count', withinMs: 'millis', holdMs: 'millis' },
  /**
   * Told as one: countries that fall within `withinMs` and of whose losses one AS has `lossShare` or more each; none
   * waits longer than `holdMs`.
   */
  sharedAs: { lossShare: 'share', withinMs: 'millis', holdMs: 'millis' },
  /**
   * A decision must hold without each collector in turn, but for those without which fewer than `minVoters` are left.
   */
  collector: { minVoters: 'count' },
} as const satisfies SettingShape;

/** Every number of the guards; config/rules.json, "guards". */
export type GuardSettings = SettingsOf<typeof shape>;

export function parseGuardSettings(value: unknown, path: string, problems: string[]): GuardSettings {
  return parseSettings(shape, value, path, problems);
}
