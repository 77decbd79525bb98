import { parseSettings, type SettingsOf, type SettingShape } from '../settings.js';

const shape = {
  /** A country back at its worst is told again at most once in this time. */
  downAgainEveryMs: 'millis',
  /**
   * A relapse within this time of the close reopens the incident; a lapse of at most this keeps the follow-up clock.
   */
  relapseMs: 'millis',
  /** Closed after this long at level normal, however little more comes back. */
  restored: { normalMs: 'millis' },
  /** Below the worst, and max - min of r at most `spread` for `steadyMs`. */
  partial: { spread: 'share', steadyMs: 'millis' },
  /** Steady for `steadyMs` at `minShare` <= r < `maxShare`: that is what the country has now. */
  newNormal: { spread: 'share', steadyMs: 'millis', minShare: 'share', maxShare: 'share' },
  /** After these times, then every `dailyMs` until `dailyUntilMs`, then every `weeklyMs`. */
  followUp: {
    firstMs: 'millis',
    secondMs: 'millis',
    thirdMs: 'millis',
    dailyMs: 'millis',
    dailyUntilMs: 'millis',
    weeklyMs: 'millis',
  },
  /** Down hard: down for `downMs`, or next to nothing left for `darkMs`. */
  hard: { downMs: 'millis', darkMs: 'millis' },
  /** IPv6 that stays away after IPv4's incident closed is told by itself after this time. */
  ipv6: { aloneMs: 'millis' },
} as const satisfies SettingShape;

/** Every number of the incidents; config/rules.json, "incidents". */
export type IncidentSettings = SettingsOf<typeof shape>;

export function parseIncidentSettings(value: unknown, path: string, problems: string[]): IncidentSettings {
  return parseSettings(shape, value, path, problems);
}
