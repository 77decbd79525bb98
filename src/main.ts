/** The command line: the only file that touches `process`. */
import 'dotenv/config';
import { systemClock } from './clock.js';
import { demo } from './app/demo/demo.js';
import { replay } from './app/replay.js';
import type { World } from './app/world.js';

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

const [command, ...rest] = process.argv.slice(2);
if (command === 'replay') process.exitCode = await replay(rest, world);
if (command === 'demo') process.exitCode = await demo(world);
