import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { inspect } from 'node:util';
import { Redis } from 'ioredis';
import { backup, openStore, StoreRefusedError, StoreUnavailableError } from '../../../../src/edges/store/index.js';
import type { Store } from '../../../../src/edges/store/index.js';
import type { Lease } from '../../../../src/core/incidents/index.js';
import { patienceMs } from '../../../support/in-time.js';
import { seededRandom } from '../../../support/random.js';
import { startRedisServer } from '../../../support/process/redis-server.js';
import type { RedisServer } from '../../../support/process/redis-server.js';
import { storeContract } from '../contract.js';
import { deliveryContract } from '../delivery-contract.js';
import { survivesBeingKilled } from '../kill.js';
import { assertWhole, writtenBy } from '../kill-writes.js';
import { olderEvents, quiet, rowOf } from '../samples.js';

const noon = Date.UTC(2026, 5, 10, 12);
const password = 'geheim-4711';
/** Every store that was opened: a failed test must not leave one that reconnects for ever. */
const opened: Store[] = [];
async function open(url: string): Promise<Store> {
  const store = await openStore({ kind: 'redis', url }, quiet);
  opened.push(store);
  return store;
}
const unavailable = (error: Error): boolean => error instanceof StoreUnavailableError;

/** Repeats an act until the store answers, as callers do while it is away. */
async function insist<T>(act: () => Promise<T>): Promise<T> {
  for (const began = performance.now(); ;) {
    try {
      return await act();
    } catch (error) {
      if (!(error instanceof StoreUnavailableError) || performance.now() - began > patienceMs) throw error;
    }
    await pause(5);
  }
}

/** Asks until the answer is not null. */
async function askUntil<T>(ask: () => T | null | Promise<T | null>): Promise<T> {
  for (const began = performance.now(); performance.now() - began < patienceMs;) {
    const answer = await ask();
    if (answer !== null) return answer;
    await pause(2);
  }
  throw new Error(`no answer within ${patienceMs} ms`);
}

describe('Redis', () => {
  let server: RedisServer;
  /** A client of its own, for what the store does not tell. */
  let beside: Redis;
  before(async () => {
    server = await startRedisServer({ password, durable: true });
    beside = new Redis(server.url);
    beside.on('error', () => undefined);
  });
  after(async () => {
    for (const store of opened) await store.close();
    beside.disconnect();
    await server.stop();
  });
  const emptied = async (): Promise<{ store: Store; lease: Lease }> => {
    await beside.flushall();
    const store = await open(server.url);
    return { store, lease: (await store.acquire('me', 60_000))! };
  };

  const harness = {
    async create() {
      await beside.flushall();
      return { open: () => open(server.url), remove: () => Promise.resolve() };
    },
  };
  storeContract(harness);
  deliveryContract(harness);

  test('an expired lease goes to the next process, and the old holder is fenced', async () => {
    const { store, lease } = await emptied();
    await store.renew(lease, 1);
    const next = await askUntil(() => store.acquire('you', 60_000));
    assert.deepEqual(next, { holder: 'you', epoch: lease.epoch + 1 });
    assert.equal(await store.renew(lease, 60_000), false);
    assert.equal(await store.commit({ lease, version: 1, ...writtenBy(1) }), 'fenced');
    assert.equal(await store.commit({ lease: next, version: 1, ...writtenBy(1) }), 'committed');
    await store.close();
  });

  test('an expired lease still holds until another process takes it', async () => {
    const { store, lease } = await emptied();
    await beside.del('lightsout:lease');
    assert.equal(await store.commit({ lease, version: 1, ...writtenBy(1) }), 'committed');
    assert.equal(await store.renew(lease, 60_000), true);
    assert.equal(await store.acquire('you', 60_000), null);
    await store.close();
  });

  test('history expires by itself when it has been kept long enough', async () => {
    const { store, lease } = await emptied();
    const rows = [rowOf('KP', 'minute', noon, 1), rowOf('KP', 'bin', noon, 1)];
    await store.commit({ lease, version: 1, at: noon, states: [], rows, events: [], records: [], health: null });
    const hours = async (resolution: string): Promise<number> =>
      Math.round(
        (await beside.pttl(`lightsout:history:${resolution}:KP:${Math.floor(noon / 86_400_000)}`)) / 3_600_000,
      );
    assert.deepEqual([await hours('minute'), await hours('bin')], [12 + 48, 12 + 35 * 24]);
    await store.close();
  });

  test('scripts that the server has forgotten are loaded again', async () => {
    const { store, lease } = await emptied();
    await store.commit({ lease, version: 1, ...writtenBy(1) });
    await beside.script('FLUSH');
    assert.equal(await store.commit({ lease, version: 2, ...writtenBy(2) }), 'committed');
    assert.equal(await assertWhole(store), 2);
    await store.close();
  });

  test('data of a newer schema are refused with a sentence', async () => {
    await beside.flushall();
    await beside.hset('lightsout:head', 'schema', 7);
    await assert.rejects(
      open(server.url),
      (error: Error) => error instanceof StoreRefusedError && error.message.includes('version 7'),
    );
  });

  test('the password is in no error and no log line', async () => {
    const said: string[] = [];
    const log = { info: (line: string) => said.push(line), warn: (line: string) => said.push(line) };
    const wrong = server.url.replace(password, `${password}-wrong`);
    const errors: unknown[] = [];
    for (const url of [wrong, `redis://:${password}@127.0.0.1:1`, `http://:${password}@127.0.0.1`, password]) {
      await openStore({ kind: 'redis', url }, log).catch((error: unknown) => errors.push(error));
    }
    await backup({ kind: 'redis', url: server.url }, 'file').catch((error: unknown) => errors.push(error));
    assert.deepEqual(
      errors.map((error) => (error as Error).name),
      ['StoreRefusedError', 'StoreUnavailableError', 'StoreRefusedError', 'StoreRefusedError', 'StoreRefusedError'],
    );
    assert.ok(!inspect([errors, said], { depth: 10, showHidden: true }).includes(password), inspect(errors));
  });

  test('a server that is not there when the store is opened is named with the reason', async () => {
    for (const host of ['127.0.0.1', 'localhost']) {
      await assert.rejects(
        open(`redis://${host}:1`),
        (error: Error) =>
          unavailable(error) &&
          new RegExp(`^Redis at ${host}:1 is unavailable \\(.*ECONNREFUSED.*\\)\\.$`).test(error.message),
      );
    }
  });

  test('a server that may lose data is reported', async () => {
    const forgetful = await startRedisServer();
    const warnings: string[] = [];
    const store = await openStore(
      { kind: 'redis', url: forgetful.url },
      { info: () => undefined, warn: (line) => warnings.push(line) },
    );
    await store.close();
    await forgetful.stop();
    assert.equal(warnings.length, 1);
    assert.match(warnings[0], /keeps no append-only file/);
  });

  test(
    'incidents of an event log that an older program wrote are ' + 'entered by the next commit, whenever it wrote',
    async () => {
      await beside.flushall();
      const older = async (events: readonly unknown[], from: number): Promise<void> => {
        for (const [index, event] of events.entries())
          await beside.xadd('lightsout:events', `${from + index}-0`, 'event', JSON.stringify(event));
        await beside.hset('lightsout:head', 'end', from + events.length - 1);
      };
      await beside.hset('lightsout:head', 'schema', 1);
      await older(olderEvents().slice(0, 5), 1);
      const store = await open(server.url);
      assert.equal(await beside.hget('lightsout:head', 'schema'), '2');
      const lease = (await store.acquire('me', 60_000))!;
      const nothing = { lease, at: noon, states: [], rows: [], events: [], records: [], health: null };
      assert.equal(await store.commit({ ...nothing, version: 1 }), 'committed');
      assert.deepEqual(
        (await store.incidents(20, null)).map(({ id }) => id),
        ['SY-ipv4-1000/2', 'KP-ipv4-1000/2'],
      );
      // It still leads.
      await older(olderEvents().slice(5), 6);
      assert.equal(await store.commit({ ...nothing, version: 2 }), 'committed');
      assert.deepEqual(
        (await store.incidents(21, null)).map(({ id, lowest }) => [id, lowest]),
        [
          ['PS-GZ-ipv6-1001/1', 0],
          ['SY-ipv4-1000/3', 0],
        ],
      );
      assert.equal((await store.readAfter(0, 10)).length, 7);
      await store.close();
    },
  );

  test('a server that hangs fails a commit within seconds, and the commit repeated takes place once', async () => {
    const { store, lease } = await emptied();
    assert.equal(await store.commit({ lease, version: 1, ...writtenBy(1) }), 'committed');
    server.signal('SIGSTOP');
    const began = performance.now();
    await assert.rejects(store.commit({ lease, version: 2, ...writtenBy(2) }), unavailable);
    const waited = performance.now() - began;
    server.signal('SIGCONT');
    assert.ok(waited > 1900 && waited < 10_000, `${waited} ms`);
    // The server may have read the first commit before it was stopped, or reads it now. The repetition comes after it.
    assert.equal(await insist(() => store.commit({ lease, version: 2, ...writtenBy(2) })), 'duplicate');
    assert.equal(await assertWhole(store), 2);
    await store.close();
  });

  test('a server that is away fails commits at once, and the store works again when it is back', async () => {
    const { store, lease } = await emptied();
    await store.commit({ lease, version: 1, ...writtenBy(1) });
    await server.kill();
    const began = performance.now();
    await assert.rejects(store.commit({ lease, version: 2, ...writtenBy(2) }), unavailable);
    await assert.rejects(store.load(), unavailable);
    await assert.rejects(store.history('KP', 'minute', noon, noon + 1), unavailable);
    // A command that waited for an answer would take two seconds.
    assert.ok(performance.now() - began < 5_000);
    await server.start();
    assert.equal(await insist(() => store.commit({ lease, version: 2, ...writtenBy(2) })), 'committed');
    assert.equal(await assertWhole(store), 2);
    await store.close();
  });

  test('a server killed 8 times under a writer loses nothing and doubles nothing', async () => {
    const { store, lease } = await emptied();
    const random = seededRandom(20121125);
    const ending = new AbortController();
    let version = 0;
    const outcomes = new Set<string>();
    const writer = (async (): Promise<void> => {
      while (!ending.signal.aborted) {
        const next = version + 1;
        outcomes.add(await insist(() => store.commit({ lease, version: next, ...writtenBy(next) })));
        version = next;
      }
    })();
    try {
      for (let death = 0; death < 8; death++) {
        const before = version;
        await askUntil(() => (version > before ? version : null));
        await pause(random() * 50);
        await server.kill();
        await server.start();
      }
    } finally {
      ending.abort();
      await writer;
    }
    assert.ok(!outcomes.has('fenced'));
    assert.equal(await assertWhole(store), version);
    await store.close();
  });

  test('a writer killed 50 times loses nothing and doubles nothing', async () => {
    await beside.flushall();
    await survivesBeingKilled({ kind: 'redis', url: server.url }, 50);
  });
});
