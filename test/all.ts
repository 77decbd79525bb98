/**
 * npm test: every test beside types, lint and layout. `npm run test:unit` (argument `unit`): only the tests. node:test
 * of Node 20 takes no patterns, so this lists the files: each test below a folder `alone` gets a process of its own,
 * all others share one with their neighbours (test/together).
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
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

const lint = process.argv[2] === 'unit' ? true : run('test/types-and-lint.ts');
const areWell = await run('--test', '--test-concurrency=3', ...alone, ...together);
process.exitCode = areWell && (await lint) ? 0 : 1;
