import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { adopt } from '../../../src/app/cli/adopt.js';
import { createApp, type App, type Role } from '../../../src/app/service/app.js';
import type { World } from '../../../src/app/index.js';
import { loadConfig } from '../../../src/edges/config/index.js';
import type { CountryRecord, FeedHealth, IncidentEvent } from '../../../src/core/incidents/index.js';
import { openStore } from '../../../src/edges/store/index.js';
import { startArchiveServer, type ArchiveServer, type Serving } from '../feed/archive-server.js';
import { delegatedFile } from '../registry/delegated.js';
import { DiscordServer } from '../discord/server.js';
import { FakeClock } from '../clocks/fake-clock.js';
import { heldInTime, patienceMs } from '../in-time.js';
import { requestsUnderWay, settled } from './real-work.js';
import { mrtPeerTable, mrtRibs, mrtUpdate, type MrtSession } from '../feed/mrt-writer.js';
import { putRegistry, putSmallRegistry } from '../registry/put-registry.js';
import { startRisLiveServer, type RisLiveServer } from '../feed/ris-live-server.js';
import { risUpdate } from '../feed/ris-message.js';

const second = 1_000;
const tickMs = 10 * second;
/**
 * A folder in memory: a story of days commits every minute, and a real disk would take longer than the rest of the
 * test.
 */
const inMemory = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
const configDir = fileURLToPath(new URL('../../../config', import.meta.url));

export const northKorea = ['175.45.176.0/24', '175.45.177.0/24', '175.45.178.0/24', '175.45.179.0/24'];
const elsewhere = Array.from({ length: 40 }, (_, index) => `133.${index}.0.0/16`);
/** More /24s than a new table has room for, in the same country as `elsewhere`. */
const manyElsewhere = Array.from({ length: 5_000 }, (_, index) => `133.${100 + (index >> 8)}.${index & 255}.0/24`);
const collectors = ['rrc00', 'rrc01', 'rrc03'];
const peers = collectors.flatMap((collector, row) =>
  Array.from({ length: 8 }, (_, column): MrtSession & { readonly collector: string } => ({
    collector,
    address: `192.0.2.${row * 8 + column + 1}`,
    asn: 64_496 + row * 8 + column,
  })),
);

/**
 * After this many steps the test checks that everything was judged. `play` checks rarely, because its clock runs fast
 * and its only store is in this process.
 */
const stepsUnasked = { run: 9, play: 60 };
/** RIS Live counts as dead after 30 s of silence, so steps are shorter. */
const playStepMs = 20 * second;

/** A connection on loopback, and what follows from a message, is done within this many turns of the event loop. */
const turns = 4;

interface Change {
  readonly at: number;
  readonly kind: 'announce' | 'withdraw';
}

interface WorldOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** How many routes exist beside North Korea's: 40, or 5,040. */
  readonly routes?: 'few' | 'many';
  /** Which addresses belong to which country: a small registry, or the one that ships with the program. */
  readonly registry?: 'two countries' | 'shipped';
}

/**
 * An Internet of 24 peers on three collectors. A service sees it through a loopback RIS Live and archive, on a clock
 * that stands still until the test moves it. What the peers announce and withdraw goes out live, and into the update
 * files that the archive publishes.
 */
export class ServiceWorld {
  readonly clock: FakeClock;
  /** Heartbeats are rare, because the service's clock jumps while sockets follow real time. */
  readonly discord: DiscordServer;
  readonly dataDir = mkdtempSync(join(inMemory, 'lightsout-'));
  readonly output: string[] = [];
  readonly logs: string[] = [];
  readonly #logWatchers: (() => void)[] = [];
  /** The channel where the operator is told; null: only the log. Set it before a start. */
  operatorChannelId: string | null = null;
  /** The collectors whose peers send anything. */
  speaking: readonly string[] = collectors;
  /** How far the collectors' clocks are ahead of the service's, in ms. */
  ahead = 0;
  readonly #risLive: RisLiveServer;
  readonly #archive: ArchiveServer;
  readonly #said: {
    readonly at: number;
    readonly peer: (typeof peers)[number];
    readonly kind: 'announce' | 'withdraw';
    readonly prefixes: readonly string[];
  }[] = [];
  readonly #env: Readonly<Record<string, string>>;
  readonly #elsewhere: readonly string[];
  readonly #apps: App[] = [];

  private constructor(
    risLive: RisLiveServer,
    archive: ArchiveServer,
    start: number,
    { env = {}, routes = 'few' }: WorldOptions,
  ) {
    this.#risLive = risLive;
    this.#archive = archive;
    this.clock = new FakeClock(start);
    this.discord = new DiscordServer({ clock: this.clock, heartbeatIntervalMs: 2_000_000_000 });
    this.#env = env;
    this.#elsewhere = routes === 'few' ? elsewhere : [...elsewhere, ...manyElsewhere];
  }

  static async open(start: number, options: WorldOptions = {}): Promise<ServiceWorld> {
    const world = new ServiceWorld(await startRisLiveServer(), await startArchiveServer(), start, options);
    await world.discord.start();
    if ((options.registry ?? 'two countries') === 'two countries') await putSmallRegistry(world.dataDir);
    return world;
  }

  /**
   * Publishes every collector's RIB of that time, with North Korea in it. `serving`: how the last collector's file is
   * served.
   */
  publishRib(at: number, serving: Serving = 'whole'): void {
    for (const collector of collectors) {
      const own = peers.filter((peer) => peer.collector === collector);
      const routes = [...this.#elsewhere, ...northKorea].map(
        mrtRibs(
          at,
          own.map(({ asn }, index) => ({ peer: index, path: [asn, 4837, 131_279] })),
        ),
      );
      this.#archive.rib(
        collector,
        Buffer.concat([mrtPeerTable(at, own), ...routes]),
        collector === collectors.at(-1) ? serving : 'whole',
      );
    }
  }

  /** Publishes the update files from..to (multiples of 5 min), with the messages sent in that time. */
  publishUpdates(from: number, to: number): void {
    for (let file = from; file < to; file += 300 * second) {
      for (const collector of collectors) {
        const said = this.#said.filter(
          ({ at, peer }) => peer.collector === collector && at >= file && at < file + 300 * second,
        );
        const quiet = mrtUpdate(file, {
          peer: peers.find((peer) => peer.collector === collector)!,
          path: [64_496, 2497],
          announce: elsewhere.slice(0, 1),
        });
        const records = said.map(({ at, peer, kind, prefixes }) =>
          mrtUpdate(at, { peer, path: [peer.asn, 4837, 131_279], [kind]: prefixes }),
        );
        this.#archive.updates(collector, file, Buffer.concat([quiet, ...records]));
      }
    }
  }

  get #environment(): Record<string, string> {
    return {
      CONFIG_DIR: configDir,
      DATA_DIR: this.dataDir,
      HTTP_PORT: '8080',
      COLLECTORS: collectors.join(','),
      RIS_LIVE_URL: this.#risLive.url,
      RIS_ARCHIVE_URL: this.#archive.url,
      REGISTRY_URL: 'off',
      DISCORD_TOKEN: this.discord.world.token,
      DISCORD_CHANNEL_ID: [...this.discord.world.channels.keys()][0],
      ...(this.operatorChannelId === null ? {} : { OPERATOR_CHANNEL_ID: this.operatorChannelId }),
      DISCORD_API_URL: this.discord.apiUrl,
      ...this.#env,
    };
  }

  get #world(): World {
    return {
      env: this.#environment,
      clock: this.clock,
      random: () => 0.5,
      signal: new AbortController().signal,
      stdout: { write: (text) => this.output.push(text) },
      stderr: {
        write: (text) => {
          this.logs.push(text);
          for (const wake of this.#logWatchers.splice(0)) wake();
        },
      },
    };
  }

  /** Runs `npm run adopt -- CC FAMILY` and returns its exit code. */
  adopt(country: string, family: string): Promise<number> {
    return adopt([country, family], this.#world);
  }

  /** Every event in the log, told or not: "opened down 0 of 4". The service must be stopped. */
  async toldAndUntold(): Promise<string[]> {
    const store = await openStore(
      { kind: 'sqlite', dataDir: this.dataDir },
      { info: () => undefined, warn: () => undefined },
    );
    const events = await store.readAfter(0, 100);
    await store.close();
    return events.map(
      ({ event: { kind, level, prefixes, basePrefixes } }) => `${kind} ${level} ${prefixes} of ${basePrefixes}`,
    );
  }

  /** What the store holds of the ingest's feed and of a country. The service must be stopped. */
  async remembered(
    country: string,
  ): Promise<{ health: FeedHealth | null; record: CountryRecord | null; ongoing: IncidentEvent[] }> {
    const store = await openStore(
      { kind: 'sqlite', dataDir: this.dataDir },
      { info: () => undefined, warn: () => undefined },
    );
    const found = {
      health: await store.health(),
      record: await store.record(country),
      ongoing: await store.incidents(this.clock.now(), country),
    };
    await store.close();
    return found;
  }

  /**
   * Puts a registry into DATA_DIR that gives each /16 to another country than the shipped one does; returns its name.
   */
  putRegistry(): Promise<string> {
    return putRegistry(this.dataDir, delegatedFile({ units: 256 }).toString().split('\n'), '20270101');
  }

  /** Starts the service. The app's `stop`, or `close`, stops it. */
  async start(role: Role = 'all'): Promise<App> {
    const loaded = loadConfig(this.#environment, (path) => readFileSync(path, 'utf8'));
    if (loaded.kind === 'invalid') throw new Error(loaded.problems.join('\n'));
    // Any free port, because tests run at the same time.
    const app = await createApp({ ...loaded.config, http: { host: '127.0.0.1', port: 0 } }, role, this.#world);
    this.#apps.push(app);
    return app;
  }

  /** Resolves when the service has subscribed on its nth connection to RIS Live and has received a message there. */
  async receiving(connections: number): Promise<void> {
    await this.#risLive.subscribed(connections, collectors.length);
    await this.say();
    await this.logged(/RIS Live: receiving/g, connections);
  }

  /** Resolves when the logs hold the pattern (with the flag g) this many times. */
  logged(pattern: RegExp, times: number): Promise<void> {
    return heldInTime(
      () => (this.logs.join('').match(pattern)?.length ?? 0) >= times,
      () => new Promise<void>((resolve) => this.#logWatchers.push(resolve)),
      () => `${times} times ${pattern} in the logs:
${this.logs.join('')}`,
    );
  }

  /** Moves the clock until the service has loaded its table and judges the present. */
  async ready(app: App): Promise<void> {
    // Event time may be up to 2 s ahead of the clock.
    const after = Math.max(this.clock.now() / second, await metric(app, 'last_tick_timestamp_seconds'));
    for (let turn = 0; turn < 500; turn++) {
      await this.#settled();
      if ((await metric(app, 'last_tick_timestamp_seconds')) > after) return;
      await this.clock.advance(second);
      if (turn % 5 === 0) this.#heartbeat();
    }
    throw new Error(`never ready:\n${this.logs.join('')}`);
  }

  /**
   * Moves the clock by ten seconds, then every peer announces or withdraws; resolves when the service has judged that
   * moment.
   */
  async tick(
    app: App,
    kind: 'announce' | 'withdraw' | null = null,
    prefixes: readonly string[] = northKorea,
  ): Promise<void> {
    await this.say(kind, prefixes);
    await this.#judged(app, this.clock.now());
  }

  async #judged(app: App, at: number): Promise<void> {
    for (const end = performance.now() + patienceMs; performance.now() < end;) {
      await this.#settled();
      if ((await metric(app, 'last_tick_timestamp_seconds')) * second >= at) return;
    }
    throw new Error(`not judged at ${new Date(at).toISOString()}:\n${this.logs.join('')}`);
  }

  /** Like tick(), without waiting for the judgement. */
  async say(kind: 'announce' | 'withdraw' | null = null, prefixes: readonly string[] = northKorea): Promise<void> {
    await this.#settled();
    await this.clock.advance(tickMs - (this.clock.now() % tickMs));
    if (kind !== null) this.#speak(kind, prefixes);
    this.#heartbeat();
    await this.#settled();
  }

  #speak(kind: 'announce' | 'withdraw', prefixes: readonly string[]): void {
    const at = this.clock.now() + this.ahead;
    for (const peer of peers.filter(({ collector }) => this.speaking.includes(collector))) {
      this.#said.push({ at, peer, kind, prefixes });
      this.#risLive.send(
        risUpdate({
          collector: peer.collector,
          peer: peer.address,
          asn: peer.asn,
          at,
          path: [peer.asn, 4837, 131_279],
          [kind]: prefixes,
        }),
      );
    }
  }

  /**
   * Plays `changes` (oldest first) and the quiet times between them until `until`, with a heartbeat every 20 s of the
   * clock. A change at the time of a tick comes after that tick.
   */
  play(app: App, until: number, changes: readonly Change[]): Promise<void> {
    return this.#play(
      app,
      until,
      playStepMs,
      stepsUnasked.play,
      changes.filter(({ at }) => at >= this.clock.now()),
    );
  }

  /** Plays `ms` without any change. */
  run(app: App, ms: number): Promise<void> {
    return this.#play(app, Math.ceil((this.clock.now() + ms) / tickMs) * tickMs, tickMs, stepsUnasked.run, []);
  }

  async #play(app: App, until: number, stepMs: number, unasked: number, left: Change[]): Promise<void> {
    for (let step = 1; this.clock.now() < until; step++) {
      const now = this.clock.now();
      const next = Math.min(now - (now % tickMs) + stepMs, left.at(0)?.at ?? Infinity, until);
      await this.clock.advance(next - now);
      this.#heartbeat();
      if (left.at(0)?.at === next) {
        // The tick must be judged first, because how messages fall into packets is chance.
        await this.#judged(app, next);
        this.#speak(left.shift()!.kind, northKorea);
      }
      await this.#settled();
      if (step % unasked === 0) await this.#judged(app, next);
    }
    await this.#judged(app, this.clock.now());
  }

  drop(): void {
    this.#risLive.drop();
  }

  async close(): Promise<void> {
    for (const app of this.#apps) await app.stop();
    await Promise.all([this.#risLive.stop(), this.#archive.stop(), this.discord.stop()]);
    rmSync(this.dataDir, { recursive: true, force: true });
  }

  /**
   * Resolves when everything that was sent or that the time set off is done. The clock may move only then: otherwise a
   * machine that is slow would make an hour pass between a request and its answer.
   */
  async #settled(): Promise<void> {
    const end = performance.now() + patienceMs;
    do {
      await this.#risLive.read();
      for (let turn = 0; turn < turns; turn++) await settled();
    } while (requestsUnderWay() > 0 && performance.now() < end);
  }

  #heartbeat(): void {
    const at = this.clock.now() + this.ahead;
    this.#risLive.send(
      ...this.speaking.map((collector) => {
        const peer = peers.find((one) => one.collector === collector)!;
        return risUpdate({
          collector,
          peer: peer.address,
          asn: peer.asn,
          at,
          path: [peer.asn, 2497],
          announce: elsewhere.slice(0, 1),
        });
      }),
    );
  }
}

/** The value of a metric, by its name without the prefix; 0 if it is not set. */
export async function metric(app: App, name: string): Promise<number> {
  const { body } = await ask(app, '/metrics');
  return Number(new RegExp(`^lightsout_${name} (\\S+)$`, 'm').exec(body)?.[1] ?? 0);
}

export async function readiness(app: App): Promise<{ status: number; reasons: string[] }> {
  const { status, body } = await ask(app, '/readyz');
  return { status, reasons: (JSON.parse(body) as { reasons: string[] }).reasons };
}

/** On a connection of its own: the app closes one that was idle for five real seconds, which may be this moment. */
async function ask({ httpPort: port }: App, path: string): Promise<{ status: number; body: string }> {
  const [response] = (await once(get({ host: '127.0.0.1', port, path, agent: false }), 'response')) as [
    IncomingMessage,
  ];
  return { status: response.statusCode!, body: await text(response) };
}
