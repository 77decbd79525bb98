/**
 * Plays a schedule on the real ingest in event time: the watch between a virtual feed and a virtual archive, killed and
 * started as the schedule says.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Watch } from '../../src/app/service/watch/watch.js';
import { Impairments } from '../../src/app/service/watch/impairments.js';
import type { Clock } from '../../src/edges/clock.js';
import type { IncidentEvent } from '../../src/core/incidents/index.js';
import { createMetrics, type Logger } from '../../src/edges/observability/index.js';
import { QuickClock } from '../support/clocks/quick-clock.js';
import { seededRandom } from '../support/random.js';
import { shippedRules } from '../support/rules.js';
import { sleepWith } from '../support/clocks/sleep.js';
import { createLiveSide, type LiveFrame } from './process/live-side.js';
import { MemoryStore } from './virtual/memory-store.js';
import type { Fault, Schedule } from './schedule.js';
import { createTruth, type Truth } from './truth.js';
import { VirtualArchive } from './virtual/virtual-archive.js';
import { createVirtualFeed } from './virtual/virtual-feed.js';
import { settled } from '../support/process/real-work.js';

/** A tick: for both families, whether the table was usable. */
export interface Tick {
  readonly at: number;
  /** On the clock, not in event time. */
  readonly now: number;
  readonly usable: readonly [boolean, boolean];
  readonly why: string;
}

export interface Told {
  readonly event: IncidentEvent;
  readonly now: number;
}

export interface RunLog {
  readonly truth: Truth;
  readonly ticks: readonly Tick[];
  readonly told: readonly Told[];
  /** When a process ran. */
  readonly lives: readonly { readonly from: number; to: number }[];
  readonly lines: readonly string[];
}

const rules = shippedRules();
const metrics = createMetrics();

export async function runSchedule(schedule: Schedule, keepLog = false): Promise<RunLog> {
  const world = new World(schedule, keepLog);
  try {
    return await world.run();
  } finally {
    world.remove();
  }
}

/** One process. Once it is dead its timers never fire; while it sleeps they fire late. */
interface Life {
  dead: boolean;
  readonly stop: AbortController;
}

class World {
  readonly #schedule: Schedule;
  readonly #clock: QuickClock;
  readonly #truth: Truth;
  readonly #frames: readonly LiveFrame[];
  readonly #archive: VirtualArchive;
  readonly #store: MemoryStore;
  readonly #random: () => number;
  readonly #ticks: Tick[] = [];
  readonly #told: Told[] = [];
  readonly #lives: { readonly from: number; to: number }[] = [];
  readonly #lines: string[] = [];
  readonly #keepLog: boolean;
  readonly #dir = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'lightsout-event-time-'));
  #life: Life | null = null;
  #failure: Error | null = null;

  constructor(schedule: Schedule, keepLog: boolean) {
    this.#schedule = schedule;
    this.#keepLog = keepLog;
    this.#clock = new QuickClock(schedule.from, settled);
    this.#truth = createTruth(schedule);
    this.#frames = createLiveSide(schedule, this.#truth);
    this.#archive = new VirtualArchive(schedule, this.#truth);
    this.#random = seededRandom(schedule.seed);
    this.#store = new MemoryStore((events) => {
      for (const event of events) this.#told.push({ event, now: this.#clock.now() });
    });
  }

  async run(): Promise<RunLog> {
    const { faults, to } = this.#schedule;
    this.#start();
    for (const fault of faults.filter((one): one is Extract<Fault, { kind: 'killed' }> => one.kind === 'killed')) {
      await this.#until(fault.at);
      this.#kill();
      await this.#until(fault.at + fault.ms);
      this.#start();
    }
    await this.#until(to);
    this.#kill();
    return { truth: this.#truth, ticks: this.#ticks, told: this.#told, lives: this.#lives, lines: this.#lines };
  }

  /** Removes the files that the run kept. */
  remove(): void {
    rmSync(this.#dir, { recursive: true, force: true });
  }

  async #until(at: number): Promise<void> {
    await this.#clock.runUntil(at);
    if (this.#failure !== null) throw this.#failure;
  }

  #kill(): void {
    if (this.#life === null) return;
    this.#life.dead = true;
    this.#life = null;
    this.#lives.at(-1)!.to = this.#clock.now();
  }

  #start(): void {
    this.#kill();
    const life: Life = { dead: false, stop: new AbortController() };
    this.#life = life;
    this.#lives.push({ from: this.#clock.now(), to: Infinity });
    this.#watchForEver(life).catch((error: unknown) => {
      if (!life.dead) this.#failure ??= error instanceof Error ? error : new Error(String(error));
    });
  }

  async #watchForEver(life: Life): Promise<void> {
    const { model } = this.#schedule;
    const clock = this.#processClock(life);
    const lease = this.#store.lease();
    const impairments = new Impairments();
    const logger = this.#logger(clock);
    while (!life.dead) {
      const watch = new Watch(
        {
          store: this.#store.asStore(),
          rules,
          registry: { file: 'model', ignored: [], map: model.map },
          newestRegistry: () => null,
          registryTrouble: () => null,
          groups: [],
          collectors: model.collectors,
          archive: this.#archive.opener(clock),
          workers: null,
          snapshotPath: join(this.#dir, 'table.snapshot'),
          openFeed: (consumer, peers) =>
            createVirtualFeed({
              schedule: this.#schedule,
              frames: this.#frames,
              consumer,
              peers,
              clock,
              random: this.#random,
              onTurn: () => this.#look(watch),
            }),
          clock,
          random: this.#random,
          logger,
          metrics,
          impairments,
          onProgress: () => undefined,
          onEvents: () => undefined,
        },
        lease,
      );
      const end = await watch.run(life.stop.signal);
      if (end !== 'gap') throw new Error(`the watch ended: ${end}`);
    }
  }

  /** Notes the last tick, and whether its table was usable. */
  #look(watch: Watch): void {
    const phase = watch.phase();
    if (phase.kind !== 'watching' || phase.lastTickAt === null || phase.lastTickAt === this.#ticks.at(-1)?.at) return;
    const { ipv4, ipv6 } = phase.usability;
    const why = ipv4.kind === 'usable' ? '' : ipv4.reason;
    this.#ticks.push({
      at: phase.lastTickAt,
      now: this.#clock.now(),
      usable: [ipv4.kind === 'usable', ipv6.kind === 'usable'],
      why,
    });
  }

  #processClock(life: Life): Clock {
    const real = this.#clock.mortal(() => life.dead);
    const naps = this.#schedule.faults
      .filter((fault) => fault.kind === 'asleep')
      .map(({ at, ms }) => ({ from: at, to: at + ms }));
    const after = (ms: number, fn: () => void): (() => void) => {
      let cancel = (): void => undefined;
      const fire = (): void => {
        const now = this.#clock.now();
        const nap = naps.find(({ from, to }) => now >= from && now < to);
        if (nap === undefined) fn();
        else cancel = real.after(nap.to - now, fire);
      };
      cancel = real.after(ms, fire);
      return () => cancel();
    };
    return { now: () => this.#clock.now(), after, sleep: sleepWith(after) };
  }

  #logger(clock: Clock): Logger {
    const line =
      (level: string) =>
      (fields: unknown, message?: string): void => {
        if (!this.#keepLog) return;
        const text = typeof fields === 'string' ? fields : `${message ?? ''} ${JSON.stringify(fields)}`;
        this.#lines.push(`${new Date(clock.now()).toISOString().slice(11, 19)} ${level} ${text}`);
      };
    return {
      info: line('info'),
      warn: line('warn'),
      error: line('error'),
      debug: () => undefined,
      fatal: line('fatal'),
    } as unknown as Logger;
  }
}
