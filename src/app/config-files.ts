import { readFileSync } from 'node:fs';

/** The text of a configuration file; null if there is no such file. */
export function readConfigFile(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
