import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const cache = fileURLToPath(new URL('../../../node_modules/.cache/', import.meta.url));

export interface RedisBinary {
  readonly path: string;
  /** The environment it needs to run. */
  readonly env: Readonly<Record<string, string>>;
}

/**
 * redis-server from PATH, or else Debian's package, unpacked into node_modules/.cache: nothing is installed, and root
 * is not needed. Rejects with one sentence if both fail.
 */
export async function findRedisServer(): Promise<RedisBinary> {
  const installed = { path: 'redis-server', env: {} };
  if (await runs(installed)) return installed;
  const root = join(cache, `redis-server-${process.arch}`);
  if (existsSync(root)) {
    const cached = unpackedIn(root);
    if (await runs(cached)) return cached;
    rmSync(root, { recursive: true, force: true });
  }
  await unpack(root);
  const unpacked = unpackedIn(root);
  if (!(await runs(unpacked)))
    throw new Error(
      `The tests need redis-server: the one unpacked into ${root} does not run, so install Redis 6.2 or later.`,
    );
  return unpacked;
}

async function runs({ path, env }: RedisBinary): Promise<boolean> {
  return run(path, ['--version'], { env: { ...process.env, ...env } }).then(
    () => true,
    () => false,
  );
}

function unpackedIn(root: string): RedisBinary {
  const folders = ['usr/lib', 'lib'].map((name) => join(root, name)).filter((folder) => existsSync(folder));
  const libraries = folders.flatMap((folder) => [folder, ...readdirSync(folder).map((name) => join(folder, name))]);
  return { path: join(root, 'usr/bin/redis-server'), env: { LD_LIBRARY_PATH: libraries.join(':') } };
}

/**
 * Two test files may do this at once. Each unpacks into its own folder; the first to finish renames its folder to
 * `root`.
 */
async function unpack(root: string): Promise<void> {
  const work = `${root}.${process.pid}`;
  const own = {
    lists: join(work, 'lists'),
    cache: join(work, 'cache'),
    debs: join(work, 'debs'),
    root: join(work, 'root'),
  };
  const apt = [
    '-o',
    `Dir::State::lists=${own.lists}`,
    '-o',
    `Dir::Cache=${own.cache}`,
    '-o',
    'APT::Sandbox::User=root',
  ];
  try {
    for (const folder of [join(own.lists, 'partial'), join(own.cache, 'archives/partial'), own.debs, own.root]) {
      mkdirSync(folder, { recursive: true });
    }
    // A package source that does not answer is no problem if the packages are found in the others.
    await run('apt-get', [...apt, '-q', 'update']).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw error;
    });
    await run('apt-get', [...apt, '-q', 'download', ...(await missingPackages(apt))], { cwd: own.debs });
    for (const deb of readdirSync(own.debs)) await run('dpkg', ['-x', join(own.debs, deb), own.root]);
    renameSync(own.root, root);
  } catch (error) {
    if (existsSync(root)) return;
    const reason =
      (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no apt-get here' : (error as Error).message.trim();
    throw new Error(
      `The tests need redis-server, which is not on PATH, and Debian's could not be unpacked (${reason}): ` +
        'install Redis 6.2 or later.',
    );
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** redis-server, and those of its libraries that this machine lacks. */
async function missingPackages(apt: readonly string[]): Promise<string[]> {
  const missing = ['redis-server', 'redis-tools'];
  for (const name of missing) {
    const { stdout } = await run('apt-cache', [...apt, 'depends', '--no-recommends', '--no-suggests', name]);
    for (const [, library] of stdout.matchAll(/^ +\|?Depends: (lib\S+)$/gm)) {
      if (!missing.includes(library) && !(await isInstalled(library))) missing.push(library);
    }
  }
  return missing;
}

async function isInstalled(name: string): Promise<boolean> {
  // One status for each architecture that the package is installed for.
  const status = await run('dpkg-query', ['-W', '-f', '${db:Status-Status} ', name]).catch(() => ({ stdout: '' }));
  return status.stdout.split(' ').includes('installed');
}
