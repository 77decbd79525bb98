/**
 * Plays a schedule through real sockets and processes: a loopback RIS Live and archive, and the service in a process
 * that is killed with SIGKILL.
 */
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadRegistry } from '../../../src/app/registry/registry.js';
import { openStore } from '../../../src/edges/store/index.js';
import { startArchiveServer, updatesPath, type ArchiveServer } from '../../support/feed/archive-server.js';
import { compile } from '../../support/process/compile.js';
import { startRisLiveServer, type RisLiveServer } from '../../support/feed/ris-live-server.js';
import { createLiveSide, type LiveFrame } from './live-side.js';
import { createModel, landOf } from '../model.js';
import { wrongs } from '../oracle.js';
import type { RunLog, Tick, Told } from '../run.js';
import { createSchedule, describe, minute, type Fault, type Schedule } from '../schedule.js';
import { ServiceChild } from './service-child.js';
import { createTruth } from '../truth.js';
import { VirtualArchive } from '../virtual/virtual-archive.js';
import { frameOf } from '../virtual/wire.js';

const second = 1_000;
const stepMs = 10 * second;
const fileMs = 5 * minute;
/** Cuts the tail to half an hour after the last fault, because real sockets take real time. */
const tailCutMs = 25 * minute;
const configDir = fileURLToPath(new URL('../../../config', import.meta.url));
const inMemory = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

export interface SocketOutcome {
  readonly wrongs: readonly string[];
  readonly schedule: string;
  /** One line about the run. */
  readonly words: string;
  /** The service's standard output and log. */
  readonly output: string;
}

/** The schedule of a seed, with at least one kill. Odd seeds have an outage. */
async function socketSchedule(seed: number): Promise<Schedule> {
  const model = createModel(seed, landOf(await loadRegistry([])));
  const whole = createSchedule(1_000 + seed, seed % 2 === 1, model);
  const schedule = { ...whole, to: whole.to - tailCutMs };
  if (schedule.faults.some(({ kind }) => kind === 'killed')) return schedule;
  const killed: Fault = {
    kind: 'killed',
    at: schedule.from + (25 + seed * 2) * minute,
    ms: 20 * second + (seed % 5) * 2 * minute,
  };
  return { ...schedule, faults: [...schedule.faults, killed].sort((a, b) => a.at - b.at) };
}

export async function playThroughSockets(seed: number): Promise<SocketOutcome> {
  const schedule = await socketSchedule(seed);
  const compiled = compile(new URL('./service-process.ts', import.meta.url).href);
  const dataDir = mkdtempSync(join(inMemory, 'lightsout-faults-'));
  cpSync(configDir, join(dirname(compiled.script), '../../../config'), { recursive: true });
  const world = await SocketWorld.open(schedule, compiled.script, dataDir);
  try {
    await world.run();
    const told = await loggedEvents(dataDir);
    const log: RunLog = { truth: world.truth, ticks: world.ticks, told, lives: world.lives, lines: [] };
    const words =
      `${world.ticks.length} ticks, ${world.lives.length} processes, ` +
      `${told.filter(({ event }) => event.kind !== 'notice').length} events, ` +
      `${told.filter(({ event }) => event.kind === 'notice').length} notices`;
    return { wrongs: wrongs(schedule, log), schedule: describe(schedule), words, output: world.output };
  } finally {
    await world.close();
    compiled.remove();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

async function loggedEvents(dataDir: string): Promise<Told[]> {
  const store = await openStore({ kind: 'sqlite', dataDir }, { info: () => undefined, warn: () => undefined });
  const logged = await store.readAfter(0, 10_000);
  await store.close();
  return logged.map(({ event }) => ({ event, now: event.at }));
}

class SocketWorld {
  readonly truth;
  readonly ticks: Tick[] = [];
  readonly lives: { readonly from: number; to: number }[] = [];
  output = '';
  readonly #schedule: Schedule;
  readonly #frames: readonly LiveFrame[];
  readonly #files: VirtualArchive;
  readonly #script: string;
  readonly #env: Readonly<Record<string, string>>;
  #risLive: RisLiveServer | null;
  #archive: ArchiveServer | null;
  readonly #livePort: number;
  readonly #archivePort: number;
  #service: ServiceChild | null = null;
  #now: number;
  #nextFrame = 0;
  /** By collector, the start of the update file to be published next. */
  readonly #nextFile: Map<string, number>;
  readonly #published = new Map<string, Buffer>();

  private constructor(
    schedule: Schedule,
    script: string,
    dataDir: string,
    risLive: RisLiveServer,
    archive: ArchiveServer,
  ) {
    this.#schedule = schedule;
    this.truth = createTruth(schedule);
    this.#frames = createLiveSide(schedule, this.truth);
    this.#files = new VirtualArchive(schedule, this.truth);
    this.#script = script;
    this.#risLive = risLive;
    this.#archive = archive;
    this.#livePort = risLive.port;
    this.#archivePort = Number(new URL(archive.url).port);
    this.#now = schedule.from;
    this.#nextFile = new Map(schedule.model.collectors.map((collector) => [collector, schedule.ribAt]));
    this.#env = {
      CONFIG_DIR: configDir,
      DATA_DIR: dataDir,
      HTTP_PORT: '8080',
      COLLECTORS: schedule.model.collectors.join(','),
      RIS_LIVE_URL: risLive.url,
      RIS_ARCHIVE_URL: archive.url,
      REGISTRY_URL: 'off',
    };
  }

  static async open(schedule: Schedule, script: string, dataDir: string): Promise<SocketWorld> {
    return new SocketWorld(
      schedule,
      script,
      dataDir,
      await startRisLiveServer(),
      await startArchiveServer({ versions: true }),
    );
  }

  async run(): Promise<void> {
    const { to } = this.#schedule;
    while (this.#now < to) {
      await this.#setServers();
      await this.#setService();
      this.#publish();
      this.#send();
      await this.#step();
    }
    await this.#end('stop');
  }

  async close(): Promise<void> {
    if (this.#service !== null) await this.#end('kill');
    await Promise.all([this.#risLive?.stop(), this.#archive?.stop()]);
  }

  #during<K extends Fault['kind']>(...kinds: readonly K[]): Extract<Fault, { kind: K; ms: number }>[] {
    return this.#schedule.faults.filter(
      (fault): fault is Extract<Fault, { kind: K; ms: number }> =>
        (kinds as readonly string[]).includes(fault.kind) &&
        'ms' in fault &&
        this.#now >= fault.at &&
        this.#now < fault.at + fault.ms,
    );
  }

  /** A server that is away closes its port. */
  async #setServers(): Promise<void> {
    const isLiveAway = this.#during('sockets-cut').some(({ how }) => how === 'closed');
    if (isLiveAway && this.#risLive !== null) {
      await this.#risLive.stop();
      this.#risLive = null;
    } else if (!isLiveAway) this.#risLive ??= await startRisLiveServer({ port: this.#livePort });
    const isArchiveAway = this.#during('archive-away').length > 0;
    if (isArchiveAway && this.#archive !== null) {
      await this.#archive.stop();
      this.#archive = null;
    } else if (!isArchiveAway && this.#archive === null) {
      this.#archive = await startArchiveServer({ versions: true, port: this.#archivePort });
      for (const [path, gz] of this.#published) this.#archive.publish(path, gz);
    }
  }

  async #setService(): Promise<void> {
    const isDead = this.#during('killed').length > 0;
    if (isDead && this.#service !== null) await this.#end('kill');
    else if (!isDead && this.#service === null) {
      this.#service = await ServiceChild.start(this.#script, this.#now, this.#env);
      this.lives.push({ from: this.#now, to: Infinity });
    }
  }

  async #end(how: 'kill' | 'stop'): Promise<void> {
    const service = this.#service!;
    this.#service = null;
    await service[how]();
    this.output += service.output;
    this.lives.at(-1)!.to = this.#now;
  }

  #publish(): void {
    const { collectors } = this.#schedule.model;
    for (const collector of collectors) {
      const rib = `${collector}/latest-bview.gz`;
      this.#put(rib, this.#files.file(rib, this.#now)!, collector);
      for (;;) {
        const start = this.#nextFile.get(collector)!;
        const path = updatesPath(collector, start).slice(1);
        const gz = this.#files.file(path, this.#now);
        if (gz === null) break;
        this.#put(path, gz, collector);
        this.#nextFile.set(collector, start + fileMs);
      }
    }
  }

  #put(name: string, gz: Buffer, collector: string): void {
    const path = `/${name}`;
    if (this.#published.get(path)?.equals(gz) === true) return;
    this.#published.set(path, gz);
    this.#archive?.publish(path, gz);
    for (const { serving, times, collectors } of this.#during('bad-files'))
      if (collectors.includes(collector)) this.#archive?.fail(path, serving, times);
  }

  /** Sends what is due, or drops it while the service cannot hear it. */
  #send(): void {
    const isSilent = this.#during('slow-consumer', 'asleep').length > 0 || this.#during('sockets-cut').length > 0;
    const due: Uint8Array[] = [];
    for (; this.#nextFrame < this.#frames.length && this.#frames[this.#nextFrame].due <= this.#now; this.#nextFrame++) {
      const { message, shiftMs } = this.#frames[this.#nextFrame];
      if (!isSilent) due.push(frameOf(this.#schedule.model, message, shiftMs));
    }
    this.#risLive?.send(...due);
    for (const fault of this.#schedule.faults) {
      if (
        fault.kind !== 'slow-consumer' ||
        fault.at + fault.ms <= this.#now - stepMs ||
        fault.at + fault.ms > this.#now
      )
        continue;
      this.#risLive?.risError('Client is too slow');
      this.#risLive?.close(1008, 'too slow');
    }
  }

  async #step(): Promise<void> {
    const service = this.#service;
    this.#now += stepMs;
    if (service === null) return;
    const nap = this.#during('asleep').at(0);
    if (nap !== undefined) {
      // The service gets nothing of what was sent while it slept, and loses the connection.
      this.#risLive?.drop();
      const ms = Math.ceil((nap.at + nap.ms - this.#now) / stepMs) * stepMs + stepMs;
      this.#now += ms - stepMs;
      await service.advance(ms, 'stall');
      return;
    }
    await service.advance(stepMs);
    // Time waits for the archive's answers, which would take no noticeable time on loopback.
    for (let turn = 0; turn < 500 && (this.#archive?.open ?? 0) > 0; turn++) await service.advance(0);
    const { lastTickAt, usable } = await service.look();
    if (lastTickAt > 0 && lastTickAt !== this.ticks.at(-1)?.at)
      this.ticks.push({ at: lastTickAt, now: this.#now, usable, why: '' });
  }
}
