import { randomBytes } from 'node:crypto';
import { availableParallelism, hostname } from 'node:os';
import { join } from 'node:path';
import { families } from '../../core/bgp/index.js';
import { assertFonts } from '../../edges/chart/index.js';
import { secretsOf, type Config } from '../../edges/config/index.js';
import { createTerminal } from '../../edges/delivery/index.js';
import {
  createArchive,
  createDecodeWorkers,
  createProgress,
  createRisLiveFeed,
  decodeWorkersFor,
} from '../../edges/feed/index.js';
import { createHttp, createLogger, createMetrics, type Health, type Logger } from '../../edges/observability/index.js';
import { openStore, StoreRefusedError, StoreUnavailableError, type Store } from '../../edges/store/index.js';
import { describeUsability } from '../../core/table/index.js';
import { createWatch, type IngestPhase, type Watch, type WatchEnd } from './ingest.js';
import { Impairments } from './impairments.js';
import { awaitLease, keepLease } from './lease.js';
import { Lifecycle } from './lifecycle.js';
import { RegistryFolder } from '../registry/registry-folder.js';
import { createRegistryRefresh, type Registry, type RegistryRefresh } from '../registry/registry-refresh.js';
import { storeOptionsOf } from './store-options.js';
import { familyNames } from './self-report.js';
import { OperatorError, type World } from '../world.js';

export type Role = 'all' | 'ingest' | 'bot';

/** Event time this far behind the clock is news that comes too late to be relied on. */
const staleMs = 120_000;
const storeRetryMs = 5_000;
/** A log line takes the place of the progress bar, which is drawn again below it. */
const clearLine = '\r\u001b[2K';

export interface App {
  /** The port of /healthz, /readyz and /metrics; null where HTTP_PORT is 0. */
  readonly httpPort: number | null;
  /** Resolves when the work ends by itself, which it only does after `world.signal`. */
  readonly done: Promise<void>;
  stop(): Promise<void>;
}

/** Who tells: the terminal, or the bot. */
interface Teller {
  wake(): void;
  troubles(): readonly string[];
}

/** Starts the service; what had been started is stopped again if a part cannot be. */
export async function createApp(config: Config, role: Role, world: World): Promise<App> {
  const secrets = [config.discord?.token ?? '', ...(config.redisUrl === null ? [] : secretsOf(config.redisUrl))];
  const logger = createLogger({
    level: config.logLevel,
    pretty: world.stderr.isTTY === true,
    secrets,
    destination: {
      write: (line) => void world.stderr.write(world.stderr.isTTY === true ? `${clearLine}${line}` : line),
    },
  });
  const lifecycle = new Lifecycle(logger);
  try {
    return await assemble(config, role, world, logger, lifecycle);
  } catch (error) {
    await lifecycle.stop();
    throw error;
  }
}

/** The composition root: each part stands above what needs it, and its stop right below. */
async function assemble(config: Config, role: Role, world: World, logger: Logger, lifecycle: Lifecycle): Promise<App> {
  const { clock, random, signal } = world;
  const stopping = new AbortController();
  signal.addEventListener('abort', () => stopping.abort(), { once: true });
  lifecycle.onStop('signal', () => stopping.abort());

  // The lock on DATA_DIR comes first: who may not have it must not take a port. Redis may be waited for, and that is
  // said on the port.
  const locked = config.redisUrl === null ? await unlessAway(open(config, logger)) : null;
  if (locked !== null) lifecycle.onStop('store', () => locked.close());

  const metrics = createMetrics();
  let starting = 'starting';
  let health: () => Health = () => ({ ready: false, reasons: [starting] });
  let peers: () => readonly object[] | null = () => null;
  const http =
    config.http === null
      ? null
      : createHttp({ ...config.http, registry: metrics.registry, health: () => health(), peers: () => peers() });
  const httpPort = http === null ? null : await http.start();
  lifecycle.onStop('http', () => http?.stop());

  introduce(config, role, world);
  const store =
    locked ??
    (await untilOpen(config, logger, world, stopping.signal, ({ message }) => {
      if (starting.endsWith(message)) return;
      logger.warn(`the store cannot be opened, trying again: ${message}`);
      starting = `the store cannot be opened: ${message}`;
    }));
  if (store === null) return { httpPort, done: Promise.resolve(), stop: () => lifecycle.stop() };
  if (locked === null) lifecycle.onStop('store', () => store.close());

  const work: Promise<void>[] = [];
  let teller: Teller | null = null;
  if (role !== 'ingest') {
    if (config.discord === null) {
      const terminal = createTerminal({
        log: store,
        write: (line) => void world.stdout.write(`${line}\n`),
        clock,
        random,
        logger,
      });
      work.push(terminal.run(stopping.signal));
      teller = { wake: () => terminal.wake(), troubles: () => [terminal.trouble() ?? []].flat() };
    } else {
      // Loaded where it is used: discord.js takes longer to load than everything else together.
      const { createBot } = await import('../bot/bot.js');
      // Without its fonts a chart would say nothing, and nobody would know why.
      assertFonts();
      const bot = createBot({
        discord: config.discord,
        apiUrl: config.discordApiUrl,
        groups: config.countries.groups,
        store,
        clock,
        random,
        logger,
        metrics,
        storeIsShared: config.redisUrl !== null,
        say: (text) => void world.stdout.write(`${text}\n`),
      });
      const told = bot.run(stopping.signal).then((end) => {
        // A token that was never any good is for its operator to mend; one refused later is waited out by the bot
        // itself.
        if (end.kind === 'token-refused') throw new OperatorError(end.reason);
      });
      // It may fail before the rest has been put together: `done` tells of it then, and nobody else.
      told.catch(() => undefined);
      work.push(told);
      teller = bot;
    }
  }

  let watch: Watch | null = null;
  if (role !== 'bot') {
    const refresh = createRegistryRefresh({
      folder: new RegistryFolder(config.dataDir),
      url: config.registryUrl,
      ignored: config.countries.ignored,
      clock,
      random,
      logger,
      metrics,
    });
    work.push(refresh.run(stopping.signal));
    const progress = createProgress(world.stderr, clock, logger);
    const archive = createArchive(config.risArchiveUrl, clock, random);
    const workers = createDecodeWorkers(decodeWorkersFor(availableParallelism()), clock);
    lifecycle.onStop('decode workers', () => workers?.close());
    const holder = `${hostname()}-${randomBytes(6).toString('hex')}`;
    work.push(watchForEver());

    async function watchForEver(): Promise<void> {
      const lead = { store: store as Store, holder, clock, logger };
      while (!stopping.signal.aborted) {
        const lease = await awaitLease(lead, stopping.signal);
        if (lease === null) return;
        const term = new AbortController();
        void keepLease(lead, lease, () => watch?.leadLost(), term.signal);
        try {
          const impairments = new Impairments();
          for (let end: WatchEnd = 'gap'; end === 'gap';) {
            const registry = await registryInUse(refresh, store as Store, world, stopping.signal);
            if (registry === null) break;
            watch = createWatch(
              {
                ...config,
                store: store as Store,
                registry,
                newestRegistry: () => refresh.newest(),
                registryTrouble: () => refresh.trouble(),
                groups: config.countries.groups,
                clock,
                random,
                logger,
                metrics,
                snapshotPath: join(config.dataDir, 'table.snapshot'),
                archive,
                workers,
                openFeed: (consumer, peers) =>
                  createRisLiveFeed({
                    ...consumer,
                    url: config.risLiveUrl,
                    collectors: config.collectors,
                    peers,
                    clock,
                    random,
                    log: logger,
                  }),
                onProgress: progress.show,
                onEvents: () => teller?.wake(),
                impairments,
              },
              lease,
            );
            end = await watch.run(stopping.signal);
          }
        } finally {
          term.abort();
          watch = null;
          await (store as Store)
            .release(lease)
            .catch((error: unknown) => logger.warn({ err: error }, 'the lease could not be given back'));
        }
      }
    }
  }

  peers = () => (role === 'bot' ? null : (watch?.peers() ?? []));
  health = () => healthOf(role, watch, teller, clock.now());
  const done = Promise.all(work).then(
    () => undefined,
    (error: unknown) => {
      if (!(error instanceof StoreRefusedError || error instanceof OperatorError))
        logger.fatal({ err: error }, 'a part failed: stopping');
      throw error;
    },
  );
  lifecycle.onStop('work', async () => {
    stopping.abort();
    await Promise.allSettled(work);
  });
  return { httpPort, done, stop: () => lifecycle.stop() };
}

function open(config: Config, logger: Logger): Promise<Store> {
  return openStore(storeOptionsOf(config), logger);
}

async function unlessAway(store: Promise<Store>): Promise<Store | null> {
  try {
    return await store;
  } catch (error) {
    if (error instanceof StoreUnavailableError) return null;
    throw error;
  }
}

/** A store may be away when we start: that is waited out. What an operator must mend is thrown. */
async function untilOpen(
  config: Config,
  logger: Logger,
  { clock }: World,
  signal: AbortSignal,
  onAway: (error: StoreUnavailableError) => void,
): Promise<Store | null> {
  while (!signal.aborted) {
    try {
      return await open(config, logger);
    } catch (error) {
      if (!(error instanceof StoreUnavailableError)) throw error;
      onAway(error);
      await clock.sleep(storeRetryMs, signal);
    }
  }
  return null;
}

/** The registry by which all that is stored was measured; null after the signal. */
async function registryInUse(
  refresh: RegistryRefresh,
  store: Store,
  { clock }: World,
  signal: AbortSignal,
): Promise<Registry | null> {
  while (!signal.aborted) {
    try {
      return await refresh.inUse((await store.health())?.registry ?? null);
    } catch (error) {
      if (!(error instanceof StoreUnavailableError)) throw error;
      await clock.sleep(storeRetryMs, signal);
    }
  }
  return null;
}

/** The first lines of a start: what it watches, where it tells, how long until it is ready. */
function introduce(config: Config, role: Role, { stdout }: World): void {
  const say = (text: string): void => void stdout.write(`${text}\n`);
  if (role === 'bot') say('lightsout tells what a process with --role ingest decides.');
  else
    say(
      `lightsout watches every country's routes through ${config.collectors.length} RIPE RIS ` +
        `collector${config.collectors.length === 1 ? '' : 's'}: ${config.collectors.join(', ')}.`,
    );
  if (role === 'ingest') say('It only takes in and remembers; a process with --role bot tells.');
  else if (config.discord === null) say('It tells this terminal, as no DISCORD_TOKEN is set.');
  else say('It tells the Discord channels that are subscribed: /subscribe there makes one.');
  if (role !== 'bot')
    say(
      'First it loads the routing tables: some minutes to an hour, as the line and the machine allow. Until ' +
        'then nothing is judged.',
    );
}

function healthOf(role: Role, watch: Watch | null, teller: Teller | null, now: number): Health {
  const reasons: string[] = [];
  if (role !== 'bot') {
    if (watch === null) reasons.push('standing by for the lead');
    else {
      reasons.push(...phaseTroubles(watch.phase(), now));
      const trouble = watch.storeTrouble();
      if (trouble !== null) reasons.push(trouble);
    }
  }
  reasons.push(...(teller?.troubles() ?? []));
  return { ready: reasons.length === 0, reasons };
}

function phaseTroubles(phase: IngestPhase, now: number): string[] {
  switch (phase.kind) {
    case 'restoring':
      return ['reading what was remembered'];
    case 'bootstrapping':
      return [
        'loading the routing tables',
        ...(phase.feed.kind === 'down' ? [`RIS Live cannot be reached: ${phase.feed.reason}`] : []),
      ];
    case 'watching': {
      const reasons: string[] = [];
      if (phase.feed.kind !== 'live') reasons.push(`RIS Live is ${phase.feed.kind}`);
      // A table without IPv6 still judges most of what there is: that is in the log and the metrics. Without IPv4 both
      // are named.
      if (phase.usability.ipv4.kind === 'unusable') {
        for (const family of families) {
          const usability = phase.usability[family];
          if (usability.kind === 'unusable') reasons.push(`${familyNames[family]}: ${describeUsability(usability)}`);
        }
        for (const { collector, why } of phase.leftOut) reasons.push(`${collector} is left out: ${why}`);
      }
      if (phase.lastTickAt === null) reasons.push('nothing was judged yet');
      else if (now - phase.lastTickAt > staleMs) reasons.push('nothing was judged in the last two minutes');
      return reasons;
    }
  }
}
