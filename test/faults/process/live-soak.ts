/**
 * Sends 20,000 messages a second over loopback into the service as it ships (dist), with a table of some size from a
 * loopback archive, and checks that memory stays flat and event time keeps up.
 */
import { execFileSync, fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createGzip, gzipSync } from 'node:zlib';
import { makeMessages } from '../../../bench/worlds/messages.js';
import { makePrefixes } from '../../../bench/worlds/prefixes.js';
import { seededRandom } from '../../support/random.js';
import { chunked, ribRecords } from '../../../bench/worlds/rib-file.js';
import type { Session } from '../../../bench/worlds/sessions.js';
import { loadRegistry } from '../../../src/app/registry/registry.js';
import { startArchiveServer, updatesPath, type ArchiveServer } from '../../support/feed/archive-server.js';
import { compile } from '../../support/process/compile.js';
import { freePort } from '../../support/process/free-port.js';
import { mrtPeerTable, mrtUpdate } from '../../support/feed/mrt-writer.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const rate = 20_000;
const collectors = ['rrc00', 'rrc01', 'rrc06', 'rrc15'];
const peersEach = 12;
/** IPv4 prefixes in each table: 10 million routes in all. */
const ribPrefixes = 200_000;
/**
 * These are in no RIB, and the same frames are repeated. If they were more than the guards ignore, each round would
 * look like a table that is sent again.
 */
const ipv6Prefixes = 900;
const everyMs = 10_000;
const fileMs = 300_000;
/** Until caches and pools have reached their size. */
const warmMinutes = 2;
/**
 * What counts as flat: the growth of RSS an hour, and its ratio, without V8's reserve, of the last third to the first.
 */
const flat = { mbPerHour: 60, thirds: 1.05 } as const;
const mostLagSeconds = 5;
const leastRate = 0.98 * rate;

interface Measure {
  readonly minutes: number;
  readonly rssMb: number;
  readonly heapMb: number;
  /** The memory that V8 has committed for its heap. It changes in steps, and RSS with it. */
  readonly committedMb: number;
  /** Buffers and typed arrays. */
  readonly externalMb: number;
  readonly lagSeconds: number;
  readonly loopMs: number;
  readonly rate: number;
  readonly voters: number;
}

/** Resolves with whether the service kept up and stayed flat. */
export async function liveSoak(minutes: number, say: (text: string) => void): Promise<boolean> {
  say('building, and making a table and a stream');
  execFileSync(process.execPath, [join(root, 'bin/build.mjs')], { stdio: 'inherit' });
  const dir = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'lightsout-soak-'));
  const archive = await startArchiveServer();
  const sender = compile(new URL('./soak-sender.ts', import.meta.url).href);
  const children: ChildProcess[] = [];
  try {
    const sessions = await publish(archive, dir);
    say(`${sessions.length} peers on ${collectors.length} collectors, ${ribPrefixes} prefixes each`);
    const risLive = fork(sender.script, [join(dir, 'frames'), String(rate), collectors.join(',')], { execArgv: [] });
    children.push(risLive);
    let tooSlow = 0;
    const [livePort] = (await once(risLive, 'message')) as [number];
    risLive.on('message', () => tooSlow++);
    const port = await freePort();
    const output = createWriteStream(join(dir, 'log'));
    const service = spawn(process.execPath, [join(root, 'dist/main.js')], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env['PATH'],
        DATA_DIR: join(dir, 'data'),
        CONFIG_DIR: join(root, 'config'),
        HTTP_PORT: String(port),
        COLLECTORS: collectors.join(','),
        RIS_LIVE_URL: `ws://127.0.0.1:${livePort}/v1/ws/`,
        RIS_ARCHIVE_URL: archive.url,
        REGISTRY_URL: 'off',
      },
    });
    children.push(service);
    service.stdout.pipe(output);
    service.stderr.pipe(output);
    const measures = await measure(`http://127.0.0.1:${port}`, minutes, archive, service, say);
    if (measures === null)
      say(`the service ended, or was never ready:\n${readFileSync(join(dir, 'log'), 'utf8').slice(-4_000)}`);
    return measures !== null && judge(measures, tooSlow, say);
  } finally {
    for (const child of children) child.kill('SIGKILL');
    await archive.stop();
    sender.remove();
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Publishes a RIB of now for every collector, and makes the frames of a stream about its prefixes. */
async function publish(archive: ArchiveServer, dir: string): Promise<Session[]> {
  const [ipv4, ipv6] = makePrefixes(await loadRegistry([]), seededRandom(3));
  const sessions = collectors.flatMap((collector, row) =>
    Array.from({ length: peersEach }, (_, index): Session => {
      const number = row * peersEach + index;
      return { peer: number, collector, address: `195.66.225.${number + 1}`, asn: 1000 + number * 37, share: 1 };
    }),
  );
  const at = currentFile();
  const bodyFile = join(dir, 'rib');
  await pipeline(
    Readable.from(chunked(ribRecords(ipv4, at, sessions.slice(0, peersEach), ribPrefixes))),
    createGzip({ level: 1 }),
    createWriteStream(bodyFile),
  );
  const body = readFileSync(bodyFile);
  // Each collector's peer table before the same routes: two members of one gzip stream.
  for (const collector of collectors) {
    const peers = sessions.filter((session) => session.collector === collector);
    archive.publish(`/${collector}/latest-bview.gz`, Buffer.concat([gzipSync(mrtPeerTable(at, peers)), body]));
  }
  rmSync(bodyFile);
  publishUpdates(archive);
  const step = Math.floor(ipv4.length / ribPrefixes);
  const known = ipv4.filter((_, index) => index % step === 0).slice(0, ribPrefixes);
  writeFileSync(
    join(dir, 'frames'),
    makeMessages(sessions, [known, ipv6.subarray(0, ipv6Prefixes)], Date.now()).frames,
  );
  return sessions;
}

const currentFile = (): number => Math.floor(Date.now() / fileMs) * fileMs;

/**
 * Publishes the present update file with one route in it, because the stream tells the rest. It appears before its end,
 * so that the service waits for nothing.
 */
function publishUpdates(archive: ArchiveServer): void {
  for (const start of [currentFile(), currentFile() + fileMs]) {
    for (const [row, collector] of collectors.entries()) {
      const peer = { address: `195.66.225.${row * peersEach + 1}`, asn: 1000 + row * peersEach * 37 };
      archive.publish(
        updatesPath(collector, start),
        gzipSync(mrtUpdate(start, { peer, path: [peer.asn, 2497], announce: ['133.0.0.0/16'] })),
      );
    }
  }
}

async function measure(
  url: string,
  minutes: number,
  archive: ArchiveServer,
  service: ChildProcess,
  say: (text: string) => void,
): Promise<Measure[] | null> {
  const measures: Measure[] = [];
  let readyAt: number | null = null;
  let before: { readonly at: number; readonly messages: number } | null = null;
  const startedAt = Date.now();
  say('minutes  RSS MB  heap MB  kept MB  external MB  lag s  loop p99 ms  messages/s  voters');
  for (;;) {
    await sleep(everyMs);
    publishUpdates(archive);
    if (service.exitCode !== null || (readyAt === null && Date.now() - startedAt > 15 * 60_000)) return null;
    const text = await fetch(`${url}/metrics`).then(
      (response) => response.text(),
      () => '',
    );
    const of = (name: string): number => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1] ?? 0);
    const now = Date.now();
    const messages = of('lightsout_messages_total');
    const lastTickAt = of('lightsout_last_tick_timestamp_seconds');
    if (lastTickAt > 0) readyAt ??= now;
    const one: Measure = {
      minutes: readyAt === null ? 0 : (now - readyAt) / 60_000,
      rssMb: of('process_resident_memory_bytes') / 1e6,
      heapMb: of('nodejs_heap_size_used_bytes') / 1e6,
      committedMb: of('nodejs_heap_size_total_bytes') / 1e6,
      externalMb: of('nodejs_external_memory_bytes') / 1e6,
      // The metric may be a tick of ten seconds old.
      lagSeconds: of('lightsout_event_time_lag_seconds'),
      loopMs: of('nodejs_eventloop_lag_p99_seconds') * 1e3,
      rate: before === null ? 0 : ((messages - before.messages) * 1000) / (now - before.at),
      voters: of('lightsout_voters{family="ipv4"}'),
    };
    before = { at: now, messages };
    const cells = [
      one.minutes.toFixed(1),
      one.rssMb.toFixed(0),
      one.heapMb.toFixed(0),
      one.committedMb.toFixed(0),
      one.externalMb.toFixed(0),
      one.lagSeconds.toFixed(1),
      one.loopMs.toFixed(0),
      one.rate.toFixed(0),
      String(one.voters),
    ];
    say(cells.map((cell, index) => cell.padStart([7, 7, 8, 8, 12, 6, 12, 11, 7][index])).join(' '));
    if (readyAt === null) continue;
    measures.push(one);
    if (one.minutes >= minutes) return measures;
  }
}

function judge(all: readonly Measure[], tooSlow: number, say: (text: string) => void): boolean {
  const warm = all.filter((one) => one.minutes >= Math.min(warmMinutes, all.at(-1)!.minutes / 3));
  const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
  const third = Math.max(1, Math.floor(warm.length / 3));
  // V8 commits 25 to 60 MB for a heap of 20 to 30, and returns and takes memory as it likes. That is not our growth.
  const held = (measures: readonly Measure[]): number =>
    median(measures.map(({ rssMb, committedMb, heapMb }) => rssMb - committedMb + heapMb));
  const thirds = held(warm.slice(-third)) / held(warm.slice(0, third));
  const mbPerHour = slope(warm) * 60;
  const lag = Math.max(...warm.map(({ lagSeconds }) => lagSeconds));
  const rates = warm.reduce((sum, one) => sum + one.rate, 0) / warm.length;
  const findings: [boolean, string][] = [
    [
      thirds <= flat.thirds,
      `RSS less V8's reserve, the last third : the first, ${thirds.toFixed(3)} (at most ${flat.thirds})`,
    ],
    [
      mbPerHour <= flat.mbPerHour || warm.at(-1)!.minutes < 10,
      `RSS grows by ${mbPerHour.toFixed(0)} MB an hour (at most ${flat.mbPerHour}; of less than ten minutes ` +
        'that says nothing)',
    ],
    [lag <= mostLagSeconds, `event time at most ${lag.toFixed(1)} s behind (at most ${mostLagSeconds})`],
    [rates >= leastRate, `${rates.toFixed(0)} messages a second (at least ${leastRate})`],
    [tooSlow === 0, `called too slow ${tooSlow} times`],
  ];
  for (const [well, text] of findings) say(`${well ? 'well ' : 'WRONG'}  ${text}`);
  return findings.every(([well]) => well);
}

/** MB a minute: the slope of the line through all measures. */
function slope(measures: readonly Measure[]): number {
  const mean = (of: (one: Measure) => number): number =>
    measures.reduce((sum, one) => sum + of(one), 0) / measures.length;
  const [x, y] = [mean(({ minutes }) => minutes), mean(({ rssMb }) => rssMb)];
  const spread = measures.reduce((sum, one) => sum + (one.minutes - x) ** 2, 0);
  return spread === 0 ? 0 : measures.reduce((sum, one) => sum + (one.minutes - x) * (one.rssMb - y), 0) / spread;
}
