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
// In a folder without configuration (`npx lightsout`), the package's own is in force.
if (!existsSync('config')) process.env['CONFIG_DIR'] ||= fileURLToPath(new URL('../config', import.meta.url));
const ended = new AbortController();

let service = false;
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', ({ code, message }: NodeJS.ErrnoException) => {
    // Nobody reads any more (`| head`): a service stops in good order, the others are done. A full disk below a log
    // stops nothing.
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
      // The other commands have nothing to save: a signal ends them where they are.
      for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => ended.abort());
      service = true;
      return start(argv, world);
  }
}

// Sockets and timers of a service that has stopped must not keep the process.
process.exit(await run(process.argv.slice(2)));
