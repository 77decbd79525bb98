import { StoreUnavailableError } from '../errors.js';

/** SQLite's name for an error ("SQLITE_FULL"); null for an error that is not SQLite's. */
export function sqliteCode(error: unknown): string | null {
  if (!(error instanceof Error) || !('sqliteCodeName' in error)) return null;
  return String(error.sqliteCodeName);
}

/** What passes when the machine recovers; anything else is a bug or a damaged file. */
const passing = /^SQLITE_(BUSY|CANTOPEN|FULL|IOERR|NOMEM|READONLY)/;

/** The error to throw for `error`: StoreUnavailableError if the same call may succeed later, else itself. */
export function asStoreError(error: unknown): Error {
  const code = sqliteCode(error);
  if (code === null || !passing.test(code)) return error instanceof Error ? error : new Error(String(error));
  return new StoreUnavailableError(`The database cannot be read or written: ${(error as Error).message} (${code}).`, {
    cause: error,
  });
}
