import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** The tests below a folder of test/, except those below a folder `alone`: sorted paths, relative to test/. */
export function testsBelow(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((path) => join(folder, path).replaceAll('\\', '/'))
    .filter((path) => path.endsWith('.test.ts') && !path.split('/').includes('alone'))
    .sort();
}

/** Runs every test below these folders in this process, because a process of its own costs each file a second. */
export async function importTests(...folders: readonly string[]): Promise<void> {
  for (const path of folders.flatMap(testsBelow)) await import(pathToFileURL(join(root, path)).href);
}
