/**
 * edges/feed/live/ris-live.ts without its socket: the same states, gaps and back-off, over frames that appear when they
 * are due.
 */
import { createRisLiveDecoder, ElemBatch, type PeerIndex } from '../../../src/core/bgp/index.js';
import type { Clock } from '../../../src/edges/clock.js';
import type { FeedConsumer, RisLiveFeed } from '../../../src/edges/feed/index.js';
import { LastHeard } from '../../../src/edges/feed/live/last-heard.js';
import type { LiveFrame } from '../process/live-side.js';
import type { Model } from '../model.js';
import type { Schedule } from '../schedule.js';
import { frameOf } from './wire.js';

const connectMs = 200;
/** Frames that are due within one turn are handed over together. */
const turnMs = 1_000;
const impairedAfterMs = 10_000;
const deadAfterMs = 30_000;
const steadyAfterMs = 60_000;
const aheadMs = 2_000;

export interface VirtualFeedOptions {
  readonly schedule: Schedule;
  readonly frames: readonly LiveFrame[];
  readonly consumer: FeedConsumer;
  readonly peers: PeerIndex;
  readonly clock: Clock;
  readonly random: () => number;
  /** Called after each hand-over. */
  readonly onTurn: () => void;
}

/**
 * up: frames flow. silent: the connection is open, but nothing comes. down: connections are refused, and an open one is
 * closed.
 */
type Server =
  { readonly kind: 'up' } | { readonly kind: 'silent' } | { readonly kind: 'down'; readonly reason: string };

function serverAt({ faults }: Schedule, now: number): Server {
  for (const fault of faults) {
    if (fault.kind === 'slow-consumer') {
      // The client's frames wait in the server for a while. Then the server reports it and closes the connection.
      if (now >= fault.at && now < fault.at + fault.ms) return { kind: 'silent' };
      if (now >= fault.at + fault.ms && now < fault.at + fault.ms + turnMs)
        return { kind: 'down', reason: 'Client is too slow' };
    }
    if (fault.kind === 'sockets-cut' && now >= fault.at && now < fault.at + fault.ms) {
      return fault.how === 'dead' ? { kind: 'silent' } : { kind: 'down', reason: 'ECONNREFUSED' };
    }
  }
  return { kind: 'up' };
}

export function createVirtualFeed({
  schedule,
  frames,
  consumer,
  peers,
  clock,
  random,
  onTurn,
}: VirtualFeedOptions): RisLiveFeed {
  const model: Model = schedule.model;
  const decoder = createRisLiveDecoder(peers);
  const lastHeard = new LastHeard(peers);
  const batch = new ElemBatch(4096);
  const counters = { risErrors: 0, reconnects: 0, lastMessageAt: null as number | null };
  let stopped = true;
  let failures = 0;
  let trouble: string | null = null;
  let lostAt: number | null = null;
  /** null: frames do not flow. */
  let flowing: { readonly since: number; readonly startedAt: number } | null = null;
  let impaired = false;
  let quietSince = 0;
  let lastTurnAt = 0;
  /** The index of the next frame. */
  let next = 0;
  let cancel = (): void => undefined;

  const later = (ms: number, fn: () => void): void => {
    cancel = clock.after(ms, fn);
  };

  function skipTo(now: number): void {
    while (next < frames.length && frames[next].due <= now) next++;
  }

  function handOver(): void {
    if (batch.length === 0) return;
    lastHeard.note(batch, clock.now());
    consumer.onBatch(batch);
    batch.clear();
  }

  function release(): void {
    let newest = -Infinity;
    for (let row = 0; row < batch.length; row++) newest = Math.max(newest, batch.at[row]);
    const since = Math.max(lostAt ?? -Infinity, Math.min(newest, clock.now() + aheadMs));
    flowing = { since, startedAt: clock.now() };
    if (lostAt !== null) consumer.onGap({ kind: 'gap', collector: null, from: lostAt, to: since });
    consumer.onState({ kind: 'live', since });
    handOver();
  }

  function turn(): void {
    const now = clock.now();
    const server = serverAt(schedule, now);
    const sleptMs = now - lastTurnAt;
    lastTurnAt = now;
    if (server.kind === 'down' || sleptMs > deadAfterMs) {
      lose(server.kind === 'down' ? server.reason : 'ECONNRESET');
      return;
    }
    if (server.kind === 'silent') skipTo(now);
    else
      while (next < frames.length && frames[next].due <= now) {
        const { message, shiftMs } = frames[next++];
        decoder.decode(frameOf(model, message, shiftMs), batch);
      }
    if (batch.length > 0) {
      counters.lastMessageAt = quietSince = now;
      if (flowing === null) release();
      else {
        if (impaired) consumer.onState({ kind: 'live', since: flowing.since });
        handOver();
      }
      impaired = false;
    } else if (now - quietSince >= deadAfterMs) {
      lose(`no data for ${deadAfterMs / 1000} s`);
      return;
    } else if (now - quietSince >= impairedAfterMs && !impaired && flowing !== null) {
      impaired = true;
      consumer.onState({ kind: 'impaired', quietSince });
    }
    onTurn();
    if (stopped) return;
    const dueIn = server.kind === 'up' && next < frames.length ? frames[next].due - now : turnMs;
    later(
      Math.max(
        turnMs,
        Math.min(dueIn, impairedAfterMs - (now - quietSince) > 0 ? impairedAfterMs - (now - quietSince) : turnMs),
      ),
      turn,
    );
  }

  function connect(): void {
    flowing = null;
    impaired = false;
    consumer.onState({ kind: 'connecting', attempt: failures + 1, trouble });
    later(connectMs, () => {
      const server = serverAt(schedule, clock.now());
      if (server.kind === 'down') {
        lose(server.reason);
        return;
      }
      // What was sent before this connection is lost.
      skipTo(clock.now());
      quietSince = lastTurnAt = clock.now();
      turn();
    });
  }

  function lose(reason: string): void {
    cancel();
    if (flowing !== null) {
      if (clock.now() - flowing.startedAt >= steadyAfterMs) failures = 0;
      lostAt = lastHeard.eventTime();
    }
    flowing = null;
    batch.clear();
    const retryInMs = Math.round(random() * Math.min(60_000, 1_000 * 2 ** Math.min(failures, 10)));
    failures++;
    trouble = reason;
    counters.reconnects++;
    consumer.onState({ kind: 'down', reason, retryInMs });
    if (!stopped) later(retryInMs, connect);
  }

  const stop = (): void => {
    stopped = true;
    cancel();
  };
  return {
    counters,
    decoded: decoder.counters,
    start(until) {
      if (until?.aborted === true) return;
      stopped = false;
      until?.addEventListener('abort', stop, { once: true });
      connect();
    },
    stop,
  };
}
