/**
 * The memory of a whole service after the load and ten minutes of updates, in a process of its own: argv codes4 codes6
 * texts rules peers full.
 */
import { readFileSync } from 'node:fs';
import { createRisLiveDecoder, ElemBatch } from '../../src/core/bgp/index.js';
import { loadRegistry } from '../../src/app/registry/registry.js';
import type { Rules } from '../../src/core/rules.js';
import { restoreHistory } from '../worlds/history.js';
import { textsIn } from '../worlds/messages.js';
import { startAt, Watch } from '../worlds/watch.js';

const [codes4, codes6, frames, rules, count, full] = process.argv.slice(2);
const codesIn = (file: string): Float64Array => new Float64Array(readFileSync(file).buffer);

const map = await loadRegistry([]);
const watch = new Watch(map, JSON.parse(rules) as Rules, { count: Number(count), full: Number(full) });
watch.load([codesIn(codes4), codesIn(codes6)]);
restoreHistory(watch.pipeline, map.codes.slice(1), startAt);
const decoder = createRisLiveDecoder(watch.peers);
const batch = new ElemBatch(8192);
for (const text of textsIn(readFileSync(frames))) {
  decoder.decode(text, batch);
  watch.updates(batch);
  batch.clear();
}
for (let ticks = 0; ticks < 60; ticks++) watch.tick();
const { rss, heapUsed, heapTotal, external, arrayBuffers } = process.memoryUsage();
process.stdout.write(
  JSON.stringify({ rss, heapUsed, heapTotal, external, arrayBuffers, peak: process.resourceUsage().maxRSS * 1024 }),
);
