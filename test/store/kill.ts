import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { setTimeout as after } from 'node:timers/promises';
import { openStore } from '../../src/store/index.js';
import type { StoreOptions } from '../../src/store/index.js';
import { compile } from '../support/compile.js';
import { assertWhole } from './kill-writes.js';
import { quiet } from './samples.js';

/** Numbers from 0 to 1, the same in every run (mulberry32, public domain). */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** SIGKILLs a writing process at `lives` seeded moments, and looks at what it left each time. */
export async function survivesBeingKilled(options: StoreOptions, lives: number): Promise<void> {
  const script = compile(new URL('./kill-writer.ts', import.meta.url).href);
  const random = seededRandom(20141222);
  // The next two start up while the present one writes.
  const prepare = (): { child: ChildProcess; ready: Promise<unknown> } => {
    const child = fork(script, [options.kind], { execArgv: [], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    return { child, ready: once(child, 'message') };
  };
  const next = [prepare(), prepare()];
  let version = 0;
  let livesThatWrote = 0;
  try {
    for (let life = 0; life < lives; life++) {
      const { child, ready } = next.shift()!;
      next.push(prepare());
      await ready;
      let acknowledged = version;
      child.on('message', (committed: number) => (acknowledged = committed));
      const gone = once(child, 'exit');
      const wrote = once(child, 'message');
      child.send(options);
      // Every other one dies at whatever it is doing since it was told where, the rest among commits.
      if (life % 2 === 0) await Promise.race([wrote, gone]);
      await after(random() * 40);
      child.kill('SIGKILL');
      assert.equal((await gone)[1], 'SIGKILL', 'the writer ended by itself');

      const store = await openStore(options, quiet);
      const found = await assertWhole(store);
      await store.close();
      assert.ok(found >= acknowledged, `version ${acknowledged} was acknowledged, ${found} is there`);
      if (found > version) livesThatWrote++;
      version = found;
    }
  } finally {
    for (const { child } of next) child.kill('SIGKILL');
    rmSync(new URL('../../', `file://${script}`), { recursive: true, force: true });
  }
  // Else the moments were all too early, and nothing was tried.
  assert.ok(livesThatWrote >= lives / 2, `only ${livesThatWrote} of ${lives} lives wrote anything`);
}
