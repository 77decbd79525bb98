/** Compares a RIB file decompressed, decoded and put into the table with the same file only decompressed. */
import { createReadStream, statSync } from 'node:fs';
import { join } from 'node:path';
import { createMrtDecoder, ElemBatch, PeerIndex } from '../../src/core/bgp/index.js';
import type { CountryMap } from '../../src/core/countries/index.js';
import { decompressed } from '../../src/edges/feed/archive/decompress.js';
import { Pipeline } from '../../src/core/pipeline.js';
import { shippedRules } from '../../test/support/rules.js';
import { measureArchiveLoad, type ArchiveLoadTimes } from '../worlds/archive-load.js';
import { ribPeers, ribPrefixes, writeRib } from '../worlds/rib-file.js';
import { interleaved } from '../rounds.js';
import { ribAt } from '../worlds/watch.js';

const rounds = 3;

export interface RibTimes extends ArchiveLoadTimes {
  readonly inflateMs: number;
  readonly loadMs: number;
  readonly entries: number;
  readonly compressedBytes: number;
  readonly inflatedBytes: number;
}

export async function measureRib(map: CountryMap, prefixes: Float64Array, dir: string): Promise<RibTimes> {
  const file = join(dir, 'bview.gz');
  await writeRib(file, prefixes, ribAt);
  let inflatedBytes = 0;
  let entries = 0;
  let pipeline: Pipeline | null = null;
  let peers = new PeerIndex();
  const medians = await interleaved(rounds, [
    {
      name: 'inflate',
      run: async () => {
        const startedAt = performance.now();
        inflatedBytes = 0;
        for await (const bytes of decompressed(createReadStream(file))) inflatedBytes += bytes.length;
        return performance.now() - startedAt;
      },
    },
    {
      name: 'load',
      before: () => {
        peers = new PeerIndex();
        pipeline = new Pipeline({
          peers,
          map,
          groups: [],
          rules: shippedRules(),
          configuredCollectors: 1,
          only: null,
          time: 'rows',
        });
      },
      run: async () => {
        const startedAt = performance.now();
        const decoder = createMrtDecoder(peers, 'rrc00');
        const batch = new ElemBatch();
        entries = 0;
        for await (const bytes of decompressed(createReadStream(file))) {
          decoder.push(bytes, batch);
          pipeline!.handle({ kind: 'rib-rows', batch });
          entries += batch.length;
          batch.clear();
        }
        decoder.end();
        return performance.now() - startedAt;
      },
    },
  ]);
  if (entries < ribPrefixes * ribPeers * 0.9) throw new Error(`only ${entries} entries were read`);
  return {
    inflateMs: medians.get('inflate')!,
    loadMs: medians.get('load')!,
    entries,
    inflatedBytes,
    compressedBytes: statSync(file).size,
    ...(await measureArchiveLoad(file, map)),
  };
}
