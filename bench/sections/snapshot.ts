/** Writes the table while the stream goes on, and loads it into another process's core. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { createSnapshotWriter, loadSnapshot } from '../../src/app/service/snapshot/table-snapshot.js';
import { systemClock } from '../../src/edges/clock.js';
import { PeerIndex } from '../../src/core/bgp/index.js';
import type { CountryMap } from '../../src/core/countries/index.js';
import { createLogger, createMetrics } from '../../src/edges/observability/index.js';
import { Pipeline } from '../../src/core/pipeline.js';
import type { Rules } from '../../src/core/rules.js';
import { feedLive } from '../worlds/live-feed.js';
import type { Messages } from '../worlds/messages.js';
import { collectors } from '../worlds/sessions.js';
import type { Watch } from '../worlds/watch.js';

const writes = 5;

export interface SnapshotTimes {
  readonly bytes: number;
  /** CPU time of the process for one snapshot without the stream. */
  readonly cpuMs: number;
  /**
   * For each snapshot beside the stream: the time until it is on disk, and the longest block of the event loop
   * meanwhile.
   */
  readonly writeMs: readonly number[];
  readonly stallMs: readonly number[];
  /** The longest block of the event loop in the same time without a snapshot. */
  readonly quietStallMs: readonly number[];
  readonly loadMs: number;
}

export async function measureSnapshot(
  watch: Watch,
  { texts }: Messages,
  map: CountryMap,
  rules: Rules,
  dir: string,
): Promise<SnapshotTimes> {
  const path = join(dir, 'table.snapshot');
  const writer = createSnapshotWriter({
    path,
    clock: systemClock,
    metrics: createMetrics(),
    logger: createLogger({ level: 'silent', pretty: false, secrets: [] }),
  });
  const write = async (): Promise<void> => {
    const written = await writer.write(
      watch.pipeline,
      new Map(collectors.map((collector) => [collector, Date.now()])),
      new AbortController().signal,
    );
    if (!written) throw new Error('the snapshot was not written');
  };
  await write();
  const before = process.cpuUsage();
  await write();
  const { user, system } = process.cpuUsage(before);

  const delay = monitorEventLoopDelay({ resolution: 1 });
  const at = watch.nextTick - 1;
  /** Feeds 50,000 messages a second until `work` is done. Their event time stays below the next tick. */
  const beside = async (work: () => Promise<void>): Promise<{ ms: number; stallMs: number }> => {
    let done = false;
    const feeding = feedLive(watch, texts, () => (done ? undefined : at));
    delay.enable();
    delay.reset();
    const startedAt = performance.now();
    await work();
    const ms = performance.now() - startedAt;
    delay.disable();
    done = true;
    await feeding;
    return { ms, stallMs: delay.max / 1e6 };
  };
  await beside(write);
  const written: { ms: number; stallMs: number }[] = [];
  const quiet: number[] = [];
  for (let count = 0; count < writes; count++) {
    written.push(await beside(write));
    quiet.push((await beside(() => systemClock.sleep(written[count].ms))).stallMs);
  }

  const peers = new PeerIndex();
  const pipeline = new Pipeline({
    peers,
    map,
    groups: [],
    rules,
    configuredCollectors: collectors.length,
    only: null,
    time: 'rows',
  });
  const startedAt = performance.now();
  const loaded = await loadSnapshot(path, { pipeline, collectors, now: Date.now() });
  if (loaded.kind !== 'restored') throw new Error('the snapshot was not taken over');
  for (const collector of collectors) pipeline.handle({ kind: 'collector-back', collector });
  pipeline.handle({ kind: 'load-done', at: watch.nextTick });
  const loadMs = performance.now() - startedAt;
  if (pipeline.view().usability.ipv4.kind !== 'usable') throw new Error('the table taken over cannot be judged by');
  return {
    bytes: statSync(path).size,
    cpuMs: (user + system) / 1000,
    loadMs,
    writeMs: written.map(({ ms }) => ms),
    stallMs: written.map(({ stallMs }) => stallMs),
    quietStallMs: quiet,
  };
}
