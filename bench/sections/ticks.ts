/** How long a tick blocks the stream, and how soon after the deciding message an event is on disk. */
import { join } from 'node:path';
import { createRisLiveDecoder, ElemBatch, ElemKind } from '../../src/core/bgp/index.js';
import { CommitQueue } from '../../src/app/service/watch/commit-queue.js';
import { systemClock } from '../../src/edges/clock.js';
import { createLogger } from '../../src/edges/observability/index.js';
import { openStore } from '../../src/edges/store/index.js';
import { feedLive, ticksToDecide, withdrawEverywhere, type SmallCountry } from '../worlds/live-feed.js';
import { blockMs, type Messages } from '../worlds/messages.js';
import { quantile, timed } from '../rounds.js';
import { originOf } from '../worlds/sessions.js';
import type { Watch } from '../worlds/watch.js';

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
    for (let index = 0; index < messagesBetween; index++)
      decoder.decode(texts[(tick * messagesBetween + index) % texts.length], batch);
    batch.at.fill(watch.nextTick - 1, 0, batch.length);
    watch.updates(batch);
    batch.clear();
    times.push(timed(() => watch.tick()));
  }
  return { p50: quantile(times, 0.5), p99: quantile(times, 0.99), longest: Math.max(...times) };
}

const questions = 20;

/**
 * Measures the question that each decision asks: the verdicts without each collector. One prefix in twenty is near the
 * threshold, far more than in reality.
 */
export function measureQuestion(
  watch: Watch,
  codes: Float64Array,
): { readonly p50: number; readonly longest: number; readonly near: number; readonly turned: number } {
  const near = codes.filter((_, index) => index % 20 === 0);
  const full = watch.sessions.filter(({ share }) => share > 0.9);
  const say = (kind: 'announcement' | 'withdrawal'): void => {
    for (const { peer } of full.slice(0, Math.floor(full.length * 0.72))) {
      const batch = new ElemBatch(near.length);
      for (const code of near) batch.push(ElemKind[kind], 0, peer, watch.nextTick - 1, code, originOf(code));
      watch.pipeline.handle({ kind: 'rows', batch });
    }
  };
  say('withdrawal');
  let turned = 0;
  const times = Array.from({ length: questions }, () =>
    timed(() => {
      turned = watch.pipeline
        .view()
        .withoutEachCollector(0, 5)
        .reduce((sum, without) => sum + without.turned.length, 0);
    }),
  );
  say('announcement');
  return { p50: quantile(times, 0.5), longest: Math.max(...times), near: near.length, turned };
}

/** Event time runs faster than the clock, a tick every 200 ms, so that many ticks can be measured. */
const messagesPerTick = 10_000;

export interface EventTimes {
  readonly p50: number;
  readonly p99: number;
  readonly events: number;
}

/** The countries of `leaving` leave one after the other, a tick apart. */
export async function measureEvents(
  watch: Watch,
  { texts }: Messages,
  leaving: readonly SmallCountry[],
  dir: string,
): Promise<EventTimes> {
  const logger = createLogger({ level: 'silent', pretty: false, secrets: [] });
  const store = await openStore({ kind: 'sqlite', dataDir: join(dir, 'data') }, logger);
  const lease = (await store.acquire('bench', 60_000))!;
  const latencies: number[] = [];
  /** By tick, when the message arrived that moved event time to it. */
  const reachedAt = new Map<number, number>();
  const queue = new CommitQueue({
    store,
    lease,
    version: (await store.load()).version,
    clock: systemClock,
    logger,
    onCommitted: ({ events }) => {
      for (const event of events) latencies.push(performance.now() - reachedAt.get(event.at)!);
    },
    onFenced: () => undefined,
  });
  let cameAt = 0;
  watch.onTick = (at, result) => {
    reachedAt.set(at, cameAt);
    queue.add(at, result);
  };
  const firstTick = watch.nextTick;
  await feedLive(watch, texts, (message, came) => {
    const tick = Math.floor(message / messagesPerTick);
    if (tick === leaving.length + ticksToDecide) return undefined;
    cameAt = came;
    const at = firstTick + Math.floor((message / messagesPerTick) * blockMs);
    if (message % messagesPerTick === 1 && tick < leaving.length) withdrawEverywhere(watch, leaving[tick], at);
    return at;
  });
  await queue.flush(AbortSignal.timeout(10_000));
  watch.onTick = () => undefined;
  await store.close();
  if (latencies.length < leaving.length / 2) throw new Error(`only ${latencies.length} events were committed`);
  return { p50: quantile(latencies, 0.5), p99: quantile(latencies, 0.99), events: latencies.length };
}
