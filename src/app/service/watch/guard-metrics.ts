import type { ArchiveCounters, CollectorStage, IntakeCounters } from '../../../edges/feed/index.js';
import type { Metrics } from '../../../edges/observability/index.js';
import { guardNames, type GuardName } from '../../../core/guards/index.js';
import type { PipelineView } from '../../../core/view.js';
import type { CarriedCounters } from './carried-counters.js';

/** What the guards against our own trouble have seen; counters count since the start of this table. */
export interface Guarded {
  readonly view: Pick<PipelineView, 'sessionCounters' | 'holds' | 'holdCounts'>;
  readonly intake: IntakeCounters;
  readonly archive: ArchiveCounters;
  readonly stages: readonly CollectorStage[];
}

/** Until 0.3 the guards mass and shared-as are exported together as well, by the name that both had in 0.1. */
const manyCountries = 'many-countries';

export function followGuards(metrics: Metrics, carried: CarriedCounters, guarded: Guarded): void {
  const { intake, archive, stages } = guarded;
  const { sessionCounters, holds, holdCounts } = guarded.view;
  carried.carry(metrics.sessionResets, { sign: 'state' }, sessionCounters.resetsByState);
  carried.carry(metrics.sessionResets, { sign: 'volume' }, sessionCounters.resetsByVolume);
  carried.carry(metrics.massWithdrawals, {}, sessionCounters.massWithdrawals);
  for (const [kind, count] of Object.entries(intake.gaps)) carried.carry(metrics.gaps, { kind }, count);
  carried.carry(metrics.updateFiles, { purpose: 'hole' }, intake.fillFiles);
  carried.carry(metrics.updateFiles, { purpose: 'table' }, intake.updateFiles - intake.fillFiles);
  carried.carry(metrics.filledElems, {}, intake.fillRows);
  for (const [outcome, count] of Object.entries(archive.requests))
    carried.carry(metrics.archiveRequests, { outcome }, count);
  carried.carry(metrics.archiveBytes, {}, archive.bytes);
  for (const outcome of ['begun', 'released', 'dissolved'] as const) {
    for (const guard of guardNames) carried.carry(metrics.holds, { guard, outcome }, holdCounts[guard][outcome]);
    const many = holdCounts.mass[outcome] + holdCounts['shared-as'][outcome];
    carried.carry(metrics.holds, { guard: manyCountries, outcome }, many);
  }
  const heldBy = (...guards: readonly GuardName[]): number =>
    new Set(holds.filter(({ guard }) => guards.includes(guard)).flatMap(({ countries }) => countries)).size;
  for (const guard of guardNames) metrics.held.set({ guard }, heldBy(guard));
  metrics.held.set({ guard: manyCountries }, heldBy('mass', 'shared-as'));
  metrics.collectors.reset();
  for (const { stage } of stages) metrics.collectors.inc({ stage });
}
