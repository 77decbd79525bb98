/**
 * Measures the goals for speed and size, as ratios taken in one run, beside this machine's own numbers. The data is
 * synthetic but realistic: 1.05 M IPv4 and 0.24 M IPv6 prefixes in registered space, frames of 676 bytes. argv: the
 * scripts of the feed's server, the memory's children and Discord's server, then the sections (default: all).
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadRegistry } from '../src/app/registry/registry.js';
import { shippedRules } from '../test/support/rules.js';
import { measureAlerts } from './sections/alerts.js';
import { measureCore } from './sections/core.js';
import { restoreHistory } from './worlds/history.js';
import { smallCountries } from './worlds/live-feed.js';
import { measureMemory } from './sections/memory.js';
import { makeMessages } from './worlds/messages.js';
import { makePrefixes } from './worlds/prefixes.js';
import { seededRandom } from '../test/support/random.js';
import { measureRib, type RibTimes } from './sections/rib.js';
import { quantile } from './rounds.js';
import { smallFeeds } from './worlds/sessions.js';
import { measureSnapshot } from './sections/snapshot.js';
import { measureSocket } from './sections/socket.js';
import { isReached, renderTable, type Row } from './worlds/table.js';
import { measureEvents, measureQuestion, measureTicks } from './sections/ticks.js';
import { startAt, Watch } from './worlds/watch.js';

const coreMix = { count: 500, full: 60 };
/** RIS has about 1,500 sessions; about a quarter of them are full feeds. */
const memoryMixes = [
  { count: 512, full: 60, atLeast: 450, aim: 350 },
  { count: 1500, full: 375, atLeast: 650, aim: 600 },
];

const begunAt = performance.now();
const say = (text: string): void =>
  console.log(`${((performance.now() - begunAt) / 1000).toFixed(0).padStart(4)} s  ${text}`);
const [serverScript, memoryScript, discordScript, ...chosen] = process.argv.slice(2);
const wanted = (section: string): boolean => chosen.length === 0 || chosen.includes(section);

/** How many countries leave for each measurement. A country can leave only once. */
const leave = { events: 60, single: 20, many: 4 };
const alertGoals = [
  { atLeast: 1500, aim: 500 },
  { atLeast: 4000, aim: 3000 },
];

const rows: Row[] = [];
const dir = mkdtempSync(join(tmpdir(), 'lightsout-bench-'));
try {
  console.log(`${cpus()[0]?.model ?? 'unknown CPU'}, ${cpus().length} cores, Node ${process.version}\n`);
  const map = await loadRegistry([]);
  const prefixes = makePrefixes(map, seededRandom(3));
  say(`${prefixes[0].length} IPv4 and ${prefixes[1].length} IPv6 prefixes`);

  if (wanted('rib')) {
    const times = await measureRib(map, prefixes[0], dir);
    rows.push(ribRow(times));
    const { sameThreadMs, ownThreadMs, sameThreadBusyMs, ownThreadBusyMs } = times;
    say(
      `RIB file measured; from a loopback archive, read in the main thread: ${sameThreadMs.toFixed(0)} ms, of ` +
        `which busy ${sameThreadBusyMs.toFixed(0)}; ` +
        `in a thread of its own: ${ownThreadMs.toFixed(0)} ms, main thread busy ${ownThreadBusyMs.toFixed(0)}`,
    );
  }

  // More countries leave within three minutes than in reality. They must be told one by one, not combined.
  const watch = new Watch(map, shippedRules({ guards: { mass: { countries: 1000, share: 1 } } }), coreMix);
  const messages = makeMessages(watch.sessions, prefixes, startAt);
  const count = messages.texts.length;
  say(
    `${count} messages of ${(messages.frames.length / count - 4).toFixed(0)} bytes and ` +
      `${(messages.prefixes / count).toFixed(2)} prefixes`,
  );

  if (wanted('memory')) {
    const used = await measureMemory(memoryScript, prefixes, messages.frames, dir, memoryMixes);
    for (const [index, { count: peers, full, atLeast, aim }] of memoryMixes.entries()) {
      const { rss, heapUsed, heapTotal, arrayBuffers, peak } = used[index];
      const mb = (bytes: number): string => (bytes / 1e6).toFixed(0);
      rows.push({
        what: `RSS with ${peers} peers`,
        value: rss / 1e6,
        unit: ' MB',
        digits: 0,
        better: 'lower',
        atLeast,
        aim,
        because:
          `${full} full feeds, of the others ${smallFeeds}; heap ${mb(heapUsed)} of ${mb(heapTotal)}, buffers ` +
          `${mb(arrayBuffers)}, peak ${mb(peak)} MB`,
      });
    }
    say('memory measured');
  }

  if (['core', 'socket', 'snapshot', 'ticks', 'events', 'alerts'].some(wanted)) {
    watch.load(prefixes);
    restoreHistory(watch.pipeline, map.codes.slice(1), startAt);
    say(`table loaded: ${coreMix.count} peers, ${coreMix.full} full feeds`);
  }
  const small = smallCountries(map, prefixes[0]);
  const leaving = {
    events: small.slice(0, leave.events),
    single: small.slice(leave.events, leave.events + leave.single),
    many: small.slice(leave.events + leave.single, leave.events + leave.single + leave.many),
  };
  if (wanted('core')) {
    const { parseMicros, decodeMicros, pipelineMicros } = await measureCore(watch, messages);
    rows.push({
      what: 'whole pipeline : JSON.parse alone',
      value: parseMicros / pipelineMicros,
      unit: 'x',
      digits: 2,
      better: 'higher',
      atLeast: 2.5,
      aim: 3.5,
      because:
        `${pipelineMicros.toFixed(2)} us a message (decoding ${decodeMicros.toFixed(2)}); JSON.parse ` +
        `${parseMicros.toFixed(2)} us`,
    });
    say('core measured');
  }
  if (wanted('socket')) {
    const rates = await measureSocket(watch, messages, serverScript, dir);
    const thousand = (rate: number): string => `${(rate / 1000).toFixed(0)} k msg/s`;
    rows.push({
      what: 'whole pipeline over ws : ws doing nothing',
      value: rates.pipeline / rates.nothing,
      unit: 'x',
      digits: 2,
      better: 'higher',
      atLeast: 0.35,
      aim: 0.5,
      because: `${thousand(rates.pipeline)}; ws alone ${thousand(rates.nothing)}`,
    });
    rows.push({
      what: 'whole pipeline over ws : ws and JSON.parse',
      value: rates.pipeline / rates.parse,
      unit: 'x',
      digits: 2,
      better: 'higher',
      atLeast: 2,
      aim: 3,
      because: `ws and JSON.parse ${thousand(rates.parse)}`,
    });
    say('socket measured');
  }
  if (wanted('snapshot')) {
    const { bytes, cpuMs, writeMs, stallMs, quietStallMs, loadMs } = await measureSnapshot(
      watch,
      messages,
      map,
      shippedRules(),
      dir,
    );
    const middle = (list: readonly number[]): number => quantile(list, 0.5);
    rows.push({
      what: 'stream held up while a snapshot is written',
      value: middle(stallMs),
      unit: ' ms',
      digits: 1,
      better: 'lower',
      atLeast: 50,
      aim: 20,
      because:
        `longest of ${stallMs.length} ${Math.max(...stallMs).toFixed(0)} ms, without one ` +
        `${middle(quietStallMs).toFixed(1)} ms; ` +
        `${(bytes / 1e6).toFixed(1)} MB in ${(middle(writeMs) / 1000).toFixed(1)} s, ` +
        `${(cpuMs / 1000).toFixed(2)} s of CPU`,
    });
    rows.push({
      what: 'table taken over from a snapshot',
      value: loadMs / 1000,
      unit: ' s',
      digits: 1,
      better: 'lower',
      atLeast: 60,
      aim: 10,
      because: `${coreMix.count} peers, ${coreMix.full} full feeds; then the update files since`,
    });
    say('snapshot measured');
  }
  if (wanted('ticks')) {
    const { p50, p99, longest } = measureTicks(watch, messages);
    rows.push({
      what: 'tick, p99',
      value: p99,
      unit: ' ms',
      digits: 1,
      better: 'lower',
      atLeast: 250,
      aim: 50,
      because: `p50 ${p50.toFixed(1)} ms, longest (origins counted) ${longest.toFixed(1)} ms`,
    });
    const question = measureQuestion(watch, prefixes[0]);
    rows.push({
      what: 'a decision without each collector in turn',
      value: question.longest,
      unit: ' ms',
      digits: 1,
      better: 'lower',
      atLeast: 250,
      aim: 100,
      because:
        `p50 ${question.p50.toFixed(1)} ms; ${question.near} prefixes near a threshold, ${question.turned} ` +
        'verdicts turned',
    });
    say('ticks measured');
  }
  if (wanted('events')) {
    const { p50, p99, events } = await measureEvents(watch, messages, leaving.events, dir);
    rows.push({
      what: 'deciding message to committed event, p99',
      value: p99,
      unit: ' ms',
      digits: 0,
      better: 'lower',
      atLeast: 1000,
      aim: 250,
      because: `p50 ${p50.toFixed(0)} ms; ${events} events, SQLite, at 50 k msg/s`,
    });
    say('events measured');
  }
  if (wanted('alerts')) {
    for (const [index, { channels, alerts, p50, p99 }] of (
      await measureAlerts(watch, messages, leaving, discordScript, dir)
    ).entries()) {
      rows.push({
        what: `deciding message to POST at Discord, ${channels === 1 ? 'one channel' : `${channels} channels`}, p99`,
        value: p99,
        unit: ' ms',
        digits: 0,
        better: 'lower',
        ...alertGoals[index],
        because: `p50 ${p50.toFixed(0)} ms; ${alerts} outages with charts, SQLite, at 50 k msg/s`,
      });
    }
    say('alerts measured');
  }
} finally {
  rmSync(dir, { recursive: true, force: true });
}
console.log(`\n${renderTable(rows)}\n`);
if (!rows.every(isReached)) process.exitCode = 1;

function ribRow({ inflateMs, loadMs, entries, compressedBytes, inflatedBytes }: RibTimes): Row {
  const million = (value: number): string => (value / 1e6).toFixed(1);
  return {
    what: 'RIB loaded : inflated only, time',
    value: loadMs / inflateMs,
    unit: 'x',
    digits: 2,
    better: 'lower',
    atLeast: 1.5,
    aim: 1.2,
    because:
      `${loadMs.toFixed(0)} : ${inflateMs.toFixed(0)} ms; ${million(entries)} M entries, ` +
      `${million(compressedBytes)} to ${million(inflatedBytes)} MB`,
  };
}
