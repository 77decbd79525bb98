import type { Clock } from '../../edges/clock.js';
import type { IncidentStore, Lease } from '../../core/incidents/index.js';
import { secondMs } from '../../core/time.js';
import type { Logger } from '../../edges/observability/index.js';
import { retry } from '../../edges/waiting/index.js';

/** Another process takes over this long after a leader was lost; a leader renews three times as often. */
const leaseMs = 30 * secondMs;
const renewEveryMs = 10 * secondMs;
const askEveryMs = 5 * secondMs;

export interface LeaseOptions {
  readonly store: Pick<IncidentStore, 'acquire' | 'renew'>;
  /** Names this process, and no other. */
  readonly holder: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

class LeaderElsewhere extends Error {}

/** Waits until this process may write, also while the store is away; null after the signal. */
export async function awaitLease(
  { store, holder, clock, logger }: LeaseOptions,
  signal: AbortSignal,
): Promise<Lease | null> {
  if (signal.aborted) return null;
  let told: string | null = null;
  const acquire = async (): Promise<Lease> => {
    const lease = await store.acquire(holder, leaseMs);
    if (lease === null) throw new LeaderElsewhere();
    return lease;
  };
  return retry(acquire, {
    clock,
    signal,
    backOff: () => askEveryMs,
    onFailure(error) {
      const text =
        error instanceof LeaderElsewhere
          ? 'standing by: another process is the leader'
          : `the store cannot be asked for the lead, trying again: ${String(error)}`;
      if (told !== text) logger.info(text);
      told = text;
    },
  });
}

/**
 * Renews the lease until the signal; calls `onLost` when another process holds it. A store that is away changes
 * nothing, because each commit proves the lease.
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
