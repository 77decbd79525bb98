import type { DatabaseSyncInstance } from '@photostructure/sqlite';
import { historyRules } from '../../../core/incidents/index.js';
import type { HistoryRow, Resolution } from '../../../core/countries/index.js';
import { absentByte, expiryOf, packRow, placeOf, rowBytes, spansOf, unpackRows } from '../packing.js';
import { dayMs, hourMs } from '../../../core/time.js';

/**
 * A minute's rows of 250 countries are 8 KB, but each belongs to another day of 46 KB: written there at once they would
 * cost 11 MB a minute. So rows first go to a tail, in the order of time, and about hourly the tail is folded into the
 * days.
 */
const foldAfterMs = hourMs;

interface TailRow {
  readonly resolution: Resolution;
  readonly country: string;
  readonly at: number;
  readonly row: Uint8Array;
}

export interface SqliteHistory {
  /** Inside the commit's transaction. */
  write(rows: readonly HistoryRow[], now: number): void;
  read(country: string, resolution: Resolution, from: number, to: number): HistoryRow[];
}

export function createSqliteHistory(db: DatabaseSyncInstance): SqliteHistory {
  const insertRow = db.prepare(
    'INSERT OR REPLACE INTO history_tail (resolution, at, country, row) VALUES (?, ?, ?, ?)',
  );
  const oldestRow = db.prepare('SELECT min(at) AS at FROM history_tail WHERE resolution = ?');
  const wholeTail = db.prepare(
    'SELECT resolution, country, at, row FROM history_tail ORDER BY resolution, country, at',
  );
  const countryTail = db.prepare(
    'SELECT at, row FROM history_tail WHERE resolution = ? AND at >= ? AND at < ? AND country = ?',
  );
  const clearTail = db.prepare('DELETE FROM history_tail');
  const getDay = db.prepare('SELECT rows FROM history_days WHERE resolution = ? AND day = ? AND country = ?');
  const putDay = db.prepare(
    `INSERT INTO history_days (resolution, day, country, rows) VALUES (?, ?, ?, ?)
     ON CONFLICT (resolution, day, country) DO UPDATE SET rows = excluded.rows`,
  );
  const prune = db.prepare('DELETE FROM history_days WHERE resolution = ? AND day < ?');

  function dayRows(resolution: Resolution, day: number, country: string): Uint8Array {
    const found = getDay.get(resolution, day, country) as { rows: Uint8Array } | undefined;
    return found?.rows ?? new Uint8Array(0);
  }

  function fold(): void {
    const tail = wholeTail.all() as TailRow[];
    for (let first = 0, next = 0; first < tail.length; first = next) {
      const { resolution, country, at } = tail[first];
      const day = Math.floor(at / dayMs);
      next = first + 1;
      while (
        next < tail.length &&
        tail[next].country === country &&
        tail[next].at < (day + 1) * dayMs &&
        tail[next].resolution === resolution
      ) {
        next++;
      }
      putDay.run(
        resolution,
        day,
        country,
        overlay(resolution, day, dayRows(resolution, day, country), tail.slice(first, next)),
      );
    }
    clearTail.run();
  }

  return {
    write(rows, now) {
      for (const row of rows) {
        if (expiryOf(row.resolution, placeOf(row).day) <= now) continue;
        insertRow.run(row.resolution, row.at, row.country, packRow(row.values));
      }
      for (const resolution of ['minute', 'bin'] as const) {
        const { at } = oldestRow.get(resolution) as { at: number | null };
        if (at === null || at > now - foldAfterMs) continue;
        fold();
        for (const kept of ['minute', 'bin'] as const)
          prune.run(kept, Math.floor((now - historyRules[kept].keepMs) / dayMs));
        return;
      }
    },

    read(country, resolution, from, to) {
      const tail = countryTail.all(resolution, from, to, country) as Pick<TailRow, 'at' | 'row'>[];
      return spansOf(resolution, from, to).flatMap(({ day, start, end }) => {
        const ofDay = tail.filter(({ at }) => Math.floor(at / dayMs) === day);
        const rows = overlay(resolution, day, dayRows(resolution, day, country), ofDay);
        return unpackRows(country, resolution, day, start, rows.subarray(start, end));
      });
    },
  };
}

/** The rows of a day with the tail's rows for it laid over them; `tail` is sorted by time. */
function overlay(
  resolution: Resolution,
  day: number,
  rows: Uint8Array,
  tail: readonly Pick<TailRow, 'at' | 'row'>[],
): Uint8Array {
  const last = tail.at(-1);
  if (last === undefined) return rows;
  const { stepMs } = historyRules[resolution];
  const offsetOf = (at: number): number => ((at - day * dayMs) / stepMs) * rowBytes;
  const merged = new Uint8Array(Math.max(rows.length, offsetOf(last.at) + rowBytes)).fill(absentByte, rows.length);
  merged.set(rows);
  for (const { at, row } of tail) merged.set(row, offsetOf(at));
  return merged;
}
