import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import type { DatabaseSyncInstance } from '@photostructure/sqlite';
import type { Commit, CommitOutcome, Lease, StoredState } from '../../../core/incidents/index.js';
import { StoreRefusedError } from '../errors.js';
import type { Store } from '../store.js';
import { parseEvent, parseState } from '../versions.js';
import { createSqliteDelivery } from './delivery.js';
import { asStoreError, sqliteCode } from './failure.js';
import { createSqliteHistory } from './history.js';
import { databaseName, lockDataDir } from './lock.js';
import { createSqliteRemembered } from './remembered.js';
import { migrateSchema } from './schema.js';

interface Head {
  readonly version: number;
  readonly epoch: number;
  /** The version when the present lease was acquired: what came after it was committed under it. */
  readonly base: number;
}

/**
 * The embedded store: one process, one file. Every call does its work before it returns its promise, so nothing
 * interleaves. The lock on `dataDir` is the lease: while this process lives nobody else can write, so a lease never
 * expires; its epoch still grows with each holder and is checked. Throws StoreBusyError or StoreRefusedError.
 */
export function openSqliteStore(dataDir: string): Store {
  const unlock = lockDataDir(dataDir);
  try {
    return createSqliteStore(openDatabase(join(dataDir, databaseName)), unlock);
  } catch (error) {
    unlock();
    throw error;
  }
}

function openDatabase(file: string): DatabaseSyncInstance {
  let db: DatabaseSyncInstance | null = null;
  try {
    db = new DatabaseSync(file);
    // FULL: a commit is on the disk before it is acknowledged. The size limit gives back what an hourly fold took.
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 8388608');
    migrateSchema(db, file);
    return db;
  } catch (error) {
    db?.close();
    const code = sqliteCode(error);
    if (code === null) throw error;
    throw new StoreRefusedError(`The database ${file} cannot be opened: ${(error as Error).message} (${code}).`, {
      cause: error,
    });
  }
}

function createSqliteStore(db: DatabaseSyncInstance, unlock: () => void): Store {
  let holder: string | null = null;
  const history = createSqliteHistory(db);
  const delivery = createSqliteDelivery(db);
  const remembered = createSqliteRemembered(db);
  const getHead = db.prepare('SELECT version, epoch, base FROM head');
  const newEpoch = db.prepare('UPDATE head SET epoch = epoch + 1, base = version RETURNING epoch');
  const setVersion = db.prepare('UPDATE head SET version = ?');
  const getStates = db.prepare('SELECT body FROM states ORDER BY country');
  const putState = db.prepare(
    'INSERT INTO states VALUES (?, ?) ON CONFLICT (country) DO UPDATE SET body = excluded.body',
  );
  const append = db.prepare(
    'INSERT INTO events (position, body) VALUES ((SELECT coalesce(max(position), 0) + 1 FROM events), ?)',
  );
  const eventsAfter = db.prepare('SELECT position, body FROM events WHERE position > ? ORDER BY position LIMIT ?');
  const lastEvent = db.prepare('SELECT coalesce(max(position), 0) AS position FROM events');
  const getCursor = db.prepare('SELECT position FROM cursors WHERE target = ?');
  const putCursor = db.prepare(
    'INSERT INTO cursors VALUES (?, ?) ON CONFLICT (target) DO UPDATE SET position = max(position, excluded.position)',
  );
  const head = (): Head => getHead.get() as Head;

  function write(batch: Commit): CommitOutcome {
    const { version, epoch, base } = head();
    if (batch.lease.holder !== holder || batch.lease.epoch !== epoch) return 'fenced';
    if (batch.version > base && batch.version <= version) return 'duplicate';
    if (batch.version !== version + 1) return 'fenced';
    for (const state of batch.states) putState.run(state.country, JSON.stringify(state));
    for (const event of batch.events) append.run(JSON.stringify(event));
    remembered.write(batch);
    history.write(batch.rows, batch.at);
    setVersion.run(batch.version);
    return 'committed';
  }

  /** Does the work at once; the promise is for the contract. */
  function answer<T>(work: () => T): Promise<T> {
    return new Promise((resolve) => {
      try {
        resolve(work());
      } catch (error) {
        throw asStoreError(error);
      }
    });
  }

  function inTransaction<T>(work: () => T): T {
    db.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      db.exec('COMMIT');
      return result;
    } catch (error) {
      // SQLite has rolled back by itself after some errors.
      if (db.isTransaction) db.exec('ROLLBACK');
      throw error;
    }
  }

  const states = (): StoredState[] => (getStates.all() as { body: string }[]).map(({ body }) => parseState(body));
  const holds = (lease: Lease): boolean => lease.holder === holder && lease.epoch === head().epoch;

  return {
    acquire: (candidate) =>
      answer(() => {
        if (holder !== null && holder !== candidate) return null;
        const { epoch } = inTransaction(() => newEpoch.get() as { epoch: number });
        holder = candidate;
        return { holder, epoch };
      }),
    renew: (lease) => answer(() => holds(lease)),
    release: (lease) =>
      answer(() => {
        if (holds(lease)) holder = null;
      }),
    load: () => answer(() => ({ version: head().version, states: states() })),
    commit: (batch) => answer(() => inTransaction(() => write(batch))),
    history: (country, resolution, from, to) => answer(() => history.read(country, resolution, from, to)),
    states: () => answer(states),
    record: (country) => answer(() => remembered.record(country)),
    records: () => answer(() => remembered.records()),
    health: () => answer(() => remembered.health()),
    incidents: (from, country) => answer(() => remembered.incidents(from, country)),
    readAfter: (position, limit) =>
      answer(() => {
        const rows = eventsAfter.all(position, limit) as { position: number; body: string }[];
        return rows.map((row) => ({ position: row.position, event: parseEvent(row.body) }));
      }),
    end: () => answer(() => (lastEvent.get() as { position: number }).position),
    cursor: (target) => answer(() => (getCursor.get(target) as { position: number } | undefined)?.position ?? null),
    moveCursor: (target, position) =>
      answer(() => {
        inTransaction(() => putCursor.run(target, position));
      }),
    expansion: () => answer(() => delivery.expansion()),
    owe: (chunk, expansion) => answer(() => inTransaction(() => delivery.owe(chunk, expansion))),
    heads: () => answer(() => delivery.heads()),
    channel: (channelId, limit) => answer(() => delivery.channel(channelId, limit)),
    acknowledge: (owed, told) => answer(() => inTransaction(() => delivery.acknowledge(owed, told))),
    combine: (rows, into) => answer(() => inTransaction(() => delivery.combine(rows, into))),
    depth: () => answer(() => delivery.depth()),
    subscriptions: () => answer(() => delivery.subscriptions()),
    subscription: (channelId) => answer(() => delivery.subscription(channelId)),
    saveSubscription: (subscription) => answer(() => delivery.saveSubscription(subscription)),
    removeSubscription: (channelId) => answer(() => inTransaction(() => delivery.removeSubscription(channelId))),
    note: (name) => answer(() => delivery.note(name)),
    setNote: (name, value) => answer(() => delivery.setNote(name, value)),
    close: () =>
      answer(() => {
        // The driver leaves statements open, and with them the -wal file: so that the database is whole without it.
        db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
        db.close();
        unlock();
      }),
  };
}
