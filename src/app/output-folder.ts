import { constants } from 'node:fs';
import { access, mkdir } from 'node:fs/promises';

/** Makes the folder where it is not there; why nothing can be written into it, in a sentence, or null. */
export async function unwritable(name: string, folder: string): Promise<string | null> {
  try {
    await mkdir(folder, { recursive: true });
    await access(folder, constants.W_OK);
    return null;
  } catch (error) {
    return `${name} ${folder}: cannot be written into (${String((error as NodeJS.ErrnoException).code)})`;
  }
}
