import type { Clock } from '../../edges/clock.js';
import type { IncidentStore, Lease } from '../../core/incidents/index.js';
import type { Logger } from '../../edges/observability/index.js';

/** A leader that is gone is followed after this long; one that lives renews three times as often. */
const leaseMs = 30_000;
const renewEveryMs = 10_000;
const askEveryMs = 5_000;

export interface LeaseOptions {
  readonly store: Pick<IncidentStore, 'acquire' | 'renew'>;
  /** A name for this process, unlike any other's. */
  readonly holder: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Waits until this process may write; null: stopped before. The store being away is waited out. */
export async function awaitLease(
  { store, holder, clock, logger }: LeaseOptions,
  signal: AbortSignal,
): Promise<Lease | null> {
  let told: string | null = null;
  const tell = (text: string): void => {
    if (told !== text) logger.info(text);
    told = text;
  };
  while (!signal.aborted) {
    try {
      const lease = await store.acquire(holder, leaseMs);
      if (lease !== null) return lease;
      tell('standing by: another process is the leader');
    } catch (error) {
      tell(`the store cannot be asked for the lead, trying again: ${String(error)}`);
    }
    await clock.sleep(askEveryMs, signal);
  }
  return null;
}

/**
 * Renews the lease until the signal; `onLost` when it is another's. A store that is away changes nothing: the next
 * commit proves it.
 */
export async function keepLease(
  { store, clock, logger }: LeaseOptions,
  lease: Lease,
  onLost: () => void,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    await clock.sleep(renewEveryMs, signal);
    if (signal.aborted) return;
    try {
      if (await store.renew(lease, leaseMs)) continue;
      onLost();
      return;
    } catch (error) {
      logger.warn({ err: error }, 'the lease could not be renewed, trying again');
    }
  }
}
