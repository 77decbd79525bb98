/** bin/lightsout.mjs: an edited source runs, a deleted one does not, and a package runs as it is. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'lightsout-launcher-'));
after(() => rmSync(scratch, { recursive: true, force: true }));

interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs plain node. `onStdout` gets each piece of its standard output. */
async function node(args: readonly string[], cwd: string, onStdout?: (kill: () => void) => void): Promise<Run> {
  const child = spawn(process.execPath, args, { cwd, env: { PATH: process.env['PATH'] } });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
    onStdout?.(() => child.kill('SIGTERM'));
  });
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}

/** A checkout with this launcher and a program of two files, one of which prints `word`. */
function checkout(word: string): { launch: typeof launch; write: typeof write; path: typeof path } {
  const folder = mkdtempSync(join(scratch, 'checkout-'));
  const path = (name: string): string => join(folder, name);
  const write = (name: string, text: string): void => {
    mkdirSync(dirname(path(name)), { recursive: true });
    writeFileSync(path(name), text);
  };
  const launch = (argument = '', onStdout?: (kill: () => void) => void): Promise<Run> =>
    node([path('bin/lightsout.mjs'), argument], scratch, onStdout);
  for (const name of ['bin', 'tsconfig.build.json']) cpSync(join(root, name), path(name), { recursive: true });
  symlinkSync(join(root, 'node_modules'), path('node_modules'));
  write('package.json', '{ "type": "module" }');
  const compilerOptions = { target: 'ES2022', module: 'NodeNext', lib: ['ES5'], types: [], strict: true };
  write('tsconfig.json', JSON.stringify({ compilerOptions }));
  write('src/word.ts', `export const word = '${word}';\n`);
  write('src/fonts/font.txt', 'letters\n');
  write(
    'src/main.ts',
    `import { word } from './word.js';
declare const console: { log(text: string): void };
declare const process: { argv: string[]; on(signal: string, then: () => void): void; exit(code: number): never };
declare function setInterval(then: () => void, ms: number): void;
process.on('SIGTERM', () => process.exit(7));
console.log(word);
if (process.argv[2] === 'wait') setInterval(() => undefined, 1000);
`,
  );
  return { launch, write, path };
}

test('the first start builds what --ignore-scripts left unbuilt, the next ones only what changed', async () => {
  const { launch, write, path } = checkout('first');
  write('src/old.ts', 'export const old = 1;\n');
  assert.deepEqual(await launch(), { code: 0, stdout: 'first\n', stderr: '' });
  assert.equal(readFileSync(path('dist/fonts/font.txt'), 'utf8'), 'letters\n');
  assert.ok(existsSync(path('dist/old.js')));

  const stamp = readFileSync(path('dist/.built-from'), 'utf8');
  assert.deepEqual(await launch(), { code: 0, stdout: 'first\n', stderr: '' });
  assert.equal(readFileSync(path('dist/.built-from'), 'utf8'), stamp);

  // The new source has the same length as the old one, and an older date.
  write('src/word.ts', `export const word = 'again';\n`);
  utimesSync(path('src/word.ts'), new Date(0), new Date(0));
  rmSync(path('src/old.ts'));
  rmSync(path('src/fonts'), { recursive: true });
  assert.deepEqual(await launch(), { code: 0, stdout: 'again\n', stderr: '' });
  for (const gone of ['old.js', 'old.js.map', 'fonts']) assert.ok(!existsSync(path(`dist/${gone}`)), gone);

  // A lost file of dist is built again, and a file that belongs to no source is removed.
  rmSync(path('dist/word.js'));
  write('dist/stray.js', '');
  assert.deepEqual(await launch(), { code: 0, stdout: 'again\n', stderr: '' });
  assert.ok(!existsSync(path('dist/stray.js')));
});

test('every command goes through the launcher, and needs no shell', () => {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  assert.equal(scripts['start'], 'node bin/lightsout.mjs');
  for (const name of ['demo', 'replay', 'backup', 'commands', 'adopt', 'subscriptions', 'update-registry'])
    assert.equal(scripts[name], `node bin/lightsout.mjs ${name}`);
  const free = Object.entries(scripts).filter(([name]) => name !== 'lint');
  for (const [name, script] of free) assert.match(script, /^[\w ./:-]+$/, name);
});

test('a source that does not compile is named, and the last build does not run in its place', async () => {
  const { launch, write, path } = checkout('sound');
  assert.equal((await launch()).stdout, 'sound\n');
  write('src/word.ts', `export const word: string = 5;\n`);
  const { code, stdout, stderr } = await launch();
  assert.deepEqual({ code, stdout }, { code: 1, stdout: '' });
  assert.match(stderr, /src\/word\.ts\(1,14\): error TS2322: Type 'number' is not assignable to type 'string'/);
  assert.deepEqual(
    readdirSync(path('.')).filter((name) => name.startsWith('dist')),
    ['dist'],
  );
});

test('launchers started together run the same build, and pass on the signal and exit code', async () => {
  const { launch, write } = checkout('whole');
  // Left by a launcher that was killed: no process has this number.
  write('dist.lock', '4194305');
  write('dist.new-killed/main.js', '');
  const runs = await Promise.all([launch(), launch(), launch('wait', (kill) => kill())]);
  for (const [index, code] of [0, 0, 7].entries())
    assert.deepEqual(runs[index], { code, stdout: 'whole\n', stderr: '' });
});

test('a Node.js that is too old is told so in one sentence, before anything is imported', async () => {
  const { engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { engines: { node: string } };
  assert.equal(engines.node, '>=20.19.0');
  const folder = mkdtempSync(join(scratch, 'old-'));
  cpSync(join(root, 'bin/lightsout.mjs'), join(folder, 'lightsout.mjs'));
  for (const version of ['12.22.12', '18.20.8', '20.18.3']) {
    const feign = `Object.defineProperty(process, 'versions', { value: { node: '${version}' } });`;
    writeFileSync(join(folder, 'feign.cjs'), feign);
    assert.deepEqual(await node(['-r', './feign.cjs', 'lightsout.mjs', 'demo'], folder), {
      code: 1,
      stdout: '',
      stderr: `lightsout needs Node.js 20.19 or later, and this is Node.js ${version}.\n`,
    });
  }
});

test('the packed tarball plays the demo in an empty folder, with nothing but its dependencies', async () => {
  const folder = mkdtempSync(join(scratch, 'packed-'));
  const built = await node([join(root, 'bin/build.mjs')], root);
  assert.equal(built.code, 0, built.stderr);
  await command('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder], root);
  const [tarball] = readdirSync(folder);
  await command('tar', ['-xzf', tarball], folder);
  const program = join(folder, 'package');
  assert.ok(!existsSync(join(program, 'src')));
  assert.ok(
    !readdirSync(join(program, 'dist'), { recursive: true }).some((name) => /\.(map|ts)$|^\./.test(String(name))),
  );

  const { dependencies } = JSON.parse(readFileSync(join(program, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  for (const name of Object.keys(dependencies)) {
    mkdirSync(dirname(join(program, 'node_modules', name)), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), join(program, 'node_modules', name));
  }
  const empty = mkdtempSync(join(scratch, 'empty-'));
  const { code, stdout, stderr } = await node([join(program, 'bin/lightsout.mjs'), 'demo'], empty);
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
  assert.match(stdout, /North Korea/);
  assert.ok(
    readdirSync(join(empty, 'data'), { recursive: true }).some((name) => String(name).endsWith('.png')),
    stdout,
  );
});

async function command(name: string, args: readonly string[], cwd: string): Promise<void> {
  const child = spawn(name, args, { cwd, stdio: ['ignore', 'ignore', 'inherit'] });
  const [code] = (await once(child, 'close')) as [number | null];
  assert.equal(code, 0, `${name} ${args.join(' ')}`);
}
