import { loadConfig } from '../../edges/config/index.js';
import { backup as backupStore, StoreRefusedError } from '../../edges/store/index.js';
import { readConfigFile } from '../config-files.js';
import { storeOptionsOf } from '../service/store-options.js';
import { exitCode, type ExitCode, type World } from '../world.js';

/** `npm run backup -- FILE` copies the whole store into a file. The service may be running. */
export async function backup(argv: readonly string[], world: World): Promise<ExitCode> {
  const file = argv.at(0);
  if (file === undefined || argv.length > 1 || file.startsWith('-')) {
    world.stderr.write('usage: npm run backup -- FILE\n');
    return exitCode.usage;
  }
  const loaded = loadConfig(world.env, readConfigFile);
  if (loaded.kind === 'invalid') {
    for (const problem of loaded.problems) world.stderr.write(`${problem}\n`);
    return exitCode.config;
  }
  try {
    await backupStore(storeOptionsOf(loaded.config), file);
    world.stdout.write(`${file}\n`);
    return exitCode.ok;
  } catch (error) {
    if (!(error instanceof StoreRefusedError)) throw error;
    world.stderr.write(`${error.message}\n`);
    return exitCode.failed;
  }
}
