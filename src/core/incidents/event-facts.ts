import type { Baseline, CountrySample } from '../countries/index.js';
import type { DetectorState, Reason } from '../detector/index.js';
import { shareOf, type IncidentEvent, type OtherFamily } from './event.js';
import type { IncidentSettings } from './settings.js';
import type { UnixMillis } from '../time.js';

/** What every event of a family tells of its tick. */
export interface EventFacts {
  readonly at: UnixMillis;
  readonly sample: CountrySample;
  readonly baseline: Baseline;
  readonly after: DetectorState;
  readonly other: OtherFamily | null;
}

/** What its own rule adds to them. */
type Told = Pick<IncidentEvent, 'id' | 'incident' | 'kind' | 'worst' | 'since' | 'reason'> &
  Partial<Pick<IncidentEvent, 'until' | 'onset' | 'instability' | 'relapses' | 'lowest'>>;

/** `clock`: since when it counts as being at its worst; null outside an incident. */
export function createEvent(
  { at, sample, baseline, after, other }: EventFacts,
  clock: UnixMillis | null,
  settings: IncidentSettings,
  told: Told,
): IncidentEvent {
  const { country, label, family, units, prefixes, voters, collectors } = sample;
  const share = shareOf(units, baseline.units);
  return {
    country,
    label,
    family,
    level: after.level,
    until: null,
    onset: null,
    at,
    visible: units,
    baseline: baseline.units,
    share,
    lowest: share,
    prefixes,
    basePrefixes: baseline.prefixes,
    provisional: baseline.provisional,
    hard: isHard(after, clock, at, settings),
    unstable: after.instability.unstable,
    instability: null,
    relapses: 0,
    other,
    networks: [],
    voters,
    collectors,
    notice: null,
    countries: [],
    asn: null,
    partOf: null,
    ...told,
  };
}

/** Down hard: down for 2 h, or next to nothing left for 30 min. */
function isHard(
  { level, dark }: DetectorState,
  clock: UnixMillis | null,
  at: UnixMillis,
  { hard }: IncidentSettings,
): boolean {
  if (level !== 'down') return false;
  return (clock !== null && at - clock >= hard.downMs) || (dark !== null && at - dark.first >= hard.darkMs);
}

/** IPv6's line in IPv4's incident; null where it is not judged. */
export function otherFamily(
  sample: CountrySample,
  detector: { readonly after: DetectorState; readonly reason: Reason },
): OtherFamily | null {
  if (detector.reason.kind === 'unjudged' || sample.baseline === null) return null;
  return {
    family: sample.family,
    level: detector.after.level,
    visible: sample.units,
    baseline: sample.baseline.units,
    share: shareOf(sample.units, sample.baseline.units),
  };
}

/** A word to the operator, of no country. `name` is unlike any other notice's. */
export function createNotice(name: string, at: UnixMillis, text: string): IncidentEvent {
  return {
    id: `notice-${name}`,
    incident: null,
    country: null,
    label: null,
    family: null,
    kind: 'notice',
    level: 'normal',
    worst: 'normal',
    since: null,
    until: null,
    onset: null,
    at,
    visible: 0,
    baseline: 0,
    share: 0,
    lowest: 0,
    prefixes: 0,
    basePrefixes: 0,
    provisional: false,
    hard: false,
    unstable: false,
    instability: null,
    relapses: 0,
    other: null,
    networks: [],
    voters: 0,
    collectors: 0,
    reason: text,
    notice: text,
    countries: [],
    asn: null,
    partOf: null,
  };
}
