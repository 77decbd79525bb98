import type { ArchiveCounters, CollectorStage, IntakeCounters } from '../../edges/feed/index.js';
import type { Hold, HoldCounts } from '../../core/guards/index.js';
import type { Counter, Metrics } from '../../edges/observability/index.js';
import type { PipelineView } from '../../core/view.js';

/** What the guards against our own trouble have seen; counters count since the start of this table. */
export interface Guarded {
  readonly sessions: PipelineView['sessionCounters'];
  readonly intake: IntakeCounters;
  readonly archive: ArchiveCounters;
  readonly holds: readonly Hold[];
  readonly holdCounts: Readonly<Record<Hold['guard'], HoldCounts>>;
  readonly stages: readonly CollectorStage[];
}

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
    for (const [guard, counts] of Object.entries(holdCounts)) {
      const name = guard === '6' ? 'many-countries' : 'one-collector';
      for (const outcome of ['begun', 'released', 'dissolved'] as const)
        this.#carry(metrics.holds, { guard: name, outcome }, counts[outcome]);
      metrics.held.set(
        { guard: name },
        new Set(holds.filter((hold) => String(hold.guard) === guard).flatMap((hold) => hold.countries)).size,
      );
    }
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
