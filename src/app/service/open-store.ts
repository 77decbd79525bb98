import { secondMs } from '../../core/time.js';
import type { Clock } from '../../edges/clock.js';
import type { Config } from '../../edges/config/index.js';
import type { Logger } from '../../edges/observability/index.js';
import { openStore, StoreUnavailableError, type Store } from '../../edges/store/index.js';
import { retry } from '../../edges/waiting/index.js';
import { storeOptionsOf } from './store-options.js';

const retryMs = 5 * secondMs;

/** null if the store is away. What an operator must mend is thrown. */
export async function openStoreOnce(config: Config, logger: Logger): Promise<Store | null> {
  try {
    return await openStore(storeOptionsOf(config), logger);
  } catch (error) {
    if (error instanceof StoreUnavailableError) return null;
    throw error;
  }
}

/** Waits for a store that is away when we start; null after the signal. What an operator must mend is thrown. */
export async function awaitStore(
  config: Config,
  logger: Logger,
  clock: Clock,
  signal: AbortSignal,
  onAway: (error: StoreUnavailableError) => void,
): Promise<Store | null> {
  if (signal.aborted) return null;
  return retry(() => openStore(storeOptionsOf(config), logger), {
    clock,
    signal,
    backOff: () => retryMs,
    onFailure(error) {
      if (!(error instanceof StoreUnavailableError)) throw error;
      onAway(error);
    },
  });
}
