import type { Family } from '../bgp/index.js';
import type { CountrySample } from '../countries/index.js';
import { isSettled, type DetectorState, type Reason } from '../detector/index.js';
import type { IncidentEvent } from './event.js';
import { createEvent, otherFamily, type EventFacts } from './event-facts.js';
import { foldFamily } from './family.js';
import type { FamilyIncident, IncidentState } from './incident.js';
import type { IncidentSettings } from './settings.js';
import type { UnixMillis } from '../time.js';

export type { IncidentState } from './incident.js';

/** One tick of one country: what was measured, and what the detector made of it. */
export interface FoldInput {
  readonly at: UnixMillis;
  readonly samples: Readonly<Record<Family, CountrySample>>;
  readonly detector: Readonly<
    Record<Family, { readonly before: DetectorState; readonly after: DetectorState; readonly reason: Reason }>
  >;
}

/**
 * Folds one tick into the country's incidents. A family that was not judged keeps its state and tells nothing. IPv6
 * that falls while IPv4 is in trouble is a line in IPv4's incident and opens none of its own until it is alone; an
 * incident of its own that is already open says nothing meanwhile but its end.
 */
export function fold(
  state: IncidentState,
  input: FoldInput,
  settings: IncidentSettings,
): { readonly state: IncidentState; readonly events: readonly IncidentEvent[] } {
  const events: IncidentEvent[] = [];
  const ipv4 = foldOne('ipv4', state.ipv4, input, true, settings, events);
  const ipv6 = foldOne('ipv6', state.ipv6, input, isAlone(ipv4, input, settings), settings, events);
  return { state: ipv4 === state.ipv4 && ipv6 === state.ipv6 ? state : { ipv4, ipv6 }, events };
}

function foldOne(
  family: Family,
  incident: FamilyIncident,
  { at, samples, detector }: FoldInput,
  alone: boolean,
  settings: IncidentSettings,
  events: IncidentEvent[],
): FamilyIncident {
  const sample = samples[family];
  const { before, after, reason } = detector[family];
  if (reason.kind === 'unjudged' || sample.baseline === null) return incident;
  const other = family === 'ipv4' ? otherFamily(samples.ipv6, detector.ipv6) : null;
  const facts: EventFacts = { at, sample, baseline: sample.baseline, after, other };
  const folded = foldFamily(incident, { facts, reason, alone }, settings);
  if (folded.event !== null) events.push(folded.event);
  const run = after.instability.run;
  const isNewRun = run !== null && run.start !== before.instability.run?.start;
  if (isNewRun && alone && incident.kind !== 'open' && folded.incident.kind !== 'open') {
    events.push(
      createEvent(facts, null, settings, {
        kind: 'unstable',
        id: `${sample.country}-${family}-unstable-${run.start}`,
        incident: null,
        worst: after.level,
        since: run.start,
        reason: run.text,
      }),
    );
  }
  return folded.incident;
}

/** Whether IPv6 stands for itself: IPv4 is normal, not on its way down, and its incident has been over for a while. */
function isAlone(ipv4: FamilyIncident, { at, samples, detector }: FoldInput, { ipv6 }: IncidentSettings): boolean {
  const { after } = detector.ipv4;
  if (ipv4.kind === 'open' || after.level !== 'normal') return false;
  if (ipv4.kind === 'closed' && at - ipv4.closedAt < ipv6.aloneMs) return false;
  return !samples.ipv4.usable || isSettled(after);
}
