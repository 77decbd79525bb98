import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { StoreRefusedError } from '../errors.js';
import { databaseName } from './lock.js';

/**
 * Writes the database in `dataDir`, as of now, to the new file `file`: a complete database, to be used as
 * DATA_DIR/lightsout.db. Reads beside a running service, which goes on writing meanwhile.
 */
export function backupSqlite(dataDir: string, file: string): void {
  const source = join(dataDir, databaseName);
  if (!existsSync(source)) throw new StoreRefusedError(`There is nothing to back up: ${source} does not exist.`);
  if (existsSync(file))
    throw new StoreRefusedError(`The backup would overwrite ${file}: name a file that does not exist.`);
  const partial = `${file}.partial`;
  const db = new DatabaseSync(source, { readOnly: true, timeout: 5000 });
  try {
    rmSync(partial, { force: true });
    db.prepare('VACUUM INTO ?').run(partial);
    const written = openSync(partial, 'r+');
    fsyncSync(written);
    closeSync(written);
    renameSync(partial, file);
  } catch (error) {
    rmSync(partial, { force: true });
    throw new StoreRefusedError(`The backup to ${file} failed: ${(error as Error).message}.`, { cause: error });
  } finally {
    db.close();
  }
}
