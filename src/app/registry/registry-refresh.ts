import { withoutPrefixes, type CountryMap } from '../../core/countries/index.js';
import type { RegistryName } from '../../core/incidents/index.js';
import { dayMs, hourMs, minuteMs, secondMs } from '../../core/time.js';
import type { Clock } from '../../edges/clock.js';
import { maskUrl } from '../../edges/config/index.js';
import type { Logger, Metrics } from '../../edges/observability/index.js';
import { backOff, type BackOff } from '../../edges/waiting/index.js';
import { loadRegistry, packagedDay } from './registry.js';
import { packageName, type RegistryFolder } from './registry-folder.js';
import { newestIn, renewRegistry } from './registry-renewal.js';

/** What `npm run update-registry` puts into the folder is in use after this at most. */
const lookEveryMs = 5 * minuteMs;
const firstWithinMs = 10 * minuteMs;
/** The registry moves slowly: the operator is told only when it is older than this and cannot be renewed. */
const oldDays = 7;

/** A registry as countries are measured with it: the ignored prefixes belong to no country in the map. */
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

/** Keeps the registry new: once a day from its source, and every few minutes from the folder. */
export class RegistryRefresh {
  readonly #options: RegistryRefreshOptions;
  readonly #shownUrl: string | null;
  readonly #retryAfter: BackOff;
  #newest: Registry | null = null;
  /** The map that ships with the program, while it is the newest and not in the folder. */
  #unkept: CountryMap | null = null;
  /** Why the last download failed; null if it did not. */
  #failure: string | null = null;
  readonly #toldProblems = new Set<string>();

  constructor(options: RegistryRefreshOptions) {
    this.#options = options;
    this.#shownUrl = options.url === null ? null : maskUrl(options.url);
    this.#retryAfter = backOff({ firstMs: 10 * minuteMs, mostMs: 6 * hourMs, random: options.random });
  }

  /**
   * The registry that the stored data was measured with; `name` is null if that is not known. Falls back to the newest,
   * and logs it, if the file is missing.
   */
  async inUse(name: RegistryName | null): Promise<Registry> {
    const newest = await this.#look();
    if (name === null || isSameRegistry(name, newest)) return newest;
    const found = await this.#stored(name);
    if (found !== null) return found;
    this.#options.logger.warn(
      { registry: name.file, instead: newest.file },
      'stored data was measured with a registry that is missing; using the newest, so some countries may show a ' +
        'change that did not happen',
    );
    return newest;
  }

  /** The newest that was found; null before the first look. */
  newest(): Registry | null {
    return this.#newest;
  }

  /** A sentence for the operator while the registry is old and cannot be renewed. */
  trouble(): string | null {
    if (this.#failure === null || this.#newest === null || this.#ageDays(this.#newest) < oldDays) return null;
    return `the registry is ${Math.floor(this.#ageDays(this.#newest))} days old: ${this.#failure}`;
  }

  /** Looks and downloads until the signal. */
  async run(signal: AbortSignal): Promise<void> {
    const { url, clock, random, logger, metrics } = this.#options;
    let dueAt = clock.now() + firstWithinMs * (0.1 + 0.9 * random());
    let failures = 0;
    const isOver = (): boolean => signal.aborted;
    for (;;) {
      await clock.sleep(url === null ? lookEveryMs : Math.min(lookEveryMs, Math.max(0, dueAt - clock.now())), signal);
      if (isOver()) return;
      try {
        if (url !== null && clock.now() >= dueAt) {
          failures = (await this.#download(url, signal)) ? 0 : failures + 1;
          dueAt = clock.now() + (failures === 0 ? dayMs * (0.95 + 0.1 * random()) : this.#retryAfter(failures));
        }
        await this.#look();
        await this.#keepPackaged();
      } catch (error) {
        if (isOver()) return;
        this.#failure = (error as Error).message;
        metrics.registryRefresh.inc({ outcome: 'failed' });
        logger.warn({ err: error }, 'the registry could not be renewed');
        dueAt = Math.max(dueAt, clock.now() + this.#retryAfter(failures + 1));
      }
    }
  }

  async #look(): Promise<Registry> {
    const { folder, ignored, metrics } = this.#options;
    const first = (await folder.names()).at(0);
    if (this.#newest === null || (first !== undefined && first !== this.#newest.file)) {
      const { file, map } = await newestIn(folder, (text) => this.#onProblem(text));
      if (this.#newest?.file !== file) {
        this.#newest = { file, ignored, map: withoutPrefixes(map, ignored) };
        this.#unkept = file === packageName(packagedDay()) ? map : null;
      }
    }
    metrics.registryAge.set(Math.max(0, (this.#ageDays(this.#newest) * dayMs) / secondMs));
    return this.#newest;
  }

  /** Puts the map that ships with the program into the folder, because the next version of the program ships another. */
  async #keepPackaged(): Promise<void> {
    const { folder } = this.#options;
    if (this.#newest === null || this.#unkept === null) return;
    if (!(await folder.names()).includes(this.#newest.file)) await folder.write(this.#unkept, packagedDay(), 'package');
    this.#unkept = null;
  }

  async #stored({ file, ignored }: RegistryName): Promise<Registry | null> {
    const { folder, clock } = this.#options;
    try {
      const isPackaged = file === packageName(packagedDay());
      const map = isPackaged ? await loadRegistry([]) : await folder.read(file);
      if (map === null) return null;
      if (!isPackaged) await folder.touch(file, new Date(clock.now()));
      return { file, ignored, map: withoutPrefixes(map, ignored) };
    } catch (error) {
      this.#onProblem((error as Error).message);
      return null;
    }
  }

  /** Whether the next download may wait for a day. */
  async #download(url: string, signal: AbortSignal): Promise<boolean> {
    const { folder, clock, random, logger, metrics } = this.#options;
    const renewal = await renewRegistry({ folder, url, clock, random, acceptChange: false, signal });
    if (signal.aborted) return true;
    metrics.registryRefresh.inc({ outcome: renewal.kind });
    switch (renewal.kind) {
      case 'new':
        logger.info(
          { registry: renewal.file, damagedLines: renewal.counts.damaged, changed: renewal.changes.length },
          'a new registry',
        );
        break;
      case 'refused':
        this.#failure = `refused: ${renewal.doubts.join('; ')}`;
        logger.warn(
          { doubts: renewal.doubts, url: this.#shownUrl },
          'the new registry is not believed, the old one stays: npm run update-registry shows it, and takes it ' +
            'with --accept-change',
        );
        return true;
      case 'failed':
        this.#failure = renewal.reason;
        logger.warn({ reason: renewal.reason, url: this.#shownUrl }, 'the registry could not be downloaded');
        return false;
      case 'unchanged':
        break;
    }
    this.#failure = null;
    return true;
  }

  #ageDays({ file }: Registry): number {
    return (this.#options.clock.now() - dayOf(file)) / dayMs;
  }

  /** Logs each problem once. */
  #onProblem(text: string): void {
    if (this.#toldProblems.has(text)) return;
    this.#toldProblems.add(text);
    this.#options.logger.warn(text);
  }
}

export function isSameRegistry(one: RegistryName, other: RegistryName): boolean {
  return one.file === other.file && one.ignored.join() === other.ignored.join();
}

/** The beginning of the day in a file's name, 20260617-... */
function dayOf(file: string): number {
  return Date.parse(`${file.slice(0, 4)}-${file.slice(4, 6)}-${file.slice(6, 8)}T00:00:00Z`);
}
