import { createHash, randomBytes } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { mapText, parseMapText, type CountryMap } from '../../core/countries/index.js';
import type { FileVersion } from '../../edges/feed/index.js';

/** By checksum; of one that shipped with the program, which needs no telling apart, gzip's own must do. */
const fileName = /^(\d{8}-(?:[0-9a-f]{16}|package))\.gz$/;
/** As many as were last written or used. */
const filesKept = 3;
const tornAfterMs = 3_600_000;
/** Ten times what a map comes to as text. */
const mostBytes = 64 * 1024 * 1024;
const noteName = 'download.json';

/** What was last downloaded, and from where: to ask only for what is newer. */
export interface DownloadNote {
  readonly url: string;
  readonly version: FileVersion | null;
  /** What it became. */
  readonly file: string;
}

/**
 * DATA_DIR/registry: maps of who holds what, compressed, each named by its day and the beginning of its checksum, so
 * that a torn or foreign file is known. The service and `npm run update-registry` may both write here, for files come
 * whole or not at all.
 */
export class RegistryFolder {
  readonly path: string;

  constructor(dataDir: string) {
    this.path = join(dataDir, 'registry');
  }

  /** Names of all maps, the newest first: by their day, then as they were written. */
  async names(): Promise<string[]> {
    const files = await this.#files();
    return files
      .sort((a, b) =>
        a.name.slice(0, 8) < b.name.slice(0, 8) ? 1 : a.name.slice(0, 8) > b.name.slice(0, 8) ? -1 : b.at - a.at,
      )
      .map(({ name }) => name);
  }

  /** null: there is none. Throws an Error that names the file where it is not what it says. */
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
    if (map === null) throw new Error(`${file} is torn, or no registry: it is passed over`);
    return map;
  }

  /** `day`: YYYYMMDD; `origin`: where it came from. Returns its name. The oldest files go. */
  async write(map: CountryMap, day: string, origin: 'download' | 'package'): Promise<string> {
    const pieces = [...mapText(map)].map((piece) => Buffer.from(piece, 'latin1'));
    const name = origin === 'package' ? packageName(day) : `${day}-${checksumOf(pieces)}`;
    await this.#put(`${name}.gz`, await promisify(gzip)(Buffer.concat(pieces)));
    await this.#tidy();
    return name;
  }

  /** It is in use: not the next to go. */
  async touch(name: string, at: Date): Promise<void> {
    await utimes(join(this.path, `${name}.gz`), at, at);
  }

  /** null: nothing is known, or what it speaks of is not here any more. */
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

  /** null: somebody else removed it. */
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

/** Of the map that ships with the program. */
export function packageName(day: string): string {
  return `${day}-package`;
}

function checksumOf(pieces: readonly Uint8Array[]): string {
  const hash = createHash('sha256');
  for (const piece of pieces) hash.update(piece);
  return hash.digest('hex').slice(0, 16);
}
