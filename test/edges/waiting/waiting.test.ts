import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { backOff, Bell, RateLimit, retry, Semaphore, withDeadline } from '../../../src/edges/waiting/index.js';
import { FakeClock } from '../../support/clocks/fake-clock.js';

const never = new AbortController().signal;
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Whether a promise is settled once everything that can run has run. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  const settle = (): void => void (settled = true);
  promise.then(settle, settle);
  await turn();
  return settled;
}

describe('a back-off', () => {
  it('doubles from the first wait to the longest, and the upper half is chance', () => {
    for (const [random, waits] of [
      [0, [500, 1_000, 2_000, 4_000, 4_000]],
      [0.5, [750, 1_500, 3_000, 6_000, 6_000]],
    ] as const) {
      const wait = backOff({ firstMs: 1_000, mostMs: 8_000, random: () => random });
      assert.deepEqual([1, 2, 3, 4, 5].map(wait), waits);
    }
  });

  it('stays at the longest wait after any number of failures', () => {
    assert.equal(backOff({ firstMs: 1_000, mostMs: 60_000, random: () => 1 })(5_000), 60_000);
  });
});

describe('retry', () => {
  const failing = (times: number) => {
    let calls = 0;
    return () => (++calls <= times ? Promise.reject(new Error(`failure ${calls}`)) : Promise.resolve(calls));
  };

  it('gives what the first success gave, and tells each failure before its wait', async () => {
    const clock = new FakeClock();
    const told: string[] = [];
    const result = retry(failing(2), {
      clock,
      signal: never,
      backOff: (failures) => failures * 1_000,
      onFailure: (error, failures) => told.push(`${failures}: ${(error as Error).message}`),
    });
    await turn();
    assert.deepEqual([told, clock.pending], [['1: failure 1'], [1_000]]);
    await clock.advance(1_000);
    assert.deepEqual([told, clock.pending], [['1: failure 1', '2: failure 2'], [2_000]]);
    await clock.advance(2_000);
    assert.equal(await result, 3);
  });

  it('is null if the signal is aborted during a wait, but acts once even if it was aborted before', async () => {
    const clock = new FakeClock();
    const stop = new AbortController();
    const options = { clock, signal: stop.signal, backOff: () => 1_000, onFailure: () => undefined };
    const waiting = retry(failing(9), options);
    await turn();
    stop.abort();
    assert.equal(await waiting, null);
    assert.equal(await retry(failing(0), options), 1);
    assert.equal(await retry(failing(1), options), null);
    assert.deepEqual(clock.pending, []);
  });

  it('rejects with what onFailure throws', async () => {
    const onFailure = (error: unknown): never => {
      throw error;
    };
    const result = retry(failing(1), { clock: new FakeClock(), signal: never, backOff: () => 1_000, onFailure });
    await assert.rejects(result, /failure 1/);
  });
});

describe('a bell', () => {
  it('ends a wait, or else the wait ends by itself, and then no timer is left', async () => {
    const clock = new FakeClock();
    const bell = new Bell(clock);
    const first = bell.wait(5_000);
    assert.equal(await isSettled(first), false);
    bell.ring();
    assert.equal(await isSettled(first), true);
    assert.deepEqual(clock.pending, []);
    const second = bell.wait(5_000);
    await clock.advance(5_000);
    assert.equal(await isSettled(second), true);
  });

  it('that rang before a wait ends the next wait, and only that, unless it is silenced', async () => {
    const bell = new Bell(new FakeClock());
    bell.ring();
    bell.ring();
    await bell.wait(Infinity);
    assert.equal(await isSettled(bell.wait(Infinity)), false);
    bell.ring();
    bell.silence();
    assert.equal(await isSettled(bell.wait(Infinity)), false);
  });

  it('ends a wait when the signal is aborted, and begins none after that', async () => {
    const clock = new FakeClock();
    const bell = new Bell(clock);
    const stop = new AbortController();
    const wait = bell.wait(5_000, stop.signal);
    stop.abort();
    await wait;
    await bell.wait(5_000, stop.signal);
    assert.deepEqual(clock.pending, []);
  });
});

describe('a semaphore', () => {
  it('gives its places in the order in which they were asked for', async () => {
    const semaphore = new Semaphore(2);
    const taken: string[] = [];
    const take = async (name: string): Promise<() => void> => {
      const giveBack = await semaphore.take(never);
      taken.push(name);
      return giveBack;
    };
    const first = await take('first');
    await take('second');
    const third = take('third');
    const fourth = take('fourth');
    assert.equal(await isSettled(third), false);
    first();
    first();
    await third;
    assert.equal(await isSettled(fourth), false, 'a place that is given back twice is one place');
    assert.deepEqual(taken, ['first', 'second', 'third']);
  });

  it('passes over a task that was aborted while it waited', async () => {
    const semaphore = new Semaphore(1);
    const giveBack = await semaphore.take(never);
    const stop = new AbortController();
    const aborted = semaphore.take(stop.signal);
    const next = semaphore.take(never);
    stop.abort(new Error('stopped'));
    await assert.rejects(aborted, /stopped/);
    giveBack();
    (await next)();
    await assert.rejects(semaphore.take(stop.signal), /stopped/);
    await semaphore.take(never);
  });
});

describe('a rate limit', () => {
  it('gives no more than its number of places in any second', async () => {
    const clock = new FakeClock();
    const start = clock.now();
    const limit = new RateLimit(clock, 3);
    const times: number[] = [];
    const takes = Array.from({ length: 7 }, () => limit.take(never).then(() => times.push(clock.now() - start)));
    await turn();
    await clock.advance(2_000);
    await Promise.all(takes);
    assert.deepEqual(times, [0, 0, 0, 1_000, 1_000, 1_000, 2_000]);
  });

  it('does not wait longer because the clock was set back', async () => {
    const clock = new FakeClock();
    let offMs = 0;
    const limit = new RateLimit(
      {
        now: () => clock.now() + offMs,
        after: (ms, fn) => clock.after(ms, fn),
        sleep: (...wait) => clock.sleep(...wait),
      },
      1,
    );
    await limit.take(never);
    offMs = -3_600_000;
    assert.equal(await isSettled(limit.take(never)), true);
  });

  it('lets an aborted task go at once', async () => {
    const clock = new FakeClock();
    const limit = new RateLimit(clock, 1);
    await limit.take(never);
    const stop = new AbortController();
    const waiting = limit.take(stop.signal);
    assert.equal(await isSettled(waiting), false);
    stop.abort();
    await waiting;
    assert.deepEqual(clock.pending, []);
  });
});

describe('a deadline', () => {
  it('aborts after its time, and is forgotten once the work is done', async () => {
    const clock = new FakeClock();
    const late = withDeadline(clock, 1_000, (signal) => clock.sleep(Infinity, signal).then(() => clock.now()));
    const startedAt = clock.now();
    await clock.advance(1_000);
    assert.equal(await late, startedAt + 1_000);
    await withDeadline(clock, 1_000, () => Promise.resolve());
    assert.deepEqual(clock.pending, []);
  });
});
