import type { ElemBatch, PeerIndex, UnixMillis } from '../../core/bgp/index.js';
import type { Clock } from '../../edges/clock.js';
import { tickMs } from '../../core/detector/index.js';
import type { Logger } from '../../edges/observability/index.js';
import type { Pipeline, TickResult } from '../../core/pipeline.js';
import { EventTime } from '../../core/bgp/index.js';

/** How far event time may run ahead of our own clock: one wrong clock moves nothing. */
const aheadMs = 2_000;
const slowMs = 1_000;

export interface TicksOptions {
  readonly peers: PeerIndex;
  readonly pipeline: Pipeline;
  /** How many were chosen. */
  readonly collectors: number;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Before each tick. */
  readonly beforeTick: (at: UnixMillis) => void;
  /** A tick was taken. */
  readonly onTick: (at: UnixMillis, result: TickResult) => void;
}

export interface Ticks {
  /** Takes in elems of files and of the stream, and the tick that they let event time reach. */
  apply(batch: ElemBatch): void;
  /** The load is over: from here on there are ticks. */
  begin(): void;
  loseCollector(collector: string, at: UnixMillis): void;
  rejoinCollector(collector: string): void;
  readonly firstAt: UnixMillis | null;
  readonly lastAt: UnixMillis | null;
}

/** Ticks every 10 s of event time, as the stream moves it. */
export function createTicks({ peers, pipeline, collectors, clock, logger, beforeTick, onTick }: TicksOptions): Ticks {
  const time = new EventTime(peers, collectors);
  let nextAt = Infinity;
  let firstAt: UnixMillis | null = null;
  let lastAt: UnixMillis | null = null;

  function tick(): void {
    beforeTick(nextAt);
    const startedAt = clock.now();
    const result = pipeline.tick(nextAt);
    lastAt = nextAt;
    firstAt ??= nextAt;
    onTick(nextAt, result);
    const tookMs = clock.now() - startedAt;
    if (tookMs > slowMs) logger.warn({ tookMs }, 'a tick took long');
    nextAt += tickMs;
  }

  return {
    apply(batch) {
      const now = Math.min(time.observe(batch), clock.now() + aheadMs);
      // While time stood still there were no ticks, and none are made up: nobody saw the table then.
      if (nextAt <= now - tickMs) nextAt = Math.floor(now / tickMs) * tickMs;
      pipeline.apply(batch);
      if (nextAt <= now) tick();
    },
    begin() {
      // Where no update came with the tables, ours is the only time there is.
      const at = Number.isFinite(time.now) ? Math.min(time.now, clock.now() + aheadMs) : clock.now();
      pipeline.loaded(at);
      nextAt = Math.ceil(at / tickMs) * tickMs;
    },
    loseCollector(collector, at) {
      time.lose(collector);
      pipeline.loseCollector(collector, at);
    },
    rejoinCollector(collector) {
      time.rejoin(collector);
      pipeline.rejoinCollector(collector);
    },
    get firstAt() {
      return firstAt;
    },
    get lastAt() {
      return lastAt;
    },
  };
}
