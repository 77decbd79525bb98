import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { openStore } from '../../../src/edges/store/index.js';
import type { StoreOptions } from '../../../src/edges/store/index.js';
import { bundle } from '../../support/process/bundle.js';
import { seededRandom } from '../../support/random.js';
import { assertTold, assertWhole } from './kill-writes.js';
import { quiet } from './samples.js';

export interface Writer {
  /** Starts writing as fast as it can. `wrote` resolves at the first acknowledged commit. */
  write(): Promise<{ readonly wrote: Promise<unknown>; readonly acknowledged: () => number }>;
  /** Resolves when the process is gone. */
  kill(): Promise<void>;
}

/** Processes of kill-writer.ts. They start up at once and wait for write(). */
export async function writersOf(options: StoreOptions): Promise<{ prepare(): Writer; remove(): void }> {
  const bundled = await bundle(new URL('./kill-writer.ts', import.meta.url).href);
  return {
    prepare() {
      const child: ChildProcess = fork(bundled.script, [options.kind], {
        execArgv: [],
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      });
      const ready = once(child, 'message');
      const gone = once(child, 'exit');
      return {
        async write() {
          await ready;
          let newest = 0;
          child.on('message', (version: number) => (newest = version));
          child.send(options);
          return { wrote: Promise.race([once(child, 'message'), gone]), acknowledged: () => newest };
        },
        async kill() {
          child.kill('SIGKILL');
          assert.equal((await gone)[1], 'SIGKILL', 'the writer ended by itself');
        },
      };
    },
    remove: () => bundled.remove(),
  };
}

/** Kills a writing process with SIGKILL at `lives` seeded moments, and checks each time what it left. */
export async function survivesBeingKilled(options: StoreOptions, lives: number): Promise<void> {
  const random = seededRandom(20141222);
  const writers = await writersOf(options);
  // The next two start up while the present one writes.
  const next = [writers.prepare(), writers.prepare()];
  let version = 0;
  let livesThatWrote = 0;
  try {
    for (let life = 0; life < lives; life++) {
      const writer = next.shift()!;
      next.push(writers.prepare());
      const { wrote, acknowledged } = await writer.write();
      // Every second one is killed at any moment after it was told to write, the others between commits.
      if (life % 2 === 0) await wrote;
      await pause(random() * 40);
      await writer.kill();

      const store = await openStore(options, quiet);
      const found = await assertWhole(store);
      await assertTold(store, found);
      await store.close();
      assert.ok(found >= acknowledged(), `version ${acknowledged()} was acknowledged, ${found} is there`);
      assert.ok(found >= version, `${version} was there, now ${found}`);
      if (found > version) livesThatWrote++;
      version = found;
    }
  } finally {
    await Promise.all(next.map((writer) => writer.kill()));
    writers.remove();
  }
  // Otherwise all moments were too early, and the test tested nothing.
  assert.ok(livesThatWrote >= lives / 2, `only ${livesThatWrote} of ${lives} lives wrote anything`);
}
