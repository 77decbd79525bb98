import { parseArgs } from 'node:util';
import { loadConfig } from '../../edges/config/index.js';
import { HttpListenError } from '../../edges/observability/index.js';
import { StoreBusyError, StoreRefusedError } from '../../edges/store/index.js';
import type { Role } from '../service/app.js';
import { readConfigFile } from '../config-files.js';
import { exitCode, OperatorError, type ExitCode, type World } from '../world.js';

export const startUsage = 'usage: npm start -- [--role all|ingest|bot] [--check]';

/** Runs the service until `world.signal`. Returns the exit code. */
export async function start(argv: readonly string[], world: World): Promise<ExitCode> {
  const say = (text: string): void => void world.stderr.write(`${text}\n`);
  let values;
  try {
    ({ values } = parseArgs({
      args: [...argv],
      options: { role: { type: 'string', default: 'all' }, check: { type: 'boolean', default: false } },
    }));
  } catch (error) {
    say(`${(error as Error).message}\n${startUsage}`);
    return exitCode.usage;
  }
  const loaded = loadConfig(world.env, readConfigFile);
  const problems = loaded.kind === 'invalid' ? [...loaded.problems] : [];
  const role = values.role;
  if (!isRole(role)) problems.push(`--role: expected all, ingest or bot, got "${role}"`);
  else if (role !== 'all' && loaded.kind === 'ok' && loaded.config.redisUrl === null) {
    problems.push(`--role ${role}: set REDIS_URL; the embedded store serves one process only, with the role all`);
  }
  if (problems.length > 0 || loaded.kind === 'invalid' || !isRole(role)) {
    for (const problem of problems) say(problem);
    return exitCode.config;
  }
  if (values.check) return (await import('./check.js')).check(loaded.config, world);
  let app;
  try {
    const { createApp } = await import('../service/app.js');
    app = await createApp(loaded.config, role, world);
  } catch (error) {
    if (error instanceof StoreBusyError) {
      say(error.message);
      return exitCode.busy;
    }
    if (error instanceof StoreRefusedError || error instanceof HttpListenError) {
      say(error.message);
      return exitCode.config;
    }
    throw error;
  }
  // `done` settles before the signal only if a part of the service fails.
  const code = await Promise.race([aborted(world.signal), app.done]).then(
    () => exitCode.ok,
    (error: unknown) => {
      if (!(error instanceof StoreRefusedError || error instanceof OperatorError)) return exitCode.failed;
      say(error.message);
      return exitCode.config;
    },
  );
  await app.stop();
  return code;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

function isRole(role: string): role is Role {
  return role === 'all' || role === 'ingest' || role === 'bot';
}
