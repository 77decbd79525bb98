import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import type { DatabaseSyncInstance } from '@photostructure/sqlite';
import type { Subscription } from '../../delivery/index.js';
import { StoreRefusedError } from '../errors.js';
import { createSqliteDelivery } from './delivery.js';
import { sqliteCode } from './failure.js';
import { databaseName } from './lock.js';
import { checkSchema } from './schema.js';

/**
 * All subscriptions of the database in `dataDir`, read beside a running service. StoreRefusedError says why it can't.
 */
export function readSqliteSubscriptions(dataDir: string): Subscription[] {
  const file = join(dataDir, databaseName);
  if (!existsSync(file)) throw new StoreRefusedError(`There are no subscriptions: ${file} does not exist.`);
  let db: DatabaseSyncInstance | null = null;
  try {
    db = new DatabaseSync(file, { readOnly: true, timeout: 5000 });
    if (checkSchema(db, file) === 'older') {
      throw new StoreRefusedError(
        `The database ${file} is an older lightsout's: start the service once, which brings it up to date.`,
      );
    }
    return createSqliteDelivery(db).subscriptions();
  } catch (error) {
    if (sqliteCode(error) === null) throw error;
    throw new StoreRefusedError(`The subscriptions in ${file} cannot be read: ${(error as Error).message}.`, {
      cause: error,
    });
  } finally {
    db?.close();
  }
}
