import { accessSync, constants, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import type { DatabaseSyncInstance } from '@photostructure/sqlite';
import { StoreBusyError, StoreRefusedError } from '../errors.js';
import { sqliteCode } from './failure.js';

export const databaseName = 'lightsout.db';

/**
 * Makes `dataDir` where it is missing and takes it for this process: an exclusive transaction on lock.db, held until
 * the returned function is called. The kernel frees it when the process dies, however it dies. StoreBusyError when
 * another process has it.
 */
export function lockDataDir(dataDir: string): () => void {
  const lockFile = join(dataDir, 'lock.db');
  try {
    mkdirSync(dataDir, { recursive: true });
    // SQLite opens a file it may not write read-only, and then grants every "exclusive" lock on it.
    for (const path of [dataDir, lockFile, join(dataDir, databaseName)]) {
      if (existsSync(path)) accessSync(path, constants.W_OK);
    }
  } catch (error) {
    const { code, path } = error as NodeJS.ErrnoException;
    throw new StoreRefusedError(
      `DATA_DIR ${dataDir} cannot be used: ${path ?? dataDir} is not writable (${code ?? String(error)}).`,
    );
  }
  let lock: DatabaseSyncInstance | null = null;
  try {
    lock = new DatabaseSync(lockFile);
    lock.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    lock?.close();
    if (sqliteCode(error) === 'SQLITE_BUSY') {
      throw new StoreBusyError(
        `DATA_DIR ${dataDir} is in use by another lightsout: stop that one, or give this one its own DATA_DIR.`,
      );
    }
    throw new StoreRefusedError(`DATA_DIR ${dataDir} cannot be locked: ${String(error)}.`);
  }
  const held = lock;
  return () => held.close();
}
