import { type IncidentEvent, isOver } from '../../core/incidents/index.js';
import type { UnixMillis } from '../../core/time.js';

/**
 * Holds back the events from before `from`. At that time the last event of each open incident is told, so that the
 * incident's later events have a beginning. The last event of an incident that was over is told only if the incident
 * comes back.
 */
export class Withheld {
  readonly #from: UnixMillis;
  readonly #tell: (event: IncidentEvent) => void;
  readonly #last = new Map<string, IncidentEvent>();
  #begun = false;

  constructor(from: UnixMillis, tell: (event: IncidentEvent) => void) {
    this.#from = from;
    this.#tell = tell;
  }

  /** The next calls of event() are for events that were decided at `at`. */
  timeIs(at: UnixMillis): void {
    if (this.#begun || at < this.#from) return;
    this.#begun = true;
    for (const event of [...this.#last.values()].sort((a, b) => a.at - b.at)) {
      if (!isOver(event)) this.#release(event);
    }
  }

  event(event: IncidentEvent): void {
    if (!this.#begun) {
      if (event.incident !== null) this.#last.set(event.incident, event);
      return;
    }
    const before = event.incident === null ? undefined : this.#last.get(event.incident);
    if (before !== undefined) this.#release(before);
    this.#tell(event);
  }

  #release(event: IncidentEvent): void {
    this.#last.delete(event.incident!);
    this.#tell(event);
  }
}
