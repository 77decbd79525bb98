/**
 * The service in a process of its own. Only its clock differs, which the parent moves: sockets and files are real, time
 * is event time. Its argument is the time to begin at; its configuration comes from the environment, as always.
 */
import { createApp } from '../../../src/app/service/app.js';
import { readFileSync } from 'node:fs';
import { loadConfig } from '../../../src/edges/config/index.js';
import { FakeClock } from '../../support/clocks/fake-clock.js';
import { seededRandom } from '../../support/random.js';
import { settled } from '../../support/process/real-work.js';

/** stall: the machine slept for this long. */
export type ToService = { readonly kind: 'advance' | 'stall'; readonly ms: number } | { readonly kind: 'stop' };
export type FromService = { readonly kind: 'started'; readonly port: number } | { readonly kind: 'advanced' };

/** What was sent on loopback is read within this many turns of the event loop. */
const turns = 4;

const clock = new FakeClock(Number(process.argv[2]));
const loaded = loadConfig(process.env, (path) => readFileSync(path, 'utf8'));
if (loaded.kind === 'invalid') throw new Error(loaded.problems.join('\n'));
const app = await createApp({ ...loaded.config, http: { host: '127.0.0.1', port: 0 } }, 'all', {
  env: process.env,
  clock,
  random: seededRandom(clock.now()),
  signal: new AbortController().signal,
  stdout: process.stdout,
  stderr: process.stderr,
});
const tell = (message: FromService): void => void process.send?.(message);

async function obey(message: ToService): Promise<void> {
  if (message.kind === 'stop') {
    await app.stop();
    process.exit();
  }
  if (message.kind === 'stall') clock.stall(message.ms);
  else await clock.advance(message.ms);
  for (let turn = 0; turn < turns; turn++) await settled();
  tell({ kind: 'advanced' });
}

process.on('message', (message: ToService) => void obey(message));
process.once('disconnect', () => process.exit());
tell({ kind: 'started', port: app.httpPort! });
