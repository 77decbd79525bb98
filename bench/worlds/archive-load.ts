/** Loads a RIB from a loopback archive into the table, decoded in the main thread and in a worker thread. */
import { createReadStream, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PeerIndex } from '../../src/core/bgp/index.js';
import { systemClock } from '../../src/edges/clock.js';
import type { CountryMap } from '../../src/core/countries/index.js';
import { createArchive, createDecodeWorkers, type DecodeWorkers } from '../../src/edges/feed/index.js';
import { loadArchiveFile } from '../../src/edges/feed/archive/archive-loader.js';
import { Pipeline } from '../../src/core/pipeline.js';
import { shippedRules } from '../../test/support/rules.js';
import { interleaved } from '../rounds.js';

const rounds = 3;

export interface ArchiveLoadTimes {
  readonly sameThreadMs: number;
  readonly ownThreadMs: number;
  /** Milliseconds during which the main thread was busy. */
  readonly sameThreadBusyMs: number;
  readonly ownThreadBusyMs: number;
}

export async function measureArchiveLoad(file: string, map: CountryMap): Promise<ArchiveLoadTimes> {
  const bytes = statSync(file).size;
  const server = createServer(
    (_, response) => void createReadStream(file).pipe(response.writeHead(200, { 'content-length': bytes })),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const archive = createArchive(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, systemClock, Math.random);
  const workers = createDecodeWorkers(1, systemClock)!;
  const busy: Record<string, number> = {};

  const contestant = (name: string, from: DecodeWorkers | null): { name: string; run: () => Promise<number> } => ({
    name,
    async run() {
      const peers = new PeerIndex();
      const pipeline = new Pipeline({
        peers,
        map,
        groups: [],
        rules: shippedRules(),
        configuredCollectors: 1,
        only: null,
        time: 'rows',
      });
      const before = performance.eventLoopUtilization();
      const startedAt = performance.now();
      const outcome = await loadArchiveFile(
        {
          path: 'rrc00/latest-bview.gz',
          collector: 'rrc00',
          wanted: 'rib',
          unless: null,
          onBatch: (batch) => pipeline.handle({ kind: 'rib-rows', batch }),
          onBytes: () => undefined,
        },
        {
          archive,
          peers,
          clock: systemClock,
          random: Math.random,
          log: { info: () => undefined, warn: () => undefined },
          signal: new AbortController().signal,
          workers: from,
        },
      );
      if (outcome.kind !== 'loaded') throw new Error(outcome.kind);
      busy[name] = performance.eventLoopUtilization(before).active;
      return performance.now() - startedAt;
    },
  });
  try {
    const medians = await interleaved(rounds, [contestant('same', null), contestant('own', workers)]);
    return {
      sameThreadMs: medians.get('same')!,
      ownThreadMs: medians.get('own')!,
      sameThreadBusyMs: busy['same'],
      ownThreadBusyMs: busy['own'],
    };
  } finally {
    await workers.close();
    server.closeAllConnections();
    server.close();
  }
}
