/**
 * npm test: every test beside types, lint and layout. `npm run test:unit` (argument `unit`): only the tests. `npm run
 * test:long` (argument `long`): only the seeded tests that use test/support/long.ts, with many more seeds. node:test of
 * Node 20 takes no patterns, so this lists the files: each test below a folder `alone` gets a process of its own, all
 * others share one with their neighbours (test/together).
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const tsx = ['--import', 'tsx'];

async function run(...args: readonly string[]): Promise<boolean> {
  const child = spawn(process.execPath, [...tsx, ...args], { stdio: 'inherit' });
  const [code] = (await once(child, 'exit')) as [number | null];
  return code === 0;
}

const paths = readdirSync('test', { recursive: true, encoding: 'utf8' }).map((path) => join('test', path));
const alone = paths.filter((path) => /[/\\]alone[/\\][^/\\]*\.test\.ts$/.test(path)).sort();
const together = paths.filter((path) => /^test[/\\]together[/\\](?!import-tests)[^/\\]*\.ts$/.test(path)).sort();

const long = paths
  .filter((path) => path.endsWith('.test.ts') && readFileSync(path, 'utf8').includes("/long.js'"))
  .sort();

const mode = process.argv[2] ?? 'all';
if (mode === 'long') process.env['LONG_TESTS'] = '1';
const files = mode === 'long' ? long : [...alone, ...together];
const lint = mode === 'all' ? run('test/types-and-lint.ts') : true;
// A test that waits for ever fails in the end.
const timeoutMs = (mode === 'long' ? 120 : 15) * 60_000;
const areWell = await run('--test', '--test-concurrency=3', `--test-timeout=${timeoutMs}`, ...files);
process.exitCode = areWell && (await lint) ? 0 : 1;
