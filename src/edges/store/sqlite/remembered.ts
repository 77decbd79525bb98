import type { DatabaseSyncInstance } from '@photostructure/sqlite';
import { isOver } from '../../../core/incidents/index.js';
import type { Commit, CountryRecord, FeedHealth, IncidentEvent } from '../../../core/incidents/index.js';
import { parseEvent, parseHealth } from '../versions.js';

/** What is asked for by those who answer questions: the last of everything, replaced at each commit. */
export interface SqliteRemembered {
  /** Inside the commit's transaction. */
  write(batch: Pick<Commit, 'events' | 'records' | 'health'>): void;
  record(country: string): CountryRecord | null;
  records(): CountryRecord[];
  health(): FeedHealth | null;
  incidents(from: number, country: string | null): IncidentEvent[];
}

interface Row {
  readonly body: string;
}

export function createSqliteRemembered(db: DatabaseSyncInstance): SqliteRemembered {
  const putRecord = db.prepare(
    'INSERT INTO records VALUES (?, ?) ON CONFLICT (country) DO UPDATE SET body = excluded.body',
  );
  const getRecord = db.prepare('SELECT body FROM records WHERE country = ?');
  const getRecords = db.prepare('SELECT body FROM records ORDER BY country');
  const putHealth = db.prepare('INSERT INTO health VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET body = excluded.body');
  const getHealth = db.prepare('SELECT body FROM health');
  const putIncident = db.prepare(
    `INSERT INTO incidents VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET last_at = excluded.last_at, over = excluded.over, body = excluded.body`,
  );
  const getIncidents = db.prepare(
    `SELECT body FROM incidents WHERE (over = 0 OR (over = 1 AND last_at >= ?)) AND country = coalesce(?, country)
     ORDER BY last_at DESC, id`,
  );

  return {
    write({ events, records, health }) {
      for (const event of events) {
        if (event.incident === null) continue;
        putIncident.run(event.incident, event.country, event.at, isOver(event) ? 1 : 0, JSON.stringify(event));
      }
      for (const record of records) putRecord.run(record.country, JSON.stringify(record));
      if (health !== null) putHealth.run(JSON.stringify(health));
    },
    record(country) {
      const found = getRecord.get(country) as Row | undefined;
      return found === undefined ? null : (JSON.parse(found.body) as CountryRecord);
    },
    records: () => (getRecords.all() as Row[]).map(({ body }) => JSON.parse(body) as CountryRecord),
    health() {
      const found = getHealth.get() as Row | undefined;
      return found === undefined ? null : parseHealth(found.body);
    },
    incidents: (from, country) => (getIncidents.all(from, country) as Row[]).map(({ body }) => parseEvent(body)),
  };
}
