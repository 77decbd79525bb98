import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { DatabaseSync } from '@photostructure/sqlite';
import { backup, openStore, StoreBusyError, StoreRefusedError } from '../../../../src/edges/store/index.js';
import type { Store } from '../../../../src/edges/store/index.js';
import { storeContract } from '../contract.js';
import { deliveryContract } from '../delivery-contract.js';
import { survivesBeingKilled, writersOf } from '../kill.js';
import { assertWhole } from '../kill-writes.js';
import { eventOf, olderEvents, quiet, rowOf, stateOf } from '../samples.js';

const root = mkdtempSync(join(tmpdir(), 'lightsout-store-'));
after(() => rmSync(root, { recursive: true, force: true }));
let count = 0;
const newDir = (): string => join(root, 'made', String(++count));
const open = (dataDir: string): Promise<Store> => openStore({ kind: 'sqlite', dataDir }, quiet);
const refusal =
  (pattern: RegExp) =>
  (error: Error): boolean =>
    error instanceof StoreRefusedError && pattern.test(error.message);

const noon = Date.UTC(2026, 5, 10, 12);
const hour = 3_600_000;
const day = 24 * hour;

describe('SQLite', () => {
  const harness = {
    create() {
      const dataDir = newDir();
      return Promise.resolve({
        open: () => open(dataDir),
        remove() {
          rmSync(dataDir, { recursive: true });
          return Promise.resolve();
        },
      });
    },
  };
  storeContract(harness);
  deliveryContract(harness);

  test('only one store at a time opens a DATA_DIR', async () => {
    const dataDir = newDir();
    const store = await open(dataDir);
    await assert.rejects(
      open(dataDir),
      (error: Error) => error instanceof StoreBusyError && error.message.includes(`${dataDir} is in use`),
    );
    await store.close();
    await (await open(dataDir)).close();
  });

  test('what cannot be opened is refused with a sentence, and not held', async () => {
    const file = join(root, 'a-file');
    writeFileSync(file, '');
    await assert.rejects(open(join(file, 'data')), refusal(/^DATA_DIR .*a-file.* is not writable \(ENOTDIR\)\.$/));

    const damaged = newDir();
    mkdirSync(damaged, { recursive: true });
    writeFileSync(join(damaged, 'lightsout.db'), 'no database, '.repeat(100));
    await assert.rejects(open(damaged), refusal(/lightsout\.db cannot be opened: file is not a database/));
    rmSync(join(damaged, 'lightsout.db'));
    await (await open(damaged)).close();
  });

  test('a database of a newer schema is refused with a sentence', async () => {
    const dataDir = newDir();
    await (await open(dataDir)).close();
    const db = new DatabaseSync(join(dataDir, 'lightsout.db'));
    db.exec('PRAGMA user_version = 7');
    db.close();
    await assert.rejects(
      open(dataDir),
      refusal(/^The database .* was written by a newer lightsout \(version 7, this one knows up to 3\)/),
    );
  });

  test('a database of schema 1 keeps what it has, and its incidents come from its event log', async () => {
    const dataDir = newDir();
    await (await open(dataDir)).close();
    const db = new DatabaseSync(join(dataDir, 'lightsout.db'));
    const later = ['incidents', 'records', 'health', 'subscriptions', 'owed', 'told', 'notes', 'expansion'];
    db.exec(`${later.map((table) => `DROP TABLE ${table};`).join(' ')} PRAGMA user_version = 1`);
    const append = db.prepare('INSERT INTO events (body) VALUES (?)');
    for (const event of olderEvents()) append.run(JSON.stringify(event));
    db.close();
    const store = await open(dataDir);
    assert.deepEqual(
      (await store.incidents(20, null)).map(({ id }) => id),
      ['PS-GZ-ipv6-1001/1', 'SY-ipv4-1000/3', 'KP-ipv4-1000/2'],
    );
    assert.deepEqual(
      (await store.incidents(21, null)).map(({ id, lowest }) => [id, lowest]),
      [
        ['PS-GZ-ipv6-1001/1', 0],
        ['SY-ipv4-1000/3', 0],
      ],
    );
    assert.equal((await store.readAfter(0, 10)).length, 7);
    await store.close();
  });

  test('history is folded into days hourly and dropped when it has been kept long enough', async () => {
    const dataDir = newDir();
    const store = await open(dataDir);
    const lease = (await store.acquire('me', 1))!;
    for (let version = 1; version <= 40 * 8; version++) {
      const at = noon + version * 3 * hour;
      const rows = [rowOf('KP', 'minute', at, version), rowOf('KP', 'bin', at, version)];
      assert.equal(
        await store.commit({ lease, version, at, states: [], rows, events: [], records: [], health: null }),
        'committed',
      );
    }
    const now = noon + 40 * day;
    const minutes = await store.history('KP', 'minute', now - 40 * day, now + hour);
    const bins = await store.history('KP', 'bin', now - 40 * day, now + hour);
    await store.close();
    assert.ok(minutes.length >= 2 * 8 && minutes.length <= 3 * 8 + 1, `${minutes.length} minute rows`);
    assert.ok(bins.length >= 35 * 8 && bins.length <= 36 * 8 + 1, `${bins.length} bin rows`);
    const db = new DatabaseSync(join(dataDir, 'lightsout.db'));
    const { days, tail } = db
      .prepare('SELECT (SELECT count(*) FROM history_days) AS days, (SELECT count(*) FROM history_tail) AS tail')
      .get() as Record<string, number>;
    db.close();
    assert.ok(tail <= 4, `${tail} rows in the tail`);
    assert.ok(days <= 3 + 37, `${days} days kept`);
  });

  test('a backup taken beside a running service is a complete store', async () => {
    const dataDir = newDir();
    const store = await open(dataDir);
    const lease = (await store.acquire('me', 1))!;
    const commit = (version: number) =>
      store.commit({
        lease,
        version,
        at: noon,
        states: [stateOf('KP', version)],
        rows: [rowOf('KP', 'bin', noon, version)],
        events: [eventOf(`a/${version}`)],
        records: [],
        health: null,
      });
    await commit(1);
    const copy = newDir();
    mkdirSync(copy, { recursive: true });
    const file = join(copy, 'lightsout.db');
    await backup({ kind: 'sqlite', dataDir }, file);
    assert.equal(await commit(2), 'committed');
    await assert.rejects(backup({ kind: 'sqlite', dataDir }, file), refusal(/would overwrite/));
    await assert.rejects(
      backup({ kind: 'sqlite', dataDir }, join(copy, 'absent', 'file')),
      refusal(/^The backup to .* failed/),
    );
    await store.close();

    const restored = await open(copy);
    assert.deepEqual(await restored.load(), { version: 1, states: [stateOf('KP', 1)] });
    assert.deepEqual(
      (await restored.readAfter(0, 9)).map(({ event }) => event.id),
      ['a/1'],
    );
    assert.equal((await restored.history('KP', 'bin', noon, noon + day)).length, 1);
    await restored.close();
  });

  test('a backup is also taken while no service runs', async () => {
    const dataDir = newDir();
    await assert.rejects(backup({ kind: 'sqlite', dataDir }, join(root, 'none.db')), refusal(/nothing to back up/));
    await (await open(dataDir)).close();
    await backup({ kind: 'sqlite', dataDir }, join(root, 'closed.db'));
  });

  test(
    'beside another process: opening is refused, a backup is whole; when that process is killed, the way is ' + 'free',
    async () => {
      const dataDir = newDir();
      const writers = await writersOf({ kind: 'sqlite', dataDir });
      const writer = writers.prepare();
      try {
        await (
          await writer.write()
        ).wrote;
        await assert.rejects(open(dataDir), StoreBusyError);
        const copy = newDir();
        mkdirSync(copy, { recursive: true });
        await backup({ kind: 'sqlite', dataDir }, join(copy, 'lightsout.db'));
        const restored = await open(copy);
        assert.ok((await assertWhole(restored)) > 0);
        await restored.close();
      } finally {
        await writer.kill();
        writers.remove();
      }
      const store = await open(dataDir);
      assert.ok((await assertWhole(store)) > 0);
      await store.close();
    },
  );

  test('a writer killed 50 times loses nothing and doubles nothing', async () => {
    await survivesBeingKilled({ kind: 'sqlite', dataDir: newDir() }, 50);
  });
});
