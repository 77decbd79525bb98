import type { DatabaseSyncInstance } from '@photostructure/sqlite';
import type { Expansion, Owed, Subscription, ToldRecord } from '../../delivery/index.js';
import { forgetBefore, isAhead, overAtOf } from '../delivery-rules.js';
import type { DeliveryStore } from '../store.js';
import { readSubscription } from '../versions.js';

/**
 * The calls of the ports without their promises. Around those of more than one statement, owe, acknowledge, combine and
 * removeSubscription, goes the caller's transaction.
 */
export type SqliteDelivery = {
  readonly [Call in keyof DeliveryStore]: (
    ...parameters: Parameters<DeliveryStore[Call]>
  ) => Awaited<ReturnType<DeliveryStore[Call]>>;
};

interface OwedRow {
  readonly channelId: string;
  readonly position: number;
  readonly priority: Owed['priority'];
  readonly owedAt: number;
  readonly positions: string;
}

export function createSqliteDelivery(db: DatabaseSyncInstance): SqliteDelivery {
  const getExpansion = db.prepare('SELECT position, channel_id AS channelId FROM expansion');
  const putExpansion = db.prepare('INSERT OR REPLACE INTO expansion (id, position, channel_id) VALUES (1, ?, ?)');
  const putOwed = db.prepare(
    'INSERT OR REPLACE INTO owed (channel_id, position, priority, owed_at, positions) VALUES (?, ?, ?, ?, ?)',
  );
  const takeOwed = db.prepare('DELETE FROM owed WHERE channel_id = ? AND position = ? AND positions = ?');
  const hasOwed = db.prepare('SELECT 1 FROM owed WHERE channel_id = ? AND position = ? AND positions = ?');
  // SQLite gives the other columns of the row that has the minimum.
  const firstOwed = db.prepare(
    `SELECT channel_id AS channelId, min(position) AS position, priority, owed_at AS owedAt, positions
     FROM owed GROUP BY channel_id ORDER BY channel_id`,
  );
  const owedOf = db.prepare(
    'SELECT channel_id AS channelId, position, priority, owed_at AS owedAt, positions FROM owed WHERE ' +
      'channel_id = ? ORDER BY position LIMIT ?',
  );
  const getDepth = db.prepare('SELECT count(*) AS owed, min(owed_at) AS oldestAt FROM owed');
  const putTold = db.prepare('INSERT OR REPLACE INTO told (channel_id, incident, over_at, body) VALUES (?, ?, ?, ?)');
  const forgetTold = db.prepare('DELETE FROM told WHERE channel_id = ? AND over_at < ?');
  const toldOf = db.prepare('SELECT body FROM told WHERE channel_id = ? ORDER BY incident');
  const getSubscriptions = db.prepare('SELECT body FROM subscriptions ORDER BY channel_id');
  const getSubscription = db.prepare('SELECT body FROM subscriptions WHERE channel_id = ?');
  const putSubscription = db.prepare('INSERT OR REPLACE INTO subscriptions (channel_id, body) VALUES (?, ?)');
  const removals = ['subscriptions', 'owed', 'told'].map((table) =>
    db.prepare(`DELETE FROM ${table} WHERE channel_id = ?`),
  );
  const getNote = db.prepare('SELECT value FROM notes WHERE name = ?');
  const putNote = db.prepare('INSERT OR REPLACE INTO notes (name, value) VALUES (?, ?)');

  const expansion = (): Expansion | null => {
    const found = getExpansion.get() as Expansion | undefined;
    return found === undefined ? null : { ...found };
  };
  const put = ({ channelId, position, priority, owedAt, positions }: Owed): void =>
    void putOwed.run(channelId, position, priority, owedAt, JSON.stringify(positions));
  const keyOf = ({ channelId, position, positions }: Owed): [string, number, string] => [
    channelId,
    position,
    JSON.stringify(positions),
  ];

  function subscription(channelId: string): Subscription | null {
    const found = getSubscription.get(channelId) as { body: string } | undefined;
    return found === undefined ? null : readSubscription(found.body);
  }

  return {
    expansion,
    owe(chunk, next) {
      const present = expansion();
      if (present !== null && !isAhead(next, present)) return;
      putExpansion.run(next.position, next.channelId);
      for (const row of chunk) put(row);
    },
    heads: () => (firstOwed.all() as OwedRow[]).map(owedFrom),
    channel: (channelId, limit) => ({
      subscription: subscription(channelId),
      owed: (owedOf.all(channelId, limit) as OwedRow[]).map(owedFrom),
      told: (toldOf.all(channelId) as { body: string }[]).map(({ body }) => JSON.parse(body) as ToldRecord),
    }),
    acknowledge(owed, told) {
      if (takeOwed.run(...keyOf(owed)).changes === 0) return;
      for (const row of told) putTold.run(row.channelId, row.incident, overAtOf(row), JSON.stringify(row));
      forgetTold.run(owed.channelId, forgetBefore(owed, told));
    },
    combine(rows, into) {
      if (!rows.every((row) => hasOwed.get(...keyOf(row)) !== undefined)) return;
      for (const row of rows) takeOwed.run(...keyOf(row));
      put(into);
    },
    depth: () => ({ ...(getDepth.get() as { owed: number; oldestAt: number | null }) }),
    subscriptions: () => (getSubscriptions.all() as { body: string }[]).map(({ body }) => readSubscription(body)),
    subscription,
    saveSubscription: (saved) => void putSubscription.run(saved.channelId, JSON.stringify(saved)),
    removeSubscription(channelId) {
      for (const remove of removals) remove.run(channelId);
    },
    note: (name) => (getNote.get(name) as { value: string } | undefined)?.value ?? null,
    setNote: (name, value) => void putNote.run(name, value),
  };
}

function owedFrom({ positions, ...row }: OwedRow): Owed {
  return { ...row, positions: JSON.parse(positions) as number[] };
}
