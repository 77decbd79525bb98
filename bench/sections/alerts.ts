/**
 * How soon after the deciding message an alert has arrived at Discord, with ingest and bot in one process, as in
 * production.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createCharts } from '../../src/app/bot/charts.js';
import { CommitQueue } from '../../src/app/service/watch/commit-queue.js';
import { systemClock, type Clock } from '../../src/edges/clock.js';
import { Delivery, newSubscription } from '../../src/edges/delivery/index.js';
import { createDiscordSend, requestsPerSecond } from '../../src/edges/discord/index.js';
import { type HistoryRow, type Resolution } from '../../src/core/countries/index.js';
import { historyRules, type IncidentEvent } from '../../src/core/incidents/index.js';
import { createLogger } from '../../src/edges/observability/index.js';
import { openStore, type Store } from '../../src/edges/store/index.js';
import type { Arrival } from '../children/discord-server.js';
import { feedLive, ticksToDecide, withdrawEverywhere, type SmallCountry } from '../worlds/live-feed.js';
import { blockMs, type Messages } from '../worlds/messages.js';
import { quantile } from '../rounds.js';
import type { Watch } from '../worlds/watch.js';

const single = 1;
const many = 120;
/**
 * Until an alert is decided, event time moves one tick ahead this often. While the alert is being told it stands still.
 */
const tickEveryMs = 30;
/** The pause after an alert, so that it does not slow down the next one. */
const restMs = (channels: number): number => 200 + (channels / 45) * 1000;
const dayMs = 86_400_000;
/**
 * The permissions that an invitation asks for: View Channel, Send Messages, Embed Links, Attach Files, Read Message
 * History.
 */
const permissions = (1n << 10n) | (1n << 11n) | (1n << 14n) | (1n << 15n) | (1n << 16n);

export interface AlertTimes {
  readonly channels: number;
  readonly alerts: number;
  readonly p50: number;
  readonly p99: number;
}

export async function measureAlerts(
  watch: Watch,
  { texts }: Messages,
  leaving: { readonly single: readonly SmallCountry[]; readonly many: readonly SmallCountry[] },
  serverScript: string,
  dir: string,
): Promise<AlertTimes[]> {
  const logger = createLogger({ level: 'silent', pretty: false, secrets: [] });
  const server = fork(serverScript, [], { execArgv: [] });
  const [port] = (await once(server, 'message')) as [number];
  const arrivals: Arrival[] = [];
  server.on('message', (arrival: Arrival) => arrivals.push(arrival));

  const store = await openStore({ kind: 'sqlite', dataDir: join(dir, 'alerts') }, logger);
  const lease = (await store.acquire('bench', 600_000))!;
  let version = (await store.load()).version;
  for (const rows of dayOfHistory(watch, [...leaving.single, ...leaving.many])) {
    await store.commit({
      lease,
      version: ++version,
      at: rows[0].at,
      states: [],
      rows,
      events: [],
      records: [],
      health: null,
    });
  }

  // The messages are dated in another year. With the clock set back, their alerts are not too old to tell.
  const ahead = Date.now() - watch.nextTick;
  const clock: Clock = { ...systemClock, now: () => Date.now() - ahead };
  const send = createDiscordSend({
    token: 'bench',
    apiUrl: `http://127.0.0.1:${port}/api`,
    clock,
    logger,
    charts: createCharts({ reader: store, logger }),
    lookUpChannel: (channelId) => ({ channelId, name: 'alerts', guildId: '1', kind: 'text', permissions }),
  });
  const delivery = new Delivery({
    store,
    send,
    clock,
    logger,
    operatorChannelId: null,
    random: Math.random,
    pollMs: 3_000,
    mostAtOnce: requestsPerSecond,
    refresh: () => Promise.resolve(null),
    report: { attempt: () => undefined, doubtful: () => undefined, lost: () => undefined },
  });
  /** By tick, when the message arrived that moved event time to it (Unix milliseconds). */
  const reachedAt = new Map<number, number>();
  let opened: IncidentEvent[] = [];
  const queue = new CommitQueue({
    store,
    lease,
    version,
    clock,
    logger,
    onCommitted: ({ events }) => {
      opened.push(...events.filter(({ kind }) => kind === 'opened'));
      if (events.length > 0) delivery.wake();
    },
    onFenced: () => undefined,
  });
  let cameAt = 0;
  let decided = false;
  watch.onTick = (at, result) => {
    reachedAt.set(at, cameAt);
    decided ||= result.events.some(({ kind }) => kind === 'opened');
    queue.add(at, result);
  };

  /** Each country leaves once the alert of the country before has arrived everywhere. */
  const measure = async (channels: number, countries: readonly SmallCountry[]): Promise<AlertTimes> => {
    await subscribe(store, channels, clock.now());
    const latencies: number[] = [];
    for (const country of countries) {
      opened = [];
      arrivals.length = 0;
      const first = watch.nextTick;
      let at = first;
      let steppedAt = performance.now();
      let doneAt = Infinity;
      withdrawEverywhere(watch, country, at);
      await feedLive(watch, texts, (_, came, caughtUp) => {
        if (opened.length > 0) {
          if (doneAt === Infinity && arrivalsOf(opened).length === opened.length * channels) doneAt = came;
          return came > doneAt + restMs(channels) ? undefined : at;
        }
        // A country that was already in an incident has no new one to tell.
        if (at > first + ticksToDecide * blockMs) return undefined;
        if (caughtUp && !decided && came > steppedAt + tickEveryMs) {
          at += blockMs;
          steppedAt = came;
          cameAt = performance.timeOrigin + came;
        }
        return at;
      });
      decided = false;
      if (!arrivals.every(({ hasChart }) => hasChart)) throw new Error('an alert came without its chart');
      for (const event of opened)
        latencies.push(...arrivalsOf([event]).map((arrival) => arrival.at - reachedAt.get(event.at)!));
    }
    const alerts = Math.floor(latencies.length / channels);
    if (alerts < countries.length / 2) throw new Error(`only ${alerts} alerts of ${countries.length} countries`);
    return { channels, alerts, p50: quantile(latencies, 0.5), p99: quantile(latencies, 0.99) };
  };
  const arrivalsOf = (events: readonly IncidentEvent[]): Arrival[] =>
    arrivals.filter(({ eventId }) => events.some(({ id }) => id === eventId));

  const stopped = new AbortController();
  try {
    const running = delivery.run(stopped.signal);
    const times = [await measure(single, leaving.single), await measure(many, leaving.many)];
    stopped.abort();
    await Promise.all([running, queue.flush(AbortSignal.timeout(10_000))]);
    return times;
  } finally {
    watch.onTick = () => undefined;
    server.kill();
    await store.close();
  }
}

/** Subscribes channels to the start of every incident. */
async function subscribe(store: Store, channels: number, now: number): Promise<void> {
  for (let index = 0; index < channels; index++) {
    const channelId = String(1_000_000_000_000_000_000n + BigInt(index));
    await store.saveSubscription(
      newSubscription({ channelId, guildId: '1', since: 0, createdAt: now, minSeverity: 'degraded', updates: 'start' }),
    );
  }
}

/** The data of the charts: minutes and bins of the day before, all at the present level, an hour at a time. */
function* dayOfHistory(watch: Watch, countries: readonly SmallCountry[]): Generator<HistoryRow[]> {
  const until = watch.nextTick;
  const rows = (resolution: Resolution, from: number): HistoryRow[] => {
    const { stepMs } = historyRules[resolution];
    return countries.flatMap(({ code }) => {
      const [ipv4, ipv6] = watch.pipeline.view().samples(code) ?? [null, null];
      const values = Uint32Array.of(
        ipv4?.units ?? 0,
        ipv4?.prefixes ?? 0,
        60,
        0,
        ipv6?.units ?? 0,
        ipv6?.prefixes ?? 0,
        60,
        0,
      );
      const rows: HistoryRow[] = [];
      for (let at = Math.ceil(from / stepMs) * stepMs; at < Math.min(from + dayMs / 24, until); at += stepMs)
        rows.push({ country: code, resolution, at, values });
      return rows;
    });
  };
  for (let from = until - dayMs; from < until; from += dayMs / 24)
    yield [...rows('minute', from), ...rows('bin', from)];
}
