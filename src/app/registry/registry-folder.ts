import { createHash, randomBytes } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { mapText, parseMapText, type CountryMap } from '../../core/countries/index.js';
import { hourMs } from '../../core/time.js';
import type { FileVersion } from '../../edges/feed/index.js';

/** Named by a checksum. The one that ships with the program is known by its day, and gzip's own checksum guards it. */
const fileName = /^(\d{8}-(?:[0-9a-f]{16}|package))\.gz$/;
/** The files that were written or used last. */
const filesKept = 3;
/** A temporary file that is older than the newest file by this was left by a process that died. */
const tornAfterMs = hourMs;
/** Ten times the length of a map as text. */
const mostBytes = 64 * 1024 * 1024;
const noteName = 'download.json';

/** What was downloaded last, and from where, so that only something newer is asked for. */
export interface DownloadNote {
  readonly url: string;
  readonly version: FileVersion | null;
  /** The file that was made of it. */
  readonly file: string;
}

/**
 * DATA_DIR/registry: compressed maps of which country holds which addresses, each named by its day and the beginning of
 * its checksum, so that a torn or foreign file is recognised. The service and `npm run update-registry` may both write
 * here, because a file appears whole or not at all.
 */
export class RegistryFolder {
  readonly path: string;

  constructor(dataDir: string) {
    this.path = join(dataDir, 'registry');
  }

  /** Names of all maps, newest first: by day, then by when they were written. */
  async names(): Promise<string[]> {
    const files = await this.#files();
    return files
      .sort((a, b) =>
        a.name.slice(0, 8) < b.name.slice(0, 8) ? 1 : a.name.slice(0, 8) > b.name.slice(0, 8) ? -1 : b.at - a.at,
      )
      .map(({ name }) => name);
  }

  /** null if there is no such file. Throws an Error that names the file if its content is not valid. */
  async read(name: string): Promise<CountryMap | null> {
    const file = join(this.path, `${name}.gz`);
    let packed: Buffer;
    try {
      packed = await readFile(file);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
    const text = await promisify(gunzip)(packed, { maxOutputLength: mostBytes }).catch(() => null);
    const isWhole = text !== null && (name === packageName(name.slice(0, 8)) || name.endsWith(checksumOf([text])));
    const map = !isWhole ? null : parseMapText(text.toString('latin1'));
    if (map === null) throw new Error(`${file} is torn, or no registry: it is not used`);
    return map;
  }

  /** `day`: YYYYMMDD. Returns the file's name. Removes the oldest files. */
  async write(map: CountryMap, day: string, origin: 'download' | 'package'): Promise<string> {
    const pieces = [...mapText(map)].map((piece) => Buffer.from(piece, 'latin1'));
    const name = origin === 'package' ? packageName(day) : `${day}-${checksumOf(pieces)}`;
    await this.#put(`${name}.gz`, await promisify(gzip)(Buffer.concat(pieces)));
    await this.#tidy();
    return name;
  }

  /** The file is in use, so it is not the next to be removed. */
  async touch(name: string, at: Date): Promise<void> {
    await utimes(join(this.path, `${name}.gz`), at, at);
  }

  /** null if nothing was downloaded, or its file was removed. */
  async note(): Promise<DownloadNote | null> {
    try {
      const note = JSON.parse(await readFile(join(this.path, noteName), 'utf8')) as DownloadNote;
      return (await this.names()).includes(note.file) ? note : null;
    } catch {
      return null;
    }
  }

  async writeNote(note: DownloadNote): Promise<void> {
    await this.#put(noteName, Buffer.from(JSON.stringify(note)));
  }

  async #put(name: string, content: Uint8Array): Promise<void> {
    await mkdir(this.path, { recursive: true });
    const draft = join(this.path, `${name}.${randomBytes(4).toString('hex')}.tmp`);
    const file = await open(draft, 'wx');
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, join(this.path, name));
  }

  async #files(): Promise<{ readonly name: string; readonly at: number }[]> {
    const entries = await readdir(this.path).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    });
    const names = entries.flatMap((entry) => fileName.exec(entry)?.[1] ?? []);
    const dated = await Promise.all(names.map(async (name) => ({ name, at: await this.#writtenAt(`${name}.gz`) })));
    return dated.flatMap(({ name, at }) => (at === null ? [] : [{ name, at }]));
  }

  /** null if another process removed it. */
  async #writtenAt(entry: string): Promise<number | null> {
    return stat(join(this.path, entry)).then(
      ({ mtimeMs }) => mtimeMs,
      () => null,
    );
  }

  async #tidy(): Promise<void> {
    const files = (await this.#files()).sort((a, b) => b.at - a.at);
    for (const { name } of files.slice(filesKept)) await rm(join(this.path, `${name}.gz`), { force: true });
    for (const entry of await readdir(this.path)) {
      const at = entry.endsWith('.tmp') ? await this.#writtenAt(entry) : null;
      if (at !== null && at < files[0].at - tornAfterMs) await rm(join(this.path, entry), { force: true });
    }
  }
}

/** The name of the map that ships with the program. */
export function packageName(day: string): string {
  return `${day}-package`;
}

function checksumOf(pieces: readonly Uint8Array[]): string {
  const hash = createHash('sha256');
  for (const piece of pieces) hash.update(piece);
  return hash.digest('hex').slice(0, 16);
}
