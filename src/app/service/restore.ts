import type { Clock } from '../../edges/clock.js';
import { historyRules } from '../../core/incidents/index.js';
import type { Logger } from '../../edges/observability/index.js';
import type { Pipeline } from '../../core/pipeline.js';
import { StoreRefusedError, type Store } from '../../edges/store/index.js';
import type { Impairments } from './impairments.js';

const weekMs = 7 * 86_400_000;
const retryMs = 5_000;

export interface RestoreOptions {
  readonly store: Store;
  readonly pipeline: Pipeline;
  readonly impairments: Impairments;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Hands what was remembered to a pipeline that has not ticked yet, tried until it can be read. Returns the version of
 * what was restored; null after the signal. Rejects with StoreRefusedError.
 */
export async function restoreRemembered(
  { store, pipeline, impairments, clock, logger }: RestoreOptions,
  signal: AbortSignal,
): Promise<number | null> {
  const remembered = async <T>(read: () => Promise<T>): Promise<T | null> => {
    while (!signal.aborted) {
      try {
        return await read();
      } catch (error) {
        // What only the operator can mend does not mend itself.
        if (error instanceof StoreRefusedError) throw error;
        logger.warn({ err: error }, 'what was remembered cannot be read, trying again');
        await clock.sleep(retryMs, signal);
      }
    }
    return null;
  };

  const loaded = await remembered(() => store.load());
  if (loaded === null) return null;
  const now = clock.now();
  for (const state of loaded.states) {
    // A week at a time: ten thousand bins at once of every country would leave much room to waste.
    for (let from = now - historyRules.bin.keepMs; from < now; from += weekMs) {
      const bins = await remembered(() => store.history(state.country, 'bin', from, Math.min(from + weekMs, now)));
      if (bins === null) return null;
      pipeline.restore(state, bins);
    }
  }
  const records = await remembered(() => store.records());
  if (records === null) return null;
  for (const record of records) pipeline.restoreRecord(record);
  const health = await remembered(() => store.health());
  impairments.restore(health?.impairments ?? []);
  return signal.aborted ? null : loaded.version;
}
