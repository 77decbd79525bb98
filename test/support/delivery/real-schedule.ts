import { audience, incidents, scheduleStart, type DeliverySchedule } from './delivery-schedule.js';
import { seededRandom } from '../random.js';

const minute = 60_000;
const hour = 60 * minute;
const span = 30 * minute;

export const restFaults = [
  '5xx',
  'accept-then-reset',
  'hang',
  'accept-then-hang',
  '429',
  'global-429',
  '401',
  'down',
] as const;
export const gatewayFaults = ['4004', 'op 7', 'op 9', 'refused'] as const;

/** What happens to a bot of real parts and its loopback Discord, decided by the seed. */
export interface RealSchedule extends Pick<DeliverySchedule, 'channels' | 'subscriptions' | 'events'> {
  readonly rest: readonly {
    readonly kind: (typeof restFaults)[number];
    readonly from: number;
    readonly to: number;
    readonly chance: number;
  }[];
  readonly gateway: readonly { readonly kind: (typeof gatewayFaults)[number]; readonly at: number }[];
  /**
   * Kills the bot after Discord has taken the `nth` message since `at`, before the bot gets the answer. It starts again
   * `downMs` later.
   */
  readonly kills: readonly { readonly at: number; readonly nth: number; readonly downMs: number }[];
  /** Discord is down. In the middle of that the clock leaps by `leapMs`; later times include the leap. */
  readonly outage: { readonly from: number; readonly to: number; readonly leapMs: number } | null;
  readonly end: number;
}

/** A run of successive seeds covers every kind of fault. */
export function realSchedule(seed: number): RealSchedule {
  const random = seededRandom(seed);
  const below = (limit: number): number => Math.floor(random() * limit);
  const { channels, subscriptions } = audience(random, 40);
  const planned = incidents(random, seed % 8 === 0 ? 2 : 1, span);
  /** Shortly before an event is told. */
  const before = (): number => planned[below(planned.length)].at - below(2_000);
  // Half of the time this is the last event of all: then no newer one is told together with it.
  const { at: lastHeard } = planned[seed % 8 === 4 ? planned.length - 1 : below(planned.length)];
  const outageFrom = lastHeard + 1_000 + below(10_000);
  const outage =
    seed % 4 === 0 ? { from: outageFrom, to: outageFrom + 2 * minute + below(8 * minute), leapMs: 8 * hour } : null;
  const dated = (at: number): number => (outage !== null && at >= outage.to ? at + outage.leapMs : at);

  const kinds = [
    restFaults[seed % restFaults.length],
    restFaults[(3 * seed + 1 + Math.floor(seed / restFaults.length)) % restFaults.length],
  ];
  const rest: RealSchedule['rest'][number][] = kinds.map((kind) => {
    const from = dated(before());
    return { kind, from, to: from + 10_000 + below(2 * minute), chance: [0.3, 0.6, 1][below(3)] };
  });
  // Discord forgets the nonces of its last messages long before the bot can learn whether they were taken.
  if (outage !== null)
    rest.unshift({
      kind: seed % 8 === 0 ? 'accept-then-hang' : 'accept-then-reset',
      from: lastHeard,
      to: outage.from,
      chance: 1,
    });
  const gateway = [gatewayFaults[seed % gatewayFaults.length], gatewayFaults[below(gatewayFaults.length)]].map(
    (kind) => ({ kind, at: dated(before() + below(5_000)) }),
  );
  // At most one downtime is longer than a nonce lives. Each such downtime may cost one double, because then neither
  // side can tell whether a message was posted.
  const kills = Array.from({ length: seed % 3 }, (_, index) => ({
    at: dated(before()),
    nth: 1 + below(20),
    downMs: index > 0 || below(2) === 0 ? below(10_000) : below(12 * minute),
  }));
  return {
    channels,
    subscriptions,
    rest,
    gateway,
    kills,
    outage,
    events: planned.map((event) => ({ ...event, at: dated(event.at) })),
    end: dated(scheduleStart + span),
  };
}
