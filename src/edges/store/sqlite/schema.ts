import type { DatabaseSyncInstance } from '@photostructure/sqlite';
import { newerError } from '../versions.js';

/**
 * What leads from schema version n (PRAGMA user_version) to n + 1; an empty file has version 0.
 *
 * Version 1. `head` is one row: the version last committed, and the lease's epoch with the version at its start.
 * `history_tail` takes rows as they come and `history_days` holds them packed (see history.ts). Times are Unix ms,
 * `day` is days since 1970.
 *
 * Version 2. `incidents` has the last event of each incident, `over` 1 from the one that ends it (isOver) until a
 * relapse; it begins with what the event log has. `records` are the countries' last measures, `health` is one row.
 *
 * Version 3. What delivery remembers: `owed` is what channels must still be told, `positions` a JSON list; `told` what
 * they were told of an incident, `over_at` when its end was, NULL while it lasts; `expansion` is one row or none.
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
     SELECT body ->> 'incident', body ->> 'country', body ->> 'at', body ->> 'kind' IN ('restored', 'new-normal'), body
     FROM events WHERE body ->> 'incident' IS NOT NULL ORDER BY position
     ON CONFLICT (id) DO UPDATE SET last_at = excluded.last_at, over = excluded.over, body = excluded.body;`,
  `CREATE TABLE subscriptions (channel_id TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT;
   CREATE TABLE owed (
     channel_id TEXT NOT NULL,
     position INTEGER NOT NULL,
     priority INTEGER NOT NULL,
     owed_at INTEGER NOT NULL,
     positions TEXT NOT NULL,
     PRIMARY KEY (channel_id, position)
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX owed_by_time ON owed (owed_at);
   CREATE TABLE told (
     channel_id TEXT NOT NULL,
     incident TEXT NOT NULL,
     over_at INTEGER,
     body TEXT NOT NULL,
     PRIMARY KEY (channel_id, incident)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE notes (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
   CREATE TABLE expansion (id INTEGER PRIMARY KEY CHECK (id = 1), position INTEGER NOT NULL, channel_id TEXT) STRICT;`,
];

/** Whether the database has this program's schema; one from a newer program is refused. */
export function checkSchema(db: DatabaseSyncInstance, file: string): 'older' | 'present' {
  const found = versionOf(db);
  if (found > migrations.length) throw newerError(`The database ${file}`, found, migrations.length);
  return found === migrations.length ? 'present' : 'older';
}

/** Brings the database to this program's schema, in one transaction; one from a newer program is refused. */
export function migrateSchema(db: DatabaseSyncInstance, file: string): void {
  if (checkSchema(db, file) === 'present') return;
  db.exec(
    `BEGIN IMMEDIATE; ${migrations.slice(versionOf(db)).join('\n')} PRAGMA user_version = ${migrations.length}; COMMIT`,
  );
}

function versionOf(db: DatabaseSyncInstance): number {
  return (db.prepare('PRAGMA user_version').get() as { user_version: number }).user_version;
}
