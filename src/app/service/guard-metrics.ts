import type { ArchiveCounters, CollectorStage, IntakeCounters } from '../../edges/feed/index.js';
import { guardNames, type GuardName, type Hold, type HoldCounts } from '../../core/guards/index.js';
import type { Counter, Metrics } from '../../edges/observability/index.js';
import type { PipelineView } from '../../core/view.js';

/** What the guards against our own trouble have seen; counters count since the start of this table. */
export interface Guarded {
  readonly sessions: PipelineView['sessionCounters'];
  readonly intake: IntakeCounters;
  readonly archive: ArchiveCounters;
  readonly holds: readonly Hold[];
  readonly holdCounts: Readonly<Record<GuardName, HoldCounts>>;
  readonly stages: readonly CollectorStage[];
}

/** Until 0.3 the guards mass and shared-as are exported together as well, by the name that both had in 0.1. */
const manyCountries = 'many-countries';

/** Carries running counters over to the metrics, which outlive a table. */
export class GuardMetrics {
  readonly #metrics: Metrics;
  /** What of each was carried over, by its labels. */
  readonly #seen = new Map<object, Map<string, number>>();

  constructor(metrics: Metrics) {
    this.#metrics = metrics;
  }

  follow({ sessions, intake, archive, holds, holdCounts, stages }: Guarded): void {
    const metrics = this.#metrics;
    this.#carry(metrics.sessionResets, { sign: 'state' }, sessions.resetsByState);
    this.#carry(metrics.sessionResets, { sign: 'volume' }, sessions.resetsByVolume);
    this.#carry(metrics.massWithdrawals, {}, sessions.massWithdrawals);
    for (const [kind, count] of Object.entries(intake.gaps)) this.#carry(metrics.gaps, { kind }, count);
    this.#carry(metrics.updateFiles, { purpose: 'hole' }, intake.fillFiles);
    this.#carry(metrics.updateFiles, { purpose: 'table' }, intake.updateFiles - intake.fillFiles);
    this.#carry(metrics.filledElems, {}, intake.fillRows);
    for (const [outcome, count] of Object.entries(archive.requests))
      this.#carry(metrics.archiveRequests, { outcome }, count);
    this.#carry(metrics.archiveBytes, {}, archive.bytes);
    for (const outcome of ['begun', 'released', 'dissolved'] as const) {
      for (const guard of guardNames) this.#carry(metrics.holds, { guard, outcome }, holdCounts[guard][outcome]);
      const many = holdCounts.mass[outcome] + holdCounts['shared-as'][outcome];
      this.#carry(metrics.holds, { guard: manyCountries, outcome }, many);
    }
    const heldBy = (...guards: readonly GuardName[]): number =>
      new Set(holds.filter(({ guard }) => guards.includes(guard)).flatMap(({ countries }) => countries)).size;
    for (const guard of guardNames) metrics.held.set({ guard }, heldBy(guard));
    metrics.held.set({ guard: manyCountries }, heldBy('mass', 'shared-as'));
    metrics.collectors.reset();
    for (const { stage } of stages) metrics.collectors.inc({ stage });
  }

  #carry<L extends string>(counter: Counter<L>, labels: Record<L, string>, count: number): void {
    const seen = this.#seen.get(counter) ?? new Map<string, number>();
    const key = Object.values(labels).join();
    const before = seen.get(key) ?? 0;
    if (count > before) counter.inc(labels, count - before);
    this.#seen.set(counter, seen.set(key, count));
  }
}
