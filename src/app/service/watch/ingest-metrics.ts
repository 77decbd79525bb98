import { families, type RisLiveCounters, type UnixMillis } from '../../../core/bgp/index.js';
import type { Level } from '../../../core/detector/index.js';
import { openFamilies } from '../../../core/incidents/index.js';
import type { Metrics } from '../../../edges/observability/index.js';
import type { PipelineView } from '../../../core/view.js';
import type { CarriedCounters } from './carried-counters.js';

/** Sets the gauges that a tick may have changed. */
export function describeTick(metrics: Metrics, view: PipelineView, tickAt: UnixMillis, now: UnixMillis): void {
  metrics.eventTimeLag.set((now - tickAt) / 1000);
  metrics.lastTick.set(tickAt / 1000);
  const { counts, usability } = view;
  for (const family of families) {
    metrics.voters.set({ family }, counts[family].voters);
    metrics.fullFeedPeers.set({ family }, counts[family].fullFeedPeers);
    metrics.usable.set({ family }, usability[family].kind === 'usable' ? 1 : 0);
  }
  for (const [state, count] of Object.entries(view.peersByStatus)) metrics.peers.set({ state }, count);
  const open: Record<Level, number> = { normal: 0, degraded: 0, major: 0, down: 0 };
  const judged = { ipv4: 0, ipv6: 0 };
  for (const state of view.states()) {
    for (const family of families) if (state.baseline[family].floor !== null) judged[family]++;
    if (openFamilies(state.incidents).length === 0) continue;
    for (const family of openFamilies(state.incidents)) open[state.detector[family].level]++;
  }
  for (const [level, count] of Object.entries(open)) metrics.incidentsOpen.set({ level }, count);
  for (const family of families) metrics.countriesJudged.set({ family }, judged[family]);
}

/** Carries a decoder's running counters over. */
export function followDecoder(
  metrics: Metrics,
  carried: CarriedCounters,
  { messages, fallbacks, problems }: RisLiveCounters,
): void {
  carried.carry(metrics.messages, {}, messages);
  carried.carry(metrics.fallbacks, {}, fallbacks);
  for (const [reason, count] of Object.entries(problems)) {
    // Shown from the start, at 0.
    metrics.problems.inc({ reason }, 0);
    carried.carry(metrics.problems, { reason }, count);
  }
}
