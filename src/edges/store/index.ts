import type { Subscription } from '../delivery/index.js';
import { StoreRefusedError } from './errors.js';
import type { Store, StoreLog } from './store.js';

export { StoreBusyError, StoreRefusedError, StoreUnavailableError } from './errors.js';
export type { Store } from './store.js';

/**
 * `url` is REDIS_URL: redis://[user:password@]host[:port][/db], or rediss:// for TLS. It may hold a password and is
 * never logged.
 */
export type StoreOptions =
  { readonly kind: 'sqlite'; readonly dataDir: string } | { readonly kind: 'redis'; readonly url: string };

/**
 * Opens what is remembered. Throws StoreBusyError when another process has the same DATA_DIR, StoreRefusedError when
 * the operator must act (not writable, damaged, from a newer program, wrong password), StoreUnavailableError when Redis
 * is away.
 */
export async function openStore(options: StoreOptions, log: StoreLog): Promise<Store> {
  // Imported here, so that only the chosen one's driver is loaded.
  if (options.kind === 'sqlite') return (await import('./sqlite/index.js')).openSqliteStore(options.dataDir);
  return (await import('./redis/index.js')).openRedisStore(options.url, log);
}

/** Writes a complete copy to the new file `file`, beside a running service. StoreRefusedError says why it can't. */
export async function backup(options: StoreOptions, file: string): Promise<void> {
  if (options.kind === 'redis') {
    throw new StoreRefusedError(
      'A Redis store is backed up by Redis itself: run "redis-cli -u REDIS_URL --rdb FILE" with your REDIS_URL.',
    );
  }
  (await import('./sqlite/index.js')).backupSqlite(options.dataDir, file);
}

/**
 * All subscriptions, ordered by channel id as text, also beside a running service. Throws as openStore() does, but
 * never StoreBusyError.
 */
export async function readSubscriptions(options: StoreOptions, log: StoreLog): Promise<Subscription[]> {
  if (options.kind === 'sqlite') return (await import('./sqlite/index.js')).readSqliteSubscriptions(options.dataDir);
  const store = await openStore(options, log);
  try {
    return await store.subscriptions();
  } finally {
    await store.close();
  }
}
