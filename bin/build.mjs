/** Makes dist of src, unless dist is up to date. The launcher does so before each start, `npm run build` at any time. */
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const src = join(root, 'src');
const dist = join(root, 'dist');
/** Holds the process id of the launcher that builds. */
const lock = join(root, 'dist.lock');
/** The sources that dist was built from and the files that came of it, each with its time and size. */
const stampName = '.built-from';
const compilerStateName = '.tsbuildinfo';
const staleLockMs = 10 * 60_000;
/** Explains the sources, and is no part of the program. */
const isExplanation = (/** @type {string} */ path) => /\.(md|png)$/.test(path);

/** False if the sources do not compile; the compiler's errors are then on standard error, and dist is as it was. */
export async function build() {
  if (isUpToDate()) return true;
  await takeLock();
  try {
    // Another launcher may have built while this one waited.
    return isUpToDate() || compile();
  } finally {
    rmSync(lock, { force: true });
  }
}

function isUpToDate() {
  try {
    return lastStamp() === stampOf(sources(), dist);
  } catch (error) {
    // Not built yet, or being replaced by another launcher.
    if (isCode(error, 'ENOENT')) return false;
    throw error;
  }
}

function lastStamp() {
  return readFileSync(join(dist, stampName), 'utf8');
}

/** A time alone would not do: a file can be replaced by an older one. */
function sources() {
  const settings = readdirSync(root).filter((name) => /^(package|tsconfig.*)\.json$/.test(name));
  return listed(root, settings) + listed(src);
}

/** @param {string} sourceList @param {string} output */
function stampOf(sourceList, output) {
  return `${sourceList}\n${listed(output)}`;
}

/** @param {string} folder */
function listed(folder, names = readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
  let lines = '';
  for (const name of names.sort()) {
    const file = statSync(join(folder, name), { throwIfNoEntry: false });
    if (file?.isFile() && name !== stampName && !isExplanation(name)) lines += `${name} ${file.mtimeMs} ${file.size}\n`;
  }
  return lines;
}

/** Builds into a folder beside dist, which then takes its place: dist is complete at any time. */
function compile() {
  const compiler = compilerPath();
  if (compiler === null) {
    process.stderr.write('lightsout cannot be built because TypeScript is not installed: run npm ci.\n');
    return false;
  }
  if (process.stderr.isTTY) process.stderr.write('Building lightsout from its sources ...\n');
  for (const name of readdirSync(root)) if (name.startsWith('dist.new-')) remove(join(root, name));
  const output = mkdtempSync(join(root, 'dist.new-'));
  try {
    const sourceList = sources();
    copyLastBuild(output);
    const compilerState = join(output, compilerStateName);
    const config = ['-p', join(root, 'tsconfig.build.json'), '--outDir', output, '--tsBuildInfoFile', compilerState];
    const { status } = spawnSync(process.execPath, [compiler, ...config], {
      // Standard output is the program's.
      stdio: ['ignore', process.stderr.fd, process.stderr.fd],
    });
    if (status !== 0) return false;
    // Fonts and routes are read from beside the scripts.
    cpSync(src, output, { recursive: true, filter: (path) => !path.endsWith('.ts') && !isExplanation(path) });
    writeFileSync(join(output, stampName), stampOf(sourceList, output));
    const old = mkdtempSync(join(root, 'dist.new-'));
    if (existsSync(dist)) renameSync(dist, join(old, 'dist'));
    renameSync(output, dist);
    remove(old);
    return true;
  } finally {
    remove(output);
  }
}

/** With it the compiler looks at what changed alone, in a quarter of the time. What has lost its source stays behind. */
function copyLastBuild(/** @type {string} */ output) {
  if (!existsSync(join(dist, stampName)) || !lastStamp().endsWith(stampOf('', dist))) return;
  cpSync(dist, output, {
    recursive: true,
    filter: (path) => {
      const name = relative(dist, path);
      return name === compilerStateName || existsSync(join(src, name.replace(/\.js(\.map)?$/, '.ts')));
    },
  });
}

function compilerPath() {
  try {
    return createRequire(import.meta.url).resolve('typescript/bin/tsc');
  } catch {
    return null;
  }
}

/** @param {string} folder */
function remove(folder) {
  rmSync(folder, { recursive: true, force: true });
}

async function takeLock() {
  for (;;) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' });
      return;
    } catch (error) {
      if (!isCode(error, 'EEXIST')) throw error;
    }
    if (isLockStale()) rmSync(lock, { force: true });
    else await sleep(50);
  }
}

/** A launcher that was killed leaves its lock. */
function isLockStale() {
  const takenAt = statSync(lock, { throwIfNoEntry: false })?.mtimeMs;
  if (takenAt === undefined) return false;
  try {
    const owner = Number(readFileSync(lock, 'utf8'));
    process.kill(owner, 0);
    return owner === process.pid || Date.now() - takenAt > staleLockMs;
  } catch (error) {
    return isCode(error, 'ESRCH');
  }
}

/** @param {unknown} error @param {string} code */
function isCode(error, code) {
  return error instanceof Error && 'code' in error && error.code === code;
}

// Imported, it waits to be asked.
if (realpathSync(process.argv[1] ?? '') === fileURLToPath(import.meta.url)) process.exitCode = (await build()) ? 0 : 1;
