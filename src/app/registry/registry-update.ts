import type { Clock } from '../../edges/clock.js';
import {
  DelegatedReader,
  doubtsAbout,
  mapChanges,
  totalsOf,
  type CountryMap,
  type DelegatedCounts,
  type MapChange,
  type MapTotals,
} from '../../core/countries/index.js';
import { createArchive, downloadRegistry } from '../../edges/feed/index.js';
import { loadRegistry, packagedDay } from './registry.js';
import { packageName, type RegistryFolder } from './registry-folder.js';

export type RegistryUpdate =
  /** Nothing was to be had that is not here. */
  | { readonly kind: 'unchanged'; readonly file: string }
  | {
      readonly kind: 'new';
      readonly file: string;
      readonly totals: MapTotals;
      readonly counts: DelegatedCounts;
      readonly changes: readonly MapChange[];
    }
  /** It came whole, and is not to be believed. */
  | { readonly kind: 'refused'; readonly doubts: readonly string[] }
  | { readonly kind: 'failed'; readonly reason: string };

export interface UpdateOptions {
  readonly folder: RegistryFolder;
  readonly url: string;
  readonly clock: Clock;
  readonly random: () => number;
  /**
   * Takes a registry that is off by more than is believed, as its operator has looked at it; one that is not whole it
   * does not take.
   */
  readonly acceptChange: boolean;
  readonly signal: AbortSignal;
}

/** Downloads the registry and, if it is another than the newest here and sound, puts it into the folder. */
export async function updateRegistry({
  folder,
  url,
  clock,
  random,
  acceptChange,
  signal,
}: UpdateOptions): Promise<RegistryUpdate> {
  const last = await newestIn(folder);
  const note = await folder.note();
  const reader = new DelegatedReader();
  const got = await downloadRegistry({
    server: createArchive(new URL('.', url).href, clock, random),
    path: new URL(url).href,
    signal,
    had: note?.url === url ? note.version : null,
    onLine: (line) => reader.line(line),
  });
  if (got.kind === 'failed') return got;
  if (got.kind === 'unchanged') return { kind: 'unchanged', file: note?.file ?? last.file };
  const map = reader.map();
  const totals = totalsOf(map);
  const doubts = doubtsAbout(totals, acceptChange ? totals : totalsOf(last.map));
  if (doubts.length > 0) return { kind: 'refused', doubts };
  const { counts } = reader;
  const changes = mapChanges(last.map, map);
  // A day of its own is for a registry that says something else.
  const file = changes.length === 0 ? last.file : await folder.write(map, counts.day ?? dayOf(clock.now()), 'download');
  await folder.writeNote({ url, version: got.version, file });
  return changes.length === 0 ? { kind: 'unchanged', file } : { kind: 'new', file, totals, counts, changes };
}

/**
 * The newest of the folder's maps that can be read and of the one that ships with the program. `onProblem`: of files
 * passed over.
 */
export async function newestIn(
  folder: RegistryFolder,
  onProblem: (text: string) => void = () => undefined,
): Promise<{ readonly file: string; readonly map: CountryMap }> {
  const packaged = packagedDay();
  for (const file of await folder.names()) {
    if (file.slice(0, 8) < packaged) break;
    try {
      const map = await folder.read(file);
      if (map !== null) return { file, map };
    } catch (error) {
      onProblem((error as Error).message);
    }
  }
  return { file: packageName(packaged), map: await loadRegistry([]) };
}

function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10).replaceAll('-', '');
}
