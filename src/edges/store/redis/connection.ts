import { Redis } from 'ioredis';
import { StoreRefusedError } from '../errors.js';
import type { StoreLog } from '../store.js';
import { newerError } from '../versions.js';
import { asStoreError } from './failure.js';
import { keys } from './keys.js';
import { acknowledgeScript } from './scripts/acknowledge.js';
import { combineScript } from './scripts/combine.js';
import { commitScript } from './scripts/commit.js';
import { acquireScript, releaseScript, renewScript } from './scripts/lease.js';
import { moveCursorScript } from './scripts/move-cursor.js';
import { oweScript } from './scripts/owe.js';
import { removeSubscriptionScript } from './scripts/remove-subscription.js';

/**
 * What the keys of keys.ts mean. Version 1 had no incidents, records and health: the next commit makes the incidents
 * (scripts/commit.ts).
 */
const schemaVersion = 2;

/** The scripts, each with its contract in its file. */
interface Scripts {
  commitBatch(
    keyCount: number,
    ...keysAndArguments: (string | number | Buffer)[]
  ): Promise<'committed' | 'duplicate' | 'fenced'>;
  acquireLease(head: string, lease: string, holder: string, ttlMs: number): Promise<number | null>;
  renewLease(head: string, lease: string, holder: string, epoch: number, ttlMs: number): Promise<number>;
  releaseLease(head: string, lease: string, holder: string, epoch: number): Promise<number>;
  advanceCursor(cursors: string, target: string, position: number): Promise<number>;
  oweChunk(keyCount: number, ...keysAndArguments: (string | number)[]): Promise<number>;
  acknowledgeOwed(
    owing: string,
    owedTimes: string,
    owed: string,
    told: string,
    toldOver: string,
    ...values: (string | number)[]
  ): Promise<number>;
  combineOwed(owing: string, owedTimes: string, owed: string, ...values: (string | number)[]): Promise<number>;
  dropSubscription(
    owing: string,
    owedTimes: string,
    owed: string,
    told: string,
    toldOver: string,
    subscriptions: string,
    channelId: string,
  ): Promise<number>;
}

export interface Connection {
  readonly client: Redis & Scripts;
  /** The answer to a command, or an error of the store's. */
  readonly ask: <T>(answer: Promise<T>) => Promise<T>;
  close(): void;
}

/** Connects once, or throws; afterwards it reconnects by itself, and commands fail at once while it is away. */
export async function connect(url: string, log: StoreLog): Promise<Connection> {
  const server = serverOf(url);
  const client = new Redis(url, {
    lazyConnect: true,
    connectTimeout: 5000,
    // ioredis waits for an absent or silent server by default; measured: 73 s. A caller would rather know, and ask
    // again: neither what can't be sent nor what was not answered (maxRetriesPerRequest) is kept for the next
    // connection.
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    commandTimeout: 2000,
    // A connection that went dead without a word is given up, where TCP alone would hold on for a quarter of an hour.
    socketTimeout: 10_000,
    retryStrategy: (times) => Math.min(times * 100, 2000),
    scripts: {
      commitBatch: { lua: commitScript },
      acquireLease: { lua: acquireScript, numberOfKeys: 2 },
      renewLease: { lua: renewScript, numberOfKeys: 2 },
      releaseLease: { lua: releaseScript, numberOfKeys: 2 },
      advanceCursor: { lua: moveCursorScript, numberOfKeys: 1 },
      oweChunk: { lua: oweScript },
      acknowledgeOwed: { lua: acknowledgeScript, numberOfKeys: 5 },
      combineOwed: { lua: combineScript, numberOfKeys: 3 },
      dropSubscription: { lua: removeSubscriptionScript, numberOfKeys: 6 },
    },
  }) as unknown as Redis & Scripts;
  const ask = <T>(answer: Promise<T>): Promise<T> =>
    answer.catch((error: unknown) => {
      throw asStoreError(error, server);
    });

  let failure: unknown = null;
  client.on('error', (error: unknown) => {
    failure = error;
  });
  try {
    await client.connect();
    await checkSchema(client);
    await warnOfLoss(client, server, log);
  } catch (error) {
    client.disconnect();
    throw asStoreError(failure ?? error, server);
  }

  let away = false;
  client.on('close', () => {
    if (!away) log.warn(`Redis at ${server} is gone: trying again until it is back`);
    away = true;
  });
  client.on('ready', () => {
    away = false;
    log.info(`Redis at ${server} is back`);
  });
  return {
    client,
    ask,
    close() {
      away = true;
      client.disconnect();
    },
  };
}

/** Host and port, for messages: the rest of the URL may hold a password. */
function serverOf(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (parsed === null || !['redis:', 'rediss:'].includes(parsed.protocol)) {
    throw new StoreRefusedError('REDIS_URL is not a redis:// or rediss:// URL.');
  }
  return `${parsed.hostname}:${parsed.port || '6379'}`;
}

async function checkSchema(client: Redis): Promise<void> {
  await client.hsetnx(keys.head, 'schema', schemaVersion);
  const found = Number(await client.hget(keys.head, 'schema'));
  if (found > schemaVersion) throw newerError('The data in Redis', found, schemaVersion);
  if (found < schemaVersion) await client.hset(keys.head, 'schema', schemaVersion);
}

/** Says so where the server is set to forget. A server that doesn't tell is taken to be in order. */
async function warnOfLoss(client: Redis, server: string, log: StoreLog): Promise<void> {
  const info = await client.info().catch(() => '');
  if (/^aof_enabled:0/m.test(info))
    log.warn(`Redis at ${server} keeps no append-only file (appendonly no): it forgets alerts when it stops`);
  if (/^maxmemory_policy:(?!noeviction)/m.test(info) && !/^maxmemory:0\s*$/m.test(info)) {
    log.warn(`Redis at ${server} drops keys when memory is short (maxmemory-policy is not noeviction)`);
  }
}
