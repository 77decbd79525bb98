import { families, familyNames } from '../../core/bgp/index.js';
import { describeUsability } from '../../core/table/index.js';
import { minuteMs, type UnixMillis } from '../../core/time.js';
import type { Watch, WatchPhase } from './watch/watch.js';

/** If the last tick is older than this, what is decided comes too late to be relied on. */
const staleMs = 2 * minuteMs;

/** Why a watch is not ready, in words; empty if it is. */
export function watchTroubles(watch: Watch, now: UnixMillis): string[] {
  return [...phaseTroubles(watch.phase(), now), ...[watch.storeTrouble() ?? []].flat()];
}

function phaseTroubles(phase: WatchPhase, now: UnixMillis): string[] {
  switch (phase.kind) {
    case 'restoring':
      return ['reading what was remembered'];
    case 'bootstrapping':
      return [
        'loading the routing tables',
        ...(phase.feed.kind === 'down' ? [`RIS Live cannot be reached: ${phase.feed.reason}`] : []),
      ];
    case 'watching': {
      const reasons: string[] = [];
      if (phase.feed.kind !== 'live') reasons.push(`RIS Live is ${phase.feed.kind}`);
      reasons.push(...usabilityTroubles(phase));
      if (phase.lastTickAt === null) reasons.push('nothing was judged yet');
      else if (now - phase.lastTickAt > staleMs) reasons.push('nothing was judged in the last two minutes');
      return reasons;
    }
  }
}

/**
 * A table without IPv6 still judges most of what there is, and the log and the metrics say so. Without IPv4 both
 * families are named.
 */
function usabilityTroubles({ usability, leftOut }: Extract<WatchPhase, { kind: 'watching' }>): string[] {
  if (usability.ipv4.kind !== 'unusable') return [];
  return [
    ...families.flatMap((family) =>
      usability[family].kind === 'unusable' ? `${familyNames[family]}: ${describeUsability(usability[family])}` : [],
    ),
    ...leftOut.map(({ collector, why }) => `${collector} is left out: ${why}`),
  ];
}
