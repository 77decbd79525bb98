import { dayMs, secondMs } from '../../../core/time.js';
import type { Clock } from '../../../edges/clock.js';
import { historyRules } from '../../../core/incidents/index.js';
import type { Logger } from '../../../edges/observability/index.js';
import type { Pipeline } from '../../../core/pipeline.js';
import { StoreRefusedError, type Store } from '../../../edges/store/index.js';
import { retry } from '../../../edges/waiting/index.js';
import type { Impairments } from './impairments.js';

const weekMs = 7 * dayMs;
const retryMs = 5 * secondMs;

export interface RestoreOptions {
  readonly store: Store;
  readonly pipeline: Pipeline;
  readonly impairments: Impairments;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Reads what was stored into a pipeline that has not ticked yet, and tries again until it can be read. Returns the
 * version of what was read; null after the signal. Rejects with StoreRefusedError.
 */
export async function restoreRemembered(
  { store, pipeline, impairments, clock, logger }: RestoreOptions,
  signal: AbortSignal,
): Promise<number | null> {
  const remembered = <T>(read: () => Promise<T>): Promise<T | null> =>
    retry(read, {
      clock,
      signal,
      backOff: () => retryMs,
      onFailure(error) {
        // Only the operator can mend this, so there is nothing to wait for.
        if (error instanceof StoreRefusedError) throw error;
        logger.warn({ err: error }, 'the stored data cannot be read, trying again');
      },
    });

  const loaded = await remembered(() => store.load());
  if (loaded === null) return null;
  const now = clock.now();
  for (const state of loaded.states) {
    // A week at a time, because ten thousand bins of each country at once would leave a heap of garbage.
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
