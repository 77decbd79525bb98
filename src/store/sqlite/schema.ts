import type { DatabaseSyncInstance } from '@photostructure/sqlite';
import { newerError } from '../versions.js';

/**
 * What leads from schema version n (PRAGMA user_version) to n + 1; an empty file has version 0.
 *
 * Version 1. `head` is one row: the version last committed, and the lease's epoch with the version at its start. `history_tail` takes
 * rows as they come and `history_days` holds them packed (see history.ts). Times are Unix ms, `day` is days since 1970.
 *
 * Version 2. `incidents` has the last event of each incident, `over` 1 from the one that ends it (endsIncident) until a relapse; it
 * begins with what the event log has. `records` are the countries' last measures, `health` is one row.
 */
const migrations: readonly string[] = [
  `CREATE TABLE head (
     id INTEGER PRIMARY KEY CHECK (id = 1),
     version INTEGER NOT NULL,
     epoch INTEGER NOT NULL,
     base INTEGER NOT NULL
   ) STRICT;
   INSERT INTO head VALUES (1, 0, 0, 0);
   CREATE TABLE states (country TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT;
   CREATE TABLE events (position INTEGER PRIMARY KEY, body TEXT NOT NULL) STRICT;
   CREATE TABLE cursors (target TEXT PRIMARY KEY, position INTEGER NOT NULL) STRICT;
   CREATE TABLE history_tail (
     resolution TEXT NOT NULL,
     at INTEGER NOT NULL,
     country TEXT NOT NULL,
     row BLOB NOT NULL,
     PRIMARY KEY (resolution, at, country)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE history_days (
     resolution TEXT NOT NULL,
     day INTEGER NOT NULL,
     country TEXT NOT NULL,
     rows BLOB NOT NULL,
     UNIQUE (resolution, day, country)
   ) STRICT;`,
  `CREATE TABLE records (country TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT;
   CREATE TABLE health (id INTEGER PRIMARY KEY CHECK (id = 1), body TEXT NOT NULL) STRICT;
   CREATE TABLE incidents (
     id TEXT PRIMARY KEY,
     country TEXT NOT NULL,
     last_at INTEGER NOT NULL,
     over INTEGER NOT NULL,
     body TEXT NOT NULL
   ) STRICT;
   CREATE INDEX incidents_by_end ON incidents (over, last_at);
   INSERT INTO incidents
     SELECT body ->> 'incident', body ->> 'country', body ->> 'at', body ->> 'kind' IN ('restored', 'new-normal'), body FROM events
     WHERE body ->> 'incident' IS NOT NULL ORDER BY position
     ON CONFLICT (id) DO UPDATE SET last_at = excluded.last_at, over = excluded.over, body = excluded.body;`,
];

/** Brings the database to this program's schema, in one transaction; one from a newer program is refused. */
export function migrateSchema(db: DatabaseSyncInstance, file: string): void {
  const { user_version: found } = db.prepare('PRAGMA user_version').get() as { user_version: number };
  if (found > migrations.length) throw newerError(`The database ${file}`, found, migrations.length);
  if (found === migrations.length) return;
  db.exec(`BEGIN IMMEDIATE; ${migrations.slice(found).join('\n')} PRAGMA user_version = ${migrations.length}; COMMIT`);
}
