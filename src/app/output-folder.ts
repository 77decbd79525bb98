import { constants } from 'node:fs';
import { access, mkdir } from 'node:fs/promises';

/** Makes the folder if it does not exist. Returns why files cannot be written into it; null if they can. */
export async function unwritable(name: string, folder: string): Promise<string | null> {
  try {
    await mkdir(folder, { recursive: true });
    await access(folder, constants.W_OK);
    return null;
  } catch (error) {
    return `${name} ${folder}: cannot be written into (${String((error as NodeJS.ErrnoException).code)})`;
  }
}
