import { StoreUnavailableError } from '../errors.js';

/** SQLite's name for an error ("SQLITE_FULL"); null for an error that is not SQLite's. */
export function sqliteCode(error: unknown): string | null {
  if (!(error instanceof Error) || !('sqliteCodeName' in error)) return null;
  return String(error.sqliteCodeName);
}

/** What passes when the machine recovers; anything else is a bug or a damaged file. */
const passing = new Set(['SQLITE_BUSY', 'SQLITE_CANTOPEN', 'SQLITE_FULL', 'SQLITE_IOERR', 'SQLITE_NOMEM']);

/** The error to throw for `error`: StoreUnavailableError if the same call may succeed later, else itself. */
export function asStoreError(error: unknown): unknown {
  const code = sqliteCode(error);
  if (code === null || !passing.has(code)) return error;
  return new StoreUnavailableError(`The database cannot be written: ${(error as Error).message} (${code}).`, { cause: error });
}
