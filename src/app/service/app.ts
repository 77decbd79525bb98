import { secretsOf, type Config } from '../../edges/config/index.js';
import { createHttp, createLogger, createMetrics, type Health, type Logger } from '../../edges/observability/index.js';
import { StoreRefusedError } from '../../edges/store/index.js';
import { RegistryFolder } from '../registry/registry-folder.js';
import { RegistryRefresh } from '../registry/registry-refresh.js';
import { OperatorError, type World } from '../world.js';
import { createLead, type Lead } from './lead.js';
import { Lifecycle } from './lifecycle.js';
import { awaitStore, openStoreOnce } from './open-store.js';
import { createTeller, type Teller } from './teller.js';

export type Role = 'all' | 'ingest' | 'bot';

/** A log line takes the place of the progress bar, which is drawn again below it. */
const clearLine = '\r\u001b[2K';

export interface App {
  /** The port of /healthz, /readyz and /metrics; null if HTTP_PORT is 0. */
  readonly httpPort: number | null;
  /** Resolves when the work ends by itself, which it only does after `world.signal`. */
  readonly done: Promise<void>;
  stop(): Promise<void>;
}

/** What /readyz speaks of. */
type State =
  | { readonly kind: 'starting'; readonly reason: string }
  /** lead: null in the role bot; teller: null in the role ingest. */
  | { readonly kind: 'running'; readonly lead: Lead | null; readonly teller: Teller | null };

/** Starts the service; if a part cannot be started, stops those that were. */
export async function createApp(config: Config, role: Role, world: World): Promise<App> {
  const secrets = [config.discord?.token ?? '', ...(config.redisUrl === null ? [] : secretsOf(config.redisUrl))];
  const isTerminal = world.stderr.isTTY === true;
  const logger = createLogger({
    level: config.logLevel,
    pretty: isTerminal,
    secrets,
    destination: { write: (line) => void world.stderr.write(isTerminal ? `${clearLine}${line}` : line) },
  });
  const lifecycle = new Lifecycle(world.clock, logger);
  try {
    return await assemble(config, role, world, logger, lifecycle);
  } catch (error) {
    await lifecycle.stop();
    throw error;
  }
}

/** The composition root: each part stands above what needs it, and its stop right below. */
async function assemble(config: Config, role: Role, world: World, logger: Logger, lifecycle: Lifecycle): Promise<App> {
  const { clock, random, stderr } = world;
  const stopping = new AbortController();
  const { signal } = stopping;
  world.signal.addEventListener('abort', () => stopping.abort(), { once: true });
  lifecycle.onStop('signal', () => stopping.abort());

  // The lock on DATA_DIR comes first, because a process that does not get it must not take a port. Redis may have to be
  // waited for, and the port says so.
  const locked = config.redisUrl === null ? await openStoreOnce(config, logger) : null;
  if (locked !== null) lifecycle.onStop('store', () => locked.close());

  const metrics = createMetrics();
  let state: State = { kind: 'starting', reason: 'starting' };
  const http =
    config.http === null
      ? null
      : createHttp({
          ...config.http,
          registry: metrics.registry,
          health: () => healthOf(state),
          peers: () => (state.kind === 'starting' ? null : (state.lead?.peers() ?? null)),
        });
  const httpPort = http === null ? null : await http.start();
  lifecycle.onStop('http', () => http?.stop());

  introduce(config, role, world);
  const store =
    locked ??
    (await awaitStore(config, logger, clock, signal, ({ message }) => {
      const reason = `the store cannot be opened: ${message}`;
      if (state.kind === 'starting' && state.reason === reason) return;
      logger.warn(`the store cannot be opened, trying again: ${message}`);
      state = { kind: 'starting', reason };
    }));
  if (store === null) return { httpPort, done: Promise.resolve(), stop: () => lifecycle.stop() };
  if (locked === null) lifecycle.onStop('store', () => store.close());

  const work: Promise<void>[] = [];
  const begin = (part: { run(signal: AbortSignal): Promise<void> }): void => {
    const running = part.run(signal);
    // It may fail before the rest is put together; `done` tells of it then.
    running.catch(() => undefined);
    work.push(running);
  };
  const teller = role === 'ingest' ? null : await createTeller({ config, store, world, logger, metrics });
  if (teller !== null) begin(teller);

  let lead: Lead | null = null;
  if (role !== 'bot') {
    const registries = new RegistryRefresh({
      folder: new RegistryFolder(config.dataDir),
      url: config.registryUrl,
      ignored: config.countries.ignored,
      clock,
      random,
      logger,
      metrics,
    });
    begin(registries);
    const onEvents = (): void => teller?.wake();
    lead = createLead({ config, store, registries, clock, random, logger, metrics, stderr, onEvents });
    lifecycle.onStop('decode workers', () => lead?.close());
    begin(lead);
  }
  state = { kind: 'running', lead, teller };
  lifecycle.onStop('work', async () => {
    stopping.abort();
    await Promise.allSettled(work);
  });
  return { httpPort, done: allOf(work, logger), stop: () => lifecycle.stop() };
}

async function allOf(work: readonly Promise<void>[], logger: Logger): Promise<void> {
  try {
    await Promise.all(work);
  } catch (error) {
    if (!(error instanceof StoreRefusedError || error instanceof OperatorError))
      logger.fatal({ err: error }, 'a part failed: stopping');
    throw error;
  }
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

function healthOf(state: State): Health {
  const reasons =
    state.kind === 'starting'
      ? [state.reason]
      : [...(state.lead?.troubles() ?? []), ...(state.teller?.troubles() ?? [])];
  return { ready: reasons.length === 0, reasons };
}
