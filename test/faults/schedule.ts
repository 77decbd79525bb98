/** A schedule: what goes wrong, and when. The seed decides it, and a person can read it. */
import type { Serving } from '../support/feed/archive-server.js';
import { seededRandom } from '../support/random.js';
import { below, between, oneOf, someOf, type Random } from './chance.js';
import { createModel, mortalCountries, type Model } from './model.js';

const second = 1_000;
export const minute = 60_000;
const hour = 60 * minute;

/** Times are Unix ms of the true clock. Peers are indexes into the model's peers. */
export type Fault =
  /** In the network: the collectors record it too. */
  | {
      readonly kind: 'reset';
      readonly at: number;
      readonly peers: readonly number[];
      readonly stated: boolean;
      readonly downMs: number;
      readonly transferMs: number;
    }
  | {
      readonly kind: 'peers-down';
      readonly at: number;
      readonly peers: readonly number[];
      readonly stated: boolean;
      readonly ms: number;
      readonly transferMs: number;
    }
  | {
      readonly kind: 'dump';
      readonly at: number;
      readonly peer: number;
      readonly share: number;
      readonly overMs: number;
      readonly backAfterMs: number;
    }
  /** On the way from RIS to us. The archive has every message. */
  | { readonly kind: 'drops'; readonly at: number; readonly ms: number; readonly share: number }
  | { readonly kind: 'duplicates'; readonly at: number; readonly ms: number; readonly share: number }
  | { readonly kind: 'reordering'; readonly at: number; readonly ms: number; readonly byMs: number }
  | { readonly kind: 'collector-silent'; readonly at: number; readonly ms: number; readonly collector: string }
  | {
      readonly kind: 'collector-lagging';
      readonly at: number;
      readonly ms: number;
      readonly collector: string;
      readonly byMs: number;
    }
  | {
      readonly kind: 'clock-skew';
      readonly at: number;
      readonly ms: number;
      readonly collector: string;
      readonly byMs: number;
    }
  | { readonly kind: 'sockets-cut'; readonly at: number; readonly ms: number; readonly how: 'closed' | 'dead' }
  | { readonly kind: 'slow-consumer'; readonly at: number; readonly ms: number }
  /** In the archive. */
  | {
      readonly kind: 'bad-files';
      readonly at: number;
      readonly ms: number;
      readonly collectors: readonly string[];
      readonly serving: BadServing;
      readonly times: number;
    }
  | {
      readonly kind: 'late-files';
      readonly at: number;
      readonly ms: number;
      readonly collectors: readonly string[];
      readonly byMs: number;
    }
  | { readonly kind: 'archive-away'; readonly at: number; readonly ms: number }
  /** In our own process. */
  | { readonly kind: 'killed'; readonly at: number; readonly ms: number }
  | { readonly kind: 'asleep'; readonly at: number; readonly ms: number };

/** reset: half of the file, then the connection breaks. */
export type BadServing = Exclude<Serving, 'whole' | 'stalled' | 'busy'>;

export interface Outage {
  readonly country: string;
  /** The time of the first withdrawal, and that of the first announcement after it. */
  readonly from: number;
  readonly to: number;
  /** How long the withdrawals take, and how long the announcements. */
  readonly overMs: number;
  readonly backOverMs: number;
  /** Peers that keep the routes. */
  readonly zombies: readonly number[];
}

export interface Schedule {
  readonly seed: number;
  readonly model: Model;
  /** The time of the RIBs that exist at the start. */
  readonly ribAt: number;
  readonly from: number;
  readonly to: number;
  readonly faults: readonly Fault[];
  readonly outages: readonly Outage[];
}

/** The models, each built once. */
const models = new Map<number, Model>();
const modelCount = 6;
/** After the last fault, time to recover: 30 min of the session check, a late file, and some more. */
const tailMs = 55 * minute;

function modelOf(seed: number): Model {
  const number = seed % modelCount;
  let model = models.get(number);
  if (model === undefined) models.set(number, (model = createModel(number)));
  return model;
}

export function createSchedule(seed: number, withOutage: boolean, model = modelOf(seed)): Schedule {
  const random = seededRandom(seed * 104_729 + 13);
  const ribAt = Date.UTC(2026, 2, 2 + below(random, 20), 8 * below(random, 3));
  // Mostly soon after the RIB; sometimes so late that the next RIB appears during the load.
  const from = ribAt + Math.round(random() < 0.1 ? between(random, 5, 6.5) * hour : between(random, 7, 50) * minute);
  const firstAt = from + 12 * minute;
  const lastAt = from + 100 * minute;
  const faults = Array.from({ length: 2 + below(random, 4) }, () =>
    makeFault(random, model, Math.round(between(random, firstAt, lastAt))),
  );
  faults.sort((a, b) => a.at - b.at);
  const outages = withOutage ? makeOutages(random, model, firstAt, lastAt) : [];
  const ends = [...faults.map(endOf), ...outages.map(({ to, backOverMs }) => to + backOverMs)];
  return {
    seed,
    model,
    ribAt,
    from,
    to: Math.ceil((Math.max(lastAt, ...ends) + tailMs) / minute) * minute,
    faults,
    outages,
  };
}

export function endOf(fault: Fault): number {
  switch (fault.kind) {
    case 'reset':
      return fault.at + fault.downMs + fault.transferMs;
    case 'peers-down':
      return fault.at + fault.ms + fault.transferMs;
    case 'dump':
      return fault.at + fault.overMs + fault.backAfterMs;
    default:
      return fault.at + fault.ms;
  }
}

function makeOutages(random: Random, model: Model, firstAt: number, lastAt: number): Outage[] {
  const make = (country: string, from: number): Outage => {
    const full = model.peers.filter((peer) => peer.full).map(({ index }) => index);
    return {
      country,
      from: Math.round(from),
      to: Math.round(from + between(random, random() < 0.25 ? 10 : 20, 70) * minute),
      overMs: Math.round(random() < 0.5 ? between(random, 1, 15) * second : between(random, 1, 4) * minute),
      backOverMs: Math.round(between(random, 1, 90) * second),
      zombies: full.filter(() => random() < 0.1).slice(0, Math.floor(full.length * 0.15)),
    };
  };
  const [first, second_] = someOf(random, mortalCountries, 2);
  const outage = make(first, between(random, firstAt, lastAt));
  if (random() > 0.25) return [outage];
  // Two outages are told as two, if they are far enough apart that neither hides in the other's dwell.
  return [outage, make(second_, outage.from + between(random, 15, 40) * minute)];
}

function makeFault(random: Random, model: Model, at: number): Fault {
  const every = model.peers.map(({ index }) => index);
  const full = model.peers.filter((peer) => peer.full).map(({ index }) => index);
  const collector = oneOf(random, model.collectors);
  const round = (from: number, to: number): number => Math.round(between(random, from, to));
  const stated = random() < 0.6;
  switch (oneOf(random, kinds)) {
    case 'reset':
      return {
        kind: 'reset',
        at,
        peers: someOf(random, full, 1 + below(random, 3)),
        stated,
        downMs: round(2 * second, stated ? 10 * minute : 90 * second),
        transferMs: round(3 * second, 70 * second),
      };
    case 'reset-storm':
      return {
        kind: 'reset',
        at,
        peers: someOf(random, every, Math.floor(every.length * between(random, 0.3, 0.9))),
        stated,
        downMs: round(2 * second, stated ? 4 * minute : 60 * second),
        transferMs: round(5 * second, 80 * second),
      };
    case 'half-lost':
      return {
        kind: 'peers-down',
        at,
        peers: someOf(random, every, every.length >> 1),
        stated: true,
        ms: round(2 * minute, 35 * minute),
        transferMs: round(5 * second, 60 * second),
      };
    case 'dump':
      return {
        kind: 'dump',
        at,
        peer: oneOf(random, full),
        share: between(random, 0.3, 1),
        overMs: round(2 * second, 100 * second),
        backAfterMs: round(minute, 35 * minute),
      };
    case 'drops':
      return { kind: 'drops', at, ms: round(minute, 60 * minute), share: between(random, 0.002, 0.02) };
    case 'duplicates':
      return { kind: 'duplicates', at, ms: round(minute, 60 * minute), share: between(random, 0.05, 0.5) };
    case 'reordering':
      return { kind: 'reordering', at, ms: round(minute, 60 * minute), byMs: round(200, 2 * second) };
    case 'collector-silent':
      return { kind: 'collector-silent', at, ms: round(20 * second, 40 * minute), collector };
    case 'collector-lagging':
      return {
        kind: 'collector-lagging',
        at,
        ms: round(minute, 25 * minute),
        collector,
        byMs: round(5 * second, 150 * second),
      };
    case 'clock-skew':
      return {
        kind: 'clock-skew',
        at,
        ms: round(minute, 40 * minute),
        collector,
        byMs: Math.round((random() < 0.5 ? -1 : 1) * between(random, 1, random() < 0.5 ? 60 : 3_600)) * second,
      };
    case 'long-cut':
      return { kind: 'sockets-cut', at, ms: round(15 * minute, 25 * minute), how: random() < 0.5 ? 'closed' : 'dead' };
    case 'short-cut':
      return { kind: 'sockets-cut', at, ms: round(5 * second, 50 * second), how: 'closed' };
    case 'slow-consumer':
      return { kind: 'slow-consumer', at, ms: round(3 * second, 20 * second) };
    case 'bad-files':
      return {
        kind: 'bad-files',
        at,
        ms: round(5 * minute, 30 * minute),
        collectors: someOf(random, model.collectors, 1 + below(random, 2)),
        serving: oneOf(random, ['truncated', 'corrupt', 'broken', 'reset'] as const),
        times: 1 + below(random, 3),
      };
    case 'late-files':
      return {
        kind: 'late-files',
        at,
        ms: round(10 * minute, 40 * minute),
        collectors: someOf(random, model.collectors, 1 + below(random, 4)),
        byMs: round(3 * minute, 20 * minute),
      };
    case 'archive-away':
      return { kind: 'archive-away', at, ms: round(3 * minute, 40 * minute) };
    case 'killed':
      return { kind: 'killed', at, ms: round(2 * second, 20 * minute) };
    case 'asleep':
      return { kind: 'asleep', at, ms: round(30 * second, 40 * minute) };
  }
}

/** The kinds to draw from. Cuts are in it twice, because most of the machinery deals with gaps. */
const kinds = [
  'reset',
  'reset-storm',
  'half-lost',
  'dump',
  'drops',
  'duplicates',
  'reordering',
  'collector-silent',
  'collector-silent',
  'collector-lagging',
  'clock-skew',
  'long-cut',
  'short-cut',
  'short-cut',
  'slow-consumer',
  'bad-files',
  'late-files',
  'archive-away',
  'killed',
  'asleep',
] as const;

const clockTime = (at: number): string => new Date(at).toISOString().slice(11, 19);

/** The schedule as a person reads it, a line for each fault. */
export function describe({ seed, model, ribAt, from, to, faults, outages }: Schedule): string {
  const lines = faults.map((fault) => {
    const { kind, at, ...rest } = fault;
    const facts = Object.entries(rest).map(([name, value]) => {
      if (name === 'peers')
        return `${(value as readonly number[]).length} peers (${(value as readonly number[]).join(' ')})`;
      if (typeof value === 'number' && /ms$/i.test(name)) return `${name} ${(value / second).toFixed(1)} s`;
      return `${name} ${typeof value === 'number' ? Number(value.toFixed(3)) : String(value)}`;
    });
    return `${clockTime(at)} ${kind}: ${facts.join(', ')} (to ${clockTime(endOf(fault))})`;
  });
  const dark = outages.map(
    ({ country, from: begin, to: end, overMs, backOverMs, zombies }) =>
      `${clockTime(begin)} ${country} dark to ${clockTime(end)}, going over ${overMs / second} s, back over ` +
      `${backOverMs / second} s, kept by peers ${zombies.join(' ')}`,
  );
  const head =
    `seed ${seed}${outages.length > 0 ? ' with an outage' : ''}: ${model.collectors.length} collectors, ` +
    `${model.peers.length} peers, RIB ${new Date(ribAt).toISOString()}, watched ${clockTime(from)} to ` +
    clockTime(to);
  return [head, ...[...lines, ...dark].sort().map((line) => `  ${line}`)].join('\n');
}
