import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CommitQueue } from '../../../../src/app/service/watch/commit-queue.js';
import type { Commit, CommitOutcome } from '../../../../src/core/incidents/index.js';
import { createLogger } from '../../../../src/edges/observability/index.js';
import { StoreUnavailableError } from '../../../../src/edges/store/index.js';
import { healthOf, recordOf } from '../../../edges/store/samples.js';
import { FakeClock } from '../../../support/clocks/fake-clock.js';

test(
  'while the store is away nothing piles up: the latest record of each country and the latest health are ' + 'written',
  async () => {
    const clock = new FakeClock();
    const written: Commit[] = [];
    let away = true;
    const commit = (batch: Commit): Promise<CommitOutcome> => {
      if (away) return Promise.reject(new StoreUnavailableError('away'));
      written.push(batch);
      return Promise.resolve('committed');
    };
    const queue = new CommitQueue({
      store: { commit },
      lease: { holder: 'me', epoch: 1 },
      version: 7,
      clock,
      logger: createLogger({ level: 'silent', pretty: false, secrets: [] }),
      onCommitted: () => undefined,
      onFenced: () => undefined,
    });
    const nothing = { states: [], rows: [], events: [] };
    queue.say(healthOf(1));
    for (const units of [4, 3, 2]) {
      queue.add(
        clock.now(),
        { ...nothing, records: [recordOf('KP', units), recordOf('SY', units)] },
        healthOf(10 + units),
      );
    }
    queue.say(healthOf(20));
    away = false;
    const flushed = queue.flush(new AbortController().signal);
    await clock.waiting(250);
    await clock.advance(250);
    await flushed;
    const said = written.map(({ version, health, records }) => [
      version,
      health?.at,
      records.map(({ country, ipv4 }) => `${country} ${ipv4?.units}`),
    ]);
    assert.deepEqual(said, [
      [8, 1, []],
      [9, 20, ['KP 2', 'SY 2']],
    ]);
  },
);
