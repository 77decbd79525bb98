/** The command line: the only file that touches `process`. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { config as loadDotenv } from 'dotenv';
import {
  adopt,
  backup,
  commands,
  demo,
  replay,
  start,
  subscriptions,
  updateRegistry,
  type ExitCode,
  type World,
} from './app/index.js';
import { systemClock } from './edges/clock.js';

loadDotenv({ quiet: true });
// In a folder without configuration (`npx lightsout`), the package's own configuration is used.
if (!existsSync('config')) process.env['CONFIG_DIR'] ||= fileURLToPath(new URL('../config', import.meta.url));
const ended = new AbortController();

let service = false;
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', ({ code, message }: NodeJS.ErrnoException) => {
    // EPIPE means that the reader has gone (`| head`): the service then stops in order, and another command exits. A
    // log that cannot be written for another reason, such as a full disk, does not stop the service.
    if (service) {
      if (code === 'EPIPE' || stream === process.stdout) ended.abort();
    } else if (code === 'EPIPE') process.exit(0);
    else {
      process.stderr.write(`${message}\n`);
      process.exit(1);
    }
  });
}

const world: World = {
  env: process.env,
  stdout: process.stdout,
  stderr: process.stderr,
  clock: systemClock,
  random: Math.random,
  signal: ended.signal,
};

function run(argv: readonly string[]): Promise<ExitCode> {
  const [command, ...rest] = argv;
  switch (command) {
    case 'replay':
      return replay(rest, world);
    case 'demo':
      return demo(rest, world);
    case 'adopt':
      return adopt(rest, world);
    case 'commands':
      return commands(rest, world);
    case 'backup':
      return backup(rest, world);
    case 'subscriptions':
      return subscriptions(rest, world);
    case 'update-registry':
      return updateRegistry(rest, world);
    default:
      // Only the service has something to save: a signal ends every other command at once.
      for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => ended.abort());
      service = true;
      return start(argv, world);
  }
}

// An open socket or timer must not keep the process alive after the command has ended.
process.exit(await run(process.argv.slice(2)));
