import { loadConfig } from '../../edges/config/index.js';
import {
  StoreBusyError,
  StoreRefusedError,
  StoreUnavailableError,
  type StoreOptions,
} from '../../edges/store/index.js';
import { readConfigFile } from '../config-files.js';
import { storeOptionsOf } from '../service/store-options.js';
import { exitCode, type ExitCode, type World } from '../world.js';

/**
 * Runs one command on the store that the environment names. A configuration that is not valid and an error of the store
 * are reported in sentences, with an exit code.
 */
export async function onStore(
  { env }: World,
  say: (text: string) => void,
  act: (options: StoreOptions) => Promise<ExitCode>,
): Promise<ExitCode> {
  const loaded = loadConfig(env, readConfigFile);
  if (loaded.kind === 'invalid') {
    for (const problem of loaded.problems) say(problem);
    return exitCode.config;
  }
  try {
    return await act(storeOptionsOf(loaded.config));
  } catch (error) {
    if (error instanceof StoreBusyError) {
      say(`${error.message} Stop the service first.`);
      return exitCode.busy;
    }
    if (!(error instanceof StoreRefusedError) && !(error instanceof StoreUnavailableError)) throw error;
    say(error.message);
    return exitCode.unavailable;
  }
}
