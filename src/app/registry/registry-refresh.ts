import type { Clock } from '../../edges/clock.js';
import { maskUrl } from '../../edges/config/index.js';
import { withoutPrefixes, type CountryMap } from '../../core/countries/index.js';
import type { RegistryName } from '../../core/incidents/index.js';
import type { Logger, Metrics } from '../../edges/observability/index.js';
import { loadRegistry, packagedDay } from './registry.js';
import { packageName, type RegistryFolder } from './registry-folder.js';
import { newestIn, updateRegistry } from './registry-update.js';

/** How often the folder is looked into: what `npm run update-registry` put there is in use so much later at most. */
const lookEveryMs = 5 * 60_000;
const firstWithinMs = 10 * 60_000;
const dayMs = 86_400_000;
/** After a failed download: the first time, and at most. */
const againFirstMs = 10 * 60_000;
const againMostMs = 6 * 3_600_000;
/** The registry moves slowly: older than this it is worth a word, if it cannot be had anew. */
const oldDays = 7;

/** A registry as it is counted by: its ignored prefixes are nobody's in the map. */
export interface Registry extends RegistryName {
  readonly map: CountryMap;
}

export interface RegistryRefreshOptions {
  readonly folder: RegistryFolder;
  /** null: nothing is downloaded; what is put into the folder is used. */
  readonly url: string | null;
  readonly ignored: readonly string[];
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

export interface RegistryRefresh {
  /**
   * What is stored was measured by it: null where nobody knows. The newest where it is not here any more, which is
   * told.
   */
  inUse(name: RegistryName | null): Promise<Registry>;
  /** The newest that was found; null before the first look. */
  newest(): Registry | null;
  /** Looks and downloads until the signal. */
  run(signal: AbortSignal): Promise<void>;
  /** A sentence for the operator while the registry is old and cannot be had anew. */
  trouble(): string | null;
}

/** Keeps the registry new: once a day from its source, and every few minutes from the folder. */
export function createRegistryRefresh({
  folder,
  url,
  ignored,
  clock,
  random,
  logger,
  metrics,
}: RegistryRefreshOptions): RegistryRefresh {
  const shownUrl = url === null ? null : maskUrl(url);
  let newest: Registry | null = null;
  /** The one that ships with the program, as it was read, until it is in the folder. */
  let unkept: CountryMap | null = null;
  let failure: string | null = null;
  const toldProblems = new Set<string>();
  const onProblem = (text: string): void => {
    if (toldProblems.has(text)) return;
    toldProblems.add(text);
    logger.warn(text);
  };
  const ageDays = ({ file }: Registry): number => (clock.now() - timeOf(file)) / dayMs;

  async function look(): Promise<Registry> {
    const first = (await folder.names()).at(0);
    if (newest === null || (first !== undefined && first !== newest.file)) {
      const { file, map } = await newestIn(folder, onProblem);
      if (newest?.file !== file) {
        newest = { file, ignored, map: withoutPrefixes(map, ignored) };
        unkept = file === packageName(packagedDay()) ? map : null;
      }
    }
    metrics.registryAge.set(Math.max(0, ageDays(newest) * 86_400));
    return newest;
  }

  /** The next version of the program ships another, and would not know what all was measured by. */
  async function keepPackaged(): Promise<void> {
    if (newest === null || unkept === null) return;
    if (!(await folder.names()).includes(newest.file)) await folder.write(unkept, packagedDay(), 'package');
    unkept = null;
  }

  async function stored({ file, ignored: then }: RegistryName): Promise<Registry | null> {
    try {
      const isPackaged = file === packageName(packagedDay());
      const map = isPackaged ? await loadRegistry([]) : await folder.read(file);
      if (map === null) return null;
      if (!isPackaged) await folder.touch(file, new Date(clock.now()));
      return { file, ignored: then, map: withoutPrefixes(map, then) };
    } catch (error) {
      onProblem((error as Error).message);
      return null;
    }
  }

  /** Whether the next may wait for a day. */
  async function download(from: string, signal: AbortSignal): Promise<boolean> {
    const update = await updateRegistry({ folder, url: from, clock, random, acceptChange: false, signal });
    if (signal.aborted) return true;
    metrics.registryRefresh.inc({ outcome: update.kind });
    switch (update.kind) {
      case 'new':
        logger.info(
          { registry: update.file, damagedLines: update.counts.damaged, changed: update.changes.length },
          'a new registry',
        );
        break;
      case 'refused':
        failure = `refused: ${update.doubts.join('; ')}`;
        logger.warn(
          { doubts: update.doubts, url: shownUrl },
          'the new registry is not believed, the old one stays: npm run update-registry shows it, and takes it ' +
            'with --accept-change',
        );
        return true;
      case 'failed':
        failure = update.reason;
        logger.warn({ reason: update.reason, url: shownUrl }, 'the registry could not be downloaded');
        return false;
      case 'unchanged':
        break;
    }
    failure = null;
    return true;
  }

  return {
    async inUse(name) {
      const present = await look();
      if (name === null || isSameRegistry(name, present)) return present;
      const found = await stored(name);
      if (found !== null) return found;
      logger.warn(
        { registry: name.file, instead: present.file },
        'the registry that all was measured by is not here any more: a country that has more or less in the ' +
          'present one may seem to have gained or lost it',
      );
      return present;
    },
    newest: () => newest,
    async run(signal) {
      let dueAt = clock.now() + firstWithinMs * (0.1 + 0.9 * random());
      let againMs = againFirstMs;
      const isOver = (): boolean => signal.aborted;
      for (;;) {
        await clock.sleep(url === null ? lookEveryMs : Math.min(lookEveryMs, Math.max(0, dueAt - clock.now())), signal);
        if (isOver()) return;
        try {
          if (url !== null && clock.now() >= dueAt) {
            const done = await download(url, signal);
            dueAt = clock.now() + (done ? dayMs * (0.95 + 0.1 * random()) : againMs * (0.5 + 0.5 * random()));
            againMs = done ? againFirstMs : Math.min(againMostMs, againMs * 2);
          }
          await look();
          await keepPackaged();
        } catch (error) {
          if (isOver()) return;
          failure = (error as Error).message;
          metrics.registryRefresh.inc({ outcome: 'failed' });
          logger.warn({ err: error }, 'the registry could not be renewed');
          dueAt = Math.max(dueAt, clock.now() + againMs);
        }
      }
    },
    trouble() {
      if (failure === null || newest === null || ageDays(newest) < oldDays) return null;
      return `the registry is ${Math.floor(ageDays(newest))} days old: ${failure}`;
    },
  };
}

export function isSameRegistry(one: RegistryName, other: RegistryName): boolean {
  return one.file === other.file && one.ignored.join() === other.ignored.join();
}

/** 20260617-...: the day it says. */
function timeOf(file: string): number {
  return Date.parse(`${file.slice(0, 4)}-${file.slice(4, 6)}-${file.slice(6, 8)}T00:00:00Z`);
}
