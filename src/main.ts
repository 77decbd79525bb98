/** The command line: the only file that touches `process`. */
import { config as loadDotenv } from 'dotenv';
import { adopt, backup, demo, replay, start, type ExitCode, type World } from './app/index.js';
import { systemClock } from './clock.js';

loadDotenv({ quiet: true });
const ended = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => ended.abort());

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
      return demo(world);
    case 'adopt':
      return adopt(rest, world);
    case 'backup':
      return backup(rest, world);
    default:
      return start(argv, world);
  }
}

// Sockets and timers of a service that has stopped must not keep the process.
process.exit(await run(process.argv.slice(2)));
