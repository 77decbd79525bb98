import { families, type Family, familyNames } from '../../../core/bgp/index.js';
import type { FamilyHealth, FeedHealth, RegistryName } from '../../../core/incidents/index.js';
import { describeUsability, type Usability } from '../../../core/table/index.js';
import { minuteMs, secondMs, type UnixMillis } from '../../../core/time.js';
import type { Clock } from '../../../edges/clock.js';
import type { CollectorStage } from '../../../edges/feed/index.js';
import type { Logger, Metrics } from '../../../edges/observability/index.js';
import type { CommitQueue } from './commit-queue.js';
import { findImpairments, type ImpairmentSigns } from './find-impairments.js';
import { impairmentKinds, kindUntil02, type ImpairmentKind, type Impairments } from './impairments.js';

/** The stored health is never much older than this, also while event time stands still: that is when someone asks. */
const healthEveryMs = minuteMs;
const lookEveryMs = 10 * secondMs;

/** How a watch is at one moment. */
export interface WatchStatus extends Omit<ImpairmentSigns, 'now' | 'seen'> {
  readonly firstTickAt: UnixMillis | null;
  readonly collectors: readonly string[];
  readonly registry: RegistryName;
}

export interface SelfReportOptions {
  readonly look: () => WatchStatus;
  readonly queue: CommitQueue;
  readonly impairments: Impairments;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

export interface SelfReport {
  /** Until the signal: stores the health each minute, and tells the operator what has impaired the watch for minutes. */
  run(signal: AbortSignal): Promise<void>;
  health(phase?: FeedHealth['phase']): FeedHealth;
  /** Logs each family's usability when it changes; returns whether it did. */
  tellUsability(usability: Readonly<Record<Family, Usability>>): boolean;
}

/** Collectors that are left out for now. */
export const leftOut = (stages: readonly CollectorStage[]): CollectorStage[] =>
  stages.filter(({ stage }) => stage !== 'through' && stage !== 'filling');

/** What a watch says of itself: to the store, to the log, and to its operator. */
export function createSelfReport(options: SelfReportOptions): SelfReport {
  const { queue, impairments, clock, logger, metrics } = options;
  const told: Partial<Record<Family, string>> = {};
  const seen = new Set<Family>();
  let healthAt = 0;

  const healthOf = (status: WatchStatus, phase: FeedHealth['phase'] = status.phase): FeedHealth => {
    healthAt = clock.now();
    const { ipv4, ipv6 } = status.usability;
    return {
      at: healthAt,
      phase,
      eventTime: status.lastTickAt,
      watchingSince: status.firstTickAt,
      families: status.phase === 'watching' ? { ipv4: familyHealth(ipv4), ipv6: familyHealth(ipv6) } : null,
      collectors: status.collectors,
      givenUp: leftOut(status.stages).map(({ collector }) => collector),
      impairments: impairments.standing,
      registry: status.registry,
    };
  };

  function look(): void {
    const status = options.look();
    for (const family of families) if (status.usability[family].kind === 'usable') seen.add(family);
    const now = clock.now();
    const notices = impairments.look(now, findImpairments({ ...status, now, seen }));
    const isTold = (kind: ImpairmentKind): number =>
      impairments.standing.some((one) => one.kind === kind && one.toldAt !== null) ? 1 : 0;
    for (const kind of impairmentKinds) metrics.degraded.set({ kind }, isTold(kind));
    metrics.degraded.set({ kind: kindUntil02 }, isTold('one-collector'));
    for (const { id, notice } of notices) logger.warn({ event: id }, `to the operator: ${String(notice)}`);
    if (notices.length > 0) queue.add(now, { states: [], rows: [], records: [], events: notices }, healthOf(status));
    else if (now - healthAt >= healthEveryMs) queue.say(healthOf(status));
  }

  return {
    health: (phase) => healthOf(options.look(), phase),
    tellUsability(usability) {
      let changed = false;
      for (const family of families) {
        const now = usability[family];
        const kind = now.kind === 'usable' ? now.kind : now.reason;
        if (told[family] === kind) continue;
        told[family] = kind;
        changed = true;
        const text = `${familyNames[family]}: ${describeUsability(now)}`;
        if (now.kind === 'usable') logger.info(text);
        else logger.warn(text);
      }
      return changed;
    },
    async run(signal) {
      for (;;) {
        await clock.sleep(lookEveryMs, signal);
        if (signal.aborted) return;
        look();
      }
    },
  };
}

function familyHealth(usability: Usability): FamilyHealth {
  const { kind, voters, collectors } = usability;
  return { usable: kind === 'usable', voters, collectors, text: describeUsability(usability) };
}
