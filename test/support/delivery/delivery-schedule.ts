import { newSubscription, severities, updateModes, type Subscription } from '../../../src/edges/delivery/index.js';
import { combine, type IncidentEvent } from '../../../src/core/incidents/index.js';
import { incidentEvent } from './incident-event.js';
import { seededRandom } from '../random.js';
import type { VirtualChannel, VirtualFault } from './virtual-discord.js';

const minute = 60_000;
const hour = 60 * minute;
export const scheduleStart = Date.UTC(2026, 2, 2, 8);

/** Everything that happens in one schedule. The seed decides it before the run. */
export interface DeliverySchedule {
  readonly channels: ReadonlyMap<string, VirtualChannel>;
  readonly subscriptions: readonly Subscription[];
  readonly events: readonly IncidentEvent[];
  readonly faults: readonly VirtualFault[];
  /** When the bot is killed. It starts again `downMs` later. */
  readonly kills: readonly { readonly at: number; readonly downMs: number }[];
  /** When the store does not answer. */
  readonly storeAway: readonly { readonly from: number; readonly to: number }[];
  /** Whether the store may carry out a write and lose the answer. */
  readonly lossyStore: boolean;
  readonly end: number;
}

const countries = ['KP', 'SY', 'EG', 'IR', 'AZ', 'BD', 'CA', 'KZ'];

/** `long`: Discord is away for longer than an event counts as news. */
export function deliverySchedule(seed: number, long: boolean, channelCount = 40): DeliverySchedule {
  const random = seededRandom(seed);
  const span = long ? 9 * hour : 40 * minute;
  const { channels, subscriptions } = audience(random, channelCount);
  const alone = incidents(random, 1 + Math.floor(random() * 3), span);
  const events = [...alone, ...(seed % 3 === 1 ? combinedOutage(seededRandom(seed + 2_000_000), span) : [])].sort(
    (a, b) => a.at - b.at,
  );
  return {
    channels,
    subscriptions,
    events,
    ...troubles(random, span, long, [...channels.keys()]),
    end: scheduleStart + span + 5 * hour,
  };
}

/** Channels of every kind, with their subscriptions. */
export function audience(
  random: () => number,
  channelCount: number,
): Pick<DeliverySchedule, 'channels' | 'subscriptions'> {
  const below = (limit: number): number => Math.floor(random() * limit);
  const pick = <T>(list: readonly T[]): T => list[below(list.length)];
  const channels = new Map<string, VirtualChannel>();
  const subscriptions: Subscription[] = [];
  for (let index = 0; index < channelCount; index++) {
    const channelId = String(200_000_000_000_000_000n + BigInt(index));
    channels.set(channelId, { readable: index % 8 !== 3, embeds: index % 8 !== 5 });
    const listed = below(3) === 0;
    subscriptions.push(
      newSubscription({
        channelId,
        guildId: '1',
        since: 0,
        createdAt: scheduleStart,
        scope: listed ? 'listed' : 'all',
        minSeverity: pick(severities),
        countries:
          listed || below(4) === 0
            ? Object.fromEntries(Array.from({ length: 1 + below(4) }, () => [pick(countries), pick(severities)]))
            : {},
        updates: below(2) === 0 ? 'all' : pick(updateModes),
        quietRecovery: below(4) === 0,
      }),
    );
  }
  return { channels, subscriptions };
}

/** The events of `count` countries, in order of time. */
export function incidents(random: () => number, count: number, span: number): IncidentEvent[] {
  const from = (): number => scheduleStart + Math.floor(random() * span * 0.6);
  return Array.from({ length: count }, (_, index) => incident(countries[index], from(), span, random))
    .flat()
    .sort((a, b) => a.at - b.at);
}

/** Several countries that one combined event tells of. Their later events are told one by one. */
function combinedOutage(random: () => number, span: number): IncidentEvent[] {
  const from = scheduleStart + Math.floor(random() * span * 0.6);
  const parts = countries
    .slice(3, 5 + Math.floor(random() * 4))
    .map((country) => incident(country, from, span, random));
  const opened = parts.map(([first]) => first);
  return [
    ...combine(opened, new Set(opened.map(({ country }) => country ?? '')), { asn: null, reason: 'at once' }),
    ...parts.flatMap(([, ...rest]) => rest),
  ];
}

/** One country's incident: it opens, may deepen, goes on, may relapse, and may end. */
function incident(country: string, from: number, span: number, random: () => number): IncidentEvent[] {
  const below = (limit: number): number => Math.floor(random() * limit);
  const id = `${country}-ipv4-${from}`;
  const events: IncidentEvent[] = [];
  let at = from;
  let level: IncidentEvent['level'] = (['degraded', 'major', 'down'] as const)[below(3)];
  let worst = level;
  const add = (kind: IncidentEvent['kind'], now: IncidentEvent['level']): void => {
    events.push(
      incidentEvent({
        id: `${id}/${events.length + 1}`,
        incident: id,
        country,
        kind,
        level: now,
        worst,
        since: from,
        at,
      }),
    );
    at += 10_000 * (1 + below(Math.max(1, span / 60_000)));
  };
  add('opened', level);
  if (level !== 'down' && below(2) === 0) {
    worst = level = 'down';
    add('escalated', level);
  }
  for (let count = below(3); count > 0; count--) add('follow-up', level);
  if (below(4) === 0) add('partially-restored', 'degraded');
  if (below(3) === 0) add('down-again', level);
  if (below(4) > 0) add('restored', 'normal');
  if (events.at(-1)?.kind === 'restored' && below(3) === 0) {
    add('down-again', level);
    add('restored', 'normal');
  }
  return events;
}

function troubles(
  random: () => number,
  span: number,
  long: boolean,
  channelIds: readonly string[],
): Pick<DeliverySchedule, 'faults' | 'kills' | 'storeAway' | 'lossyStore'> {
  const below = (limit: number): number => Math.floor(random() * limit);
  const kinds = [
    'down',
    '5xx',
    'accept-then-reset',
    'hang',
    'accept-then-hang',
    'accept-late',
    '429',
    'global-429',
    '401',
  ] as const;
  const faults: VirtualFault[] = [];
  const during = (lengthMs: number): { from: number; to: number } => {
    const from = scheduleStart + below(span);
    return { from, to: from + lengthMs };
  };
  if (long)
    faults.push({
      kind: (['down', '5xx'] as const)[below(2)],
      from: scheduleStart + below(hour),
      to: scheduleStart + 8 * hour + below(hour),
      chance: 1,
      channels: null,
    });
  for (let count = 2 + below(5); count > 0; count--) {
    faults.push({
      kind: kinds[below(kinds.length)],
      ...during(10_000 + below(5 * minute)),
      chance: [0.1, 0.5, 1][below(3)],
      channels: null,
    });
  }
  if (below(3) === 0) {
    const channels = new Set(channelIds.filter(() => below(8) === 0));
    faults.push({ kind: 'closed', ...during(minute + below(hour)), chance: 1, channels });
  }
  const kills = Array.from({ length: below(4) }, () => ({
    at: scheduleStart + below(span),
    downMs: below(3) === 0 ? below(10 * minute) : below(5_000),
  }));
  const storeAway = below(4) === 0 ? [during(5_000 + below(2 * minute))] : [];
  return { faults, kills: kills.sort((a, b) => a.at - b.at), storeAway, lossyStore: below(4) === 0 };
}
