import type { EventLog, LoggedEvent } from '../../src/delivery/index.js';
import type { IncidentEvent } from '../../src/incidents/index.js';

/** An event log and its cursors in memory, and a store that can be away. */
export class MemoryOutbox implements EventLog {
  readonly log: LoggedEvent[] = [];
  readonly cursors = new Map<string, number>();
  /** Each call throws as long as this holds. */
  away = false;
  readonly #watchers = new Set<() => void>();

  append(...events: readonly IncidentEvent[]): void {
    for (const event of events) this.log.push({ position: this.log.length + 1, event });
  }

  readAfter(position: number, limit: number): Promise<LoggedEvent[]> {
    return this.#reach(() => this.log.slice(position, position + limit));
  }

  end(): Promise<number> {
    return this.#reach(() => this.log.length);
  }

  cursor(target: string): Promise<number | null> {
    return this.#reach(() => this.cursors.get(target) ?? null);
  }

  moveCursor(target: string, position: number): Promise<void> {
    return this.#reach(() => {
      this.cursors.set(target, Math.max(position, this.cursors.get(target) ?? 0));
      for (const watcher of this.#watchers) watcher();
      this.#watchers.clear();
    });
  }

  /** Resolves as soon as `target` has been told everything up to `position`. */
  async told(target: string, position: number): Promise<void> {
    while ((this.cursors.get(target) ?? 0) < position) await new Promise<void>((resolve) => this.#watchers.add(resolve));
  }

  #reach<T>(act: () => T): Promise<T> {
    return this.away ? Promise.reject(new Error('the store is away')) : Promise.resolve(act());
  }
}
