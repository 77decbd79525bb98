import { openStore } from '../../../src/edges/store/index.js';
import type { StoreOptions } from '../../../src/edges/store/index.js';
import { tellUpTo, writtenBy } from './kill-writes.js';
import { quiet } from './samples.js';

// A child process that commits and tells numbered batches as fast as it can until it is killed, and prints which were
// acknowledged. It loads the driver first, because it lives only shortly.
await (process.argv[2] === 'redis'
  ? import('../../../src/edges/store/redis/index.js')
  : import('../../../src/edges/store/sqlite/index.js'));
process.on('disconnect', () => process.exit());
process.once('message', (options: StoreOptions) => {
  void write(options);
});
process.send!('ready');

async function write(options: StoreOptions): Promise<void> {
  const store = await openStore(options, quiet);
  const lease = (await store.acquire('writer', 60_000))!;
  let { version } = await store.load();
  await tellUpTo(store, version);
  for (;;) {
    version++;
    const outcome = await store.commit({ lease, version, ...writtenBy(version) });
    if (outcome !== 'committed') throw new Error(`version ${version}: ${outcome}`);
    await tellUpTo(store, version);
    process.send!(version);
  }
}
