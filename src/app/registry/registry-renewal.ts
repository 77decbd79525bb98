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

export type RegistryRenewal =
  /** The source has nothing newer than the folder. */
  | { readonly kind: 'unchanged'; readonly file: string }
  | {
      readonly kind: 'new';
      readonly file: string;
      readonly totals: MapTotals;
      readonly counts: DelegatedCounts;
      readonly changes: readonly MapChange[];
    }
  /** It came whole, but differs too much from the last one to be believed. */
  | { readonly kind: 'refused'; readonly doubts: readonly string[] }
  | { readonly kind: 'failed'; readonly reason: string };

export interface RenewalOptions {
  readonly folder: RegistryFolder;
  readonly url: string;
  readonly clock: Clock;
  readonly random: () => number;
  /** Accept a registry that differs too much, because the operator has looked at it. It must still be whole. */
  readonly acceptChange: boolean;
  readonly signal: AbortSignal;
}

/** Downloads the registry and puts it into the folder, if it is sound and differs from the newest there. */
export async function renewRegistry({
  folder,
  url,
  clock,
  random,
  acceptChange,
  signal,
}: RenewalOptions): Promise<RegistryRenewal> {
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
  // If nothing changed, the last file stays in use under its own day.
  const file = changes.length === 0 ? last.file : await folder.write(map, counts.day ?? dayOf(clock.now()), 'download');
  await folder.writeNote({ url, version: got.version, file });
  return changes.length === 0 ? { kind: 'unchanged', file } : { kind: 'new', file, totals, counts, changes };
}

/**
 * The newest registry that can be read: of the folder, or the one that ships with the program. `onProblem` is told of
 * each file that cannot be read.
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
