import { families, type Family, type UnixMillis } from '../../core/bgp/index.js';
import type { Clock } from '../../edges/clock.js';
import type { CollectorStage, FeedState } from '../../edges/feed/index.js';
import type { FamilyHealth, FeedHealth, RegistryName } from '../../core/incidents/index.js';
import type { Logger, Metrics } from '../../edges/observability/index.js';
import { describeUsability, type Usability } from '../../core/table/index.js';
import type { PipelineView } from '../../core/view.js';
import type { CommitQueue } from './commit-queue.js';
import { impairedBy } from './impaired-by.js';
import { impairmentKinds, kindUntil02, type ImpairmentKind, type Impairments } from './impairments.js';

export const familyNames: Readonly<Record<Family, string>> = { ipv4: 'IPv4', ipv6: 'IPv6' };

/** What we say of our own sight is never much older, also while event time stands still: that is when somebody asks. */
const healthEveryMs = 60_000;
/** How often it is asked what hinders our sight. */
const lookEveryMs = 10_000;

/** The parts of a watch that its report is made of. */
export interface Reported {
  readonly phase: () => 'loading' | 'watching';
  readonly view: PipelineView;
  readonly feed: () => FeedState;
  readonly firstTickAt: () => UnixMillis | null;
  readonly lastTickAt: () => UnixMillis | null;
  readonly stages: () => readonly CollectorStage[];
  readonly collectors: readonly string[];
  /** Each time that it is asked what hinders our sight. */
  readonly onLook: () => void;
  readonly registry: () => RegistryName;
  readonly registryTrouble: () => string | null;
}

export interface SelfReportOptions extends Reported {
  readonly queue: CommitQueue;
  readonly impairments: Impairments;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

export interface SelfReport {
  /** Says how we are, and to the operator what has hindered our sight for minutes, until the signal. */
  run(signal: AbortSignal): Promise<void>;
  health(phase?: FeedHealth['phase']): FeedHealth;
  /** Blindness, and its end, are logged once each time, of both families; whether there was anything to say. */
  tellUsability(): boolean;
}

/** Collectors that are left out for now. */
export const leftOut = (stages: readonly CollectorStage[]): CollectorStage[] =>
  stages.filter(({ stage }) => stage !== 'through' && stage !== 'filling');

/** What the ingest says of itself: to the store each minute and at every change, to the log, and to its operator. */
export function createSelfReport(options: SelfReportOptions): SelfReport {
  const { view, queue, impairments, clock, logger, metrics } = options;
  const told: Partial<Record<Family, string>> = {};
  const seen = new Set<Family>();
  let healthAt = 0;

  const health = (phase: FeedHealth['phase'] = options.phase()): FeedHealth => {
    healthAt = clock.now();
    const usability = options.phase() === 'watching' ? view.usability : null;
    return {
      at: healthAt,
      phase,
      eventTime: options.lastTickAt(),
      watchingSince: options.firstTickAt(),
      families: usability === null ? null : { ipv4: healthOf(usability.ipv4), ipv6: healthOf(usability.ipv6) },
      collectors: options.collectors,
      givenUp: leftOut(options.stages()).map(({ collector }) => collector),
      impairments: impairments.standing,
      registry: options.registry(),
    };
  };

  function look(): void {
    const { usability } = view;
    for (const family of families) if (usability[family].kind === 'usable') seen.add(family);
    options.onLook();
    const now = clock.now();
    const notices = impairments.look(
      now,
      impairedBy({
        now,
        phase: options.phase(),
        feed: options.feed(),
        lastTickAt: options.lastTickAt(),
        usability,
        seen,
        stages: options.stages(),
        outOfVote: view.outOfVote,
        registryTrouble: options.registryTrouble(),
        holds: view.holds,
      }),
    );
    const isTold = (kind: ImpairmentKind): number =>
      impairments.standing.some((one) => one.kind === kind && one.toldAt !== null) ? 1 : 0;
    for (const kind of impairmentKinds) metrics.degraded.set({ kind }, isTold(kind));
    metrics.degraded.set({ kind: kindUntil02 }, isTold('one-collector'));
    for (const { id, notice } of notices) logger.warn({ event: id }, `to the operator: ${String(notice)}`);
    if (notices.length > 0) queue.add(now, { states: [], rows: [], records: [], events: notices }, health());
    else if (now - healthAt >= healthEveryMs) queue.say(health());
  }

  return {
    health,
    tellUsability() {
      let changed = false;
      for (const [family, now] of Object.entries(view.usability) as [Family, Usability][]) {
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

function healthOf(usability: Usability): FamilyHealth {
  const { kind, voters, collectors } = usability;
  return { usable: kind === 'usable', voters, collectors, text: describeUsability(usability) };
}
