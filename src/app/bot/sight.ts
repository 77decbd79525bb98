import type { FeedHealth } from '../../core/incidents/index.js';

/** The ingest writes of itself every minute, also while it loads: what is older is no sign of life. */
const silentMs = 3 * 60_000;

export interface Sight {
  /** To be called now and then with what the ingest last wrote; null: it never wrote anything. */
  look(health: Pick<FeedHealth, 'at'> | null): void;
  /** Why outages are not seen now, in a sentence; null while they are. */
  trouble(): string | null;
}

/** The bot tells what the ingest sees: that nobody looks is told as well, once, and once when it is over. */
export function createSight({
  notify,
  now,
}: {
  readonly notify: (text: string) => void;
  readonly now: () => number;
}): Sight {
  // An ingest that starts together with us has time to say so.
  const startedAt = now();
  let blindSince: number | null = null;
  const text = (since: number): string => `no word from the ingest since ${timeOf(since)}: outages are not seen`;
  return {
    look(health) {
      const heardAt = Math.max(health?.at ?? 0, startedAt);
      const isSilent = now() - heardAt > silentMs;
      if (isSilent && blindSince === null) {
        blindSince = heardAt;
        notify(`There is ${text(heardAt)}. The process with --role ingest is gone, or it cannot write.`);
      } else if (!isSilent && blindSince !== null) {
        notify(
          `The ingest is back. It was silent since ${timeOf(blindSince)}; what began and ended meanwhile was not seen.`,
        );
        blindSince = null;
      }
    },
    trouble: () => (blindSince === null ? null : text(blindSince)),
  };
}

function timeOf(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
