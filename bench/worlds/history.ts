import { initialDetectorState } from '../../src/core/detector/index.js';
import { type HistoryRow } from '../../src/core/countries/index.js';
import { historyRules, initialIncidentState, stateVersion } from '../../src/core/incidents/index.js';
import type { Pipeline } from '../../src/core/pipeline.js';

const binMs = historyRules.bin.stepMs;
const countInWeek = (7 * 86_400_000) / binMs;

/**
 * Restores what a service remembers after a long time: 35 days of bins for every country, all near the present level.
 * It reads a week at a time, as the service does. Call it before the first tick.
 */
export function restoreHistory(pipeline: Pipeline, countries: readonly string[], until: number): void {
  const count = historyRules.bin.keepMs / binMs;
  const calm = { floor: { units: 1, prefixes: 1 }, origins: 0, frozen: [], shifts: [] };
  for (const country of countries) {
    const [ipv4, ipv6] = pipeline.view().samples(country) ?? [null, null];
    const of = (now: typeof ipv4, wobble: number): number[] => [
      (now?.units ?? 0) + wobble,
      (now?.prefixes ?? 0) + wobble,
      60,
      0,
    ];
    for (let first = 0; first < count; first += countInWeek) {
      const bins = Array.from({ length: Math.min(countInWeek, count - first) }, (_, index): HistoryRow => {
        const wobble = (first + index) % 3;
        return {
          country,
          resolution: 'bin',
          at: until - (count - first - index) * binMs,
          values: Uint32Array.of(...of(ipv4, wobble), ...of(ipv6, wobble)),
        };
      });
      pipeline.restore(
        {
          version: stateVersion,
          country,
          incidents: initialIncidentState,
          baseline: { ipv4: calm, ipv6: calm },
          detector: { ipv4: initialDetectorState, ipv6: initialDetectorState },
        },
        bins,
      );
    }
  }
}
