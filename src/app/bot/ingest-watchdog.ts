import type { FeedHealth } from '../../core/incidents/index.js';
import { minuteMs, utcMinute, type UnixMillis } from '../../core/time.js';

/** The ingest writes its health every minute, also while it loads. */
const silentMs = 3 * minuteMs;

export interface IngestWatchdogOptions {
  readonly notify: (text: string) => void;
  readonly now: () => UnixMillis;
}

/**
 * Notices that the ingest has stopped, as then no outage is seen; tells the operator once when it falls silent and once
 * when it is back.
 */
export class IngestWatchdog {
  readonly #options: IngestWatchdogOptions;
  /** An ingest that starts together with the bot gets time to write its health. */
  readonly #startedAt: UnixMillis;
  #silentSince: UnixMillis | null = null;

  constructor(options: IngestWatchdogOptions) {
    this.#options = options;
    this.#startedAt = options.now();
  }

  /** To be called now and then with what the ingest last wrote; null: it never wrote anything. */
  look(health: Pick<FeedHealth, 'at'> | null): void {
    const { notify, now } = this.#options;
    const heardAt = Math.max(health?.at ?? 0, this.#startedAt);
    const isSilent = now() - heardAt > silentMs;
    if (isSilent && this.#silentSince === null) {
      this.#silentSince = heardAt;
      notify(`There is ${troubleText(heardAt)}. The process with --role ingest is gone, or it cannot write.`);
    } else if (!isSilent && this.#silentSince !== null) {
      const since = utcMinute(this.#silentSince);
      notify(`The ingest is back. It was silent since ${since}; what began and ended meanwhile was not seen.`);
      this.#silentSince = null;
    }
  }

  /** Why outages are not seen now, in a sentence; null while they are. */
  trouble(): string | null {
    return this.#silentSince === null ? null : troubleText(this.#silentSince);
  }
}

function troubleText(since: UnixMillis): string {
  return `no word from the ingest since ${utcMinute(since)}: outages are not seen`;
}
