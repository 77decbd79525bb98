/** How long a tick holds up the stream, and how soon after the message that decides it an event is on the disk. */
import { setImmediate } from 'node:timers/promises';
import { join } from 'node:path';
import { createRisLiveDecoder, ElemBatch, ElemKind, prefixLength } from '../src/bgp/index.js';
import { CommitQueue } from '../src/app/commit-queue.js';
import { systemClock } from '../src/clock.js';
import type { CountryMap } from '../src/countries/index.js';
import { createLogger } from '../src/observability/index.js';
import { openStore } from '../src/store/index.js';
import { blockMs, type Messages } from './messages.js';
import { quantile, timed } from './rounds.js';
import type { Watch } from './watch.js';

/** An hour and ten minutes: bins close fourteen times, and origins are counted at least once. */
const ticks = 420;
const messagesBetween = 500;

export interface TickTimes {
  readonly p50: number;
  readonly p99: number;
  readonly longest: number;
}

export function measureTicks(watch: Watch, { texts }: Messages): TickTimes {
  const decoder = createRisLiveDecoder(watch.peers);
  const batch = new ElemBatch(8192);
  const times: number[] = [];
  for (let tick = 0; tick < ticks; tick++) {
    for (let index = 0; index < messagesBetween; index++) decoder.decode(texts[(tick * messagesBetween + index) % texts.length], batch);
    watch.pipeline.apply(batch);
    batch.clear();
    times.push(timed(() => watch.tick()));
  }
  return { p50: quantile(times, 0.5), p99: quantile(times, 0.99), longest: Math.max(...times) };
}

/** The feed while it happens; event time runs faster than the clock, so that many ticks come together. */
const messagesPerMs = 50;
const messagesPerTick = 10_000;
const turnMessages = 96;
/** One after the other, a tick apart. */
const darkCountries = 60;
/** Two minutes of dwell, and some more. */
const ticksAfterLast = 20;

export interface EventTimes {
  readonly p50: number;
  readonly p99: number;
  readonly events: number;
}

export async function measureEvents(
  watch: Watch, { texts }: Messages, map: CountryMap, prefixes: readonly [Float64Array, Float64Array], dir: string,
): Promise<EventTimes> {
  const logger = createLogger({ level: 'silent', pretty: false, secrets: [] });
  const store = await openStore({ kind: 'sqlite', dataDir: join(dir, 'data') }, logger);
  const lease = (await store.acquire('bench', 60_000))!;
  const latencies: number[] = [];
  /** When the message came that let T reach this tick. */
  const reachedAt = new Map<number, number>();
  const queue = new CommitQueue({
    store, lease, version: (await store.load()).version, clock: systemClock, logger,
    onCommitted: ({ events }) => {
      for (const event of events) latencies.push(performance.now() - reachedAt.get(event.at)!);
    },
    onFenced: () => undefined,
  });
  const leaving = routesOfSmallCountries(map, prefixes[0]);
  const decoder = createRisLiveDecoder(watch.peers);
  const batch = new ElemBatch(8192);
  const total = (leaving.length + ticksAfterLast) * messagesPerTick;
  const firstTick = watch.nextTick;
  const startedAt = performance.now();
  let handled = 0;
  let cameAt = 0;
  watch.onTick = (at, result) => {
    reachedAt.set(at, cameAt);
    queue.add(at, result);
  };
  while (handled < total) {
    const due = Math.min(total, Math.floor((performance.now() - startedAt) * messagesPerMs));
    const until = Math.min(due, handled + turnMessages);
    for (; handled < until; handled++) {
      cameAt = startedAt + handled / messagesPerMs;
      decoder.decode(texts[handled % texts.length], batch);
      const at = firstTick + Math.floor((handled / messagesPerTick) * blockMs);
      batch.at.fill(at, 0, batch.length);
      const lost = handled % messagesPerTick === 1 ? leaving[Math.floor(handled / messagesPerTick)] : undefined;
      if (lost !== undefined) withdrawEverywhere(watch, lost, at, batch);
      // Not gathered over the turn: then no message would have to wait for the others.
      watch.updates(batch);
      batch.clear();
    }
    await setImmediate();
  }
  await queue.flush(AbortSignal.timeout(10_000));
  watch.onTick = () => undefined;
  await store.close();
  if (latencies.length < darkCountries / 2) throw new Error(`only ${latencies.length} events were committed`);
  return { p50: quantile(latencies, 0.5), p99: quantile(latencies, 0.99), events: latencies.length };
}

function withdrawEverywhere(watch: Watch, codes: readonly number[], at: number, batch: ElemBatch): void {
  for (const { peer, share } of watch.sessions) {
    if (share > 0.9) for (const code of codes) batch.push(ElemKind.withdrawal, 0, peer, at, code, 0);
  }
}

function routesOfSmallCountries(map: CountryMap, codes: Float64Array): number[][] {
  const byCountry = new Map<number, number[]>();
  for (const code of codes) {
    const length = prefixLength(code);
    const country = map.ipv4[(code - 2 ** length) * 2 ** (24 - length)];
    const own = byCountry.get(country);
    if (own === undefined) byCountry.set(country, [code]);
    else own.push(code);
  }
  return [...byCountry.values()].filter(({ length }) => length >= 20 && length <= 2000).slice(0, darkCountries);
}
