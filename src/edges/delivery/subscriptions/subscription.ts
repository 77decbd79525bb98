import { dayMs, type UnixMillis } from '../../../core/time.js';

/** A country is told from this severity on. unstable: its routes keep coming and going, though enough of them remain. */
export const severities = ['unstable', 'degraded', 'major', 'down'] as const;
export type Severity = (typeof severities)[number];

/**
 * all: everything; start+end: when it begins or gets worse, and when it is over; start: when it begins or gets worse.
 */
export const updateModes = ['all', 'start+end', 'start'] as const;
export type UpdateMode = (typeof updateModes)[number];

export const subscriptionVersion = 1;

/** A subscription whose channel is gone is kept this long. */
export const tombstoneMs = 30 * dayMs;

/**
 * gone: the channel no longer exists, or the bot is no longer in its server. Kept for `tombstoneMs`.
 */
export type SubscriptionStanding =
  { readonly kind: 'active' } | { readonly kind: 'gone'; readonly at: UnixMillis; readonly reason: string };

/** What one channel wants to hear: plain JSON, always replaced as a whole. At most one for each channel. */
export interface Subscription {
  readonly version: typeof subscriptionVersion;
  readonly channelId: string;
  /** null: a direct message with one person. */
  readonly guildId: string | null;
  /**
   * all: every country from `minSeverity` on, or from its own severity in `countries`. listed: only `countries`.
   */
  readonly scope: 'all' | 'listed';
  readonly minSeverity: Severity;
  /** By country or group code: its own threshold. */
  readonly countries: Readonly<Record<string, Severity>>;
  /** The role to ping at a start and an escalation. */
  readonly roleId: string | null;
  readonly updates: UpdateMode;
  /** Recoveries are posted without a notification. */
  readonly quietRecovery: boolean;
  /** By country code: until when nothing of it is told. */
  readonly mutes: Readonly<Record<string, UnixMillis>>;
  /** Position in the event log when it was made: earlier events are not told. */
  readonly since: number;
  readonly createdAt: UnixMillis;
  readonly standing: SubscriptionStanding;
}

/** A new subscription: to everything that is major or worse, unless `wanted` says otherwise. */
export function newSubscription(
  wanted: Pick<Subscription, 'channelId' | 'guildId' | 'since' | 'createdAt'> & Partial<Subscription>,
): Subscription {
  return {
    version: subscriptionVersion,
    scope: 'all',
    minSeverity: 'major',
    countries: {},
    roleId: null,
    updates: 'all',
    quietRecovery: false,
    mutes: {},
    standing: { kind: 'active' },
    ...wanted,
  };
}

/** The severity from which on a channel hears of a country; null: never. */
export function thresholdOf({ scope, minSeverity, countries }: Subscription, country: string): Severity | null {
  if (Object.hasOwn(countries, country)) return countries[country];
  return scope === 'all' ? minSeverity : null;
}

export function isMuted({ mutes }: Subscription, country: string, now: UnixMillis): boolean {
  return Object.hasOwn(mutes, country) && mutes[country] > now;
}
