import fc from 'fast-check';
import { countryCodes } from '../../../src/core/countries/index.js';
import type { EventKind, IncidentEvent } from '../../../src/core/incidents/index.js';
import { combinedEvents, incidentEvent } from '../../support/delivery/incident-event.js';

/** "2014-12-22 16:15" or with seconds, UTC, as Unix ms. */
export const utc = (text: string): number => Date.parse(`${text.replace(' ', 'T')}Z`);

/** North Korea going down after a day of flapping: the event from which the tests' other events differ. */
export const northKoreaDown = incidentEvent({
  id: 'KP-ipv4-1419264900000/1',
  incident: 'KP-ipv4-1419264900000',
  onset: utc('2014-12-22 16:14:50'),
  unstable: true,
  voters: 24,
  collectors: 3,
  reason: 'S 0 of 4 for 120 s',
});

const levels = ['normal', 'degraded', 'major', 'down'] as const;
const kinds: readonly EventKind[] = [
  'opened',
  'escalated',
  'follow-up',
  'partially-restored',
  'down-again',
  'restored',
  'new-normal',
  'unstable',
  'notice',
];
const time = fc.integer({ min: utc('2011-01-01 00:00'), max: utc('2031-01-01 00:00') });
const share = fc.double({ min: 0, max: 1, noNaN: true });
/** A few routes, or about as many as the whole Internet has. */
const counted = fc.oneof(fc.nat(5), fc.integer({ min: 1_000_000, max: 1_299_999 }));
export const anyEvent: fc.Arbitrary<IncidentEvent> = fc
  .record({
    country: fc.oneof(fc.constantFrom(...countryCodes), fc.constantFrom('CF', 'IO', 'UM', 'TF', 'VC')),
    family: fc.constantFrom('ipv4', 'ipv6'),
    kind: fc.constantFrom(...kinds),
    level: fc.constantFrom(...levels),
    worst: fc.constantFrom(...levels),
    times: fc.tuple(time, time, time).map((all) => all.sort((a, b) => a - b)),
    visible: counted,
    prefixes: counted,
    basePrefixes: counted,
    share,
    provisional: fc.boolean(),
    hard: fc.boolean(),
    instability: fc.option(fc.record({ hours: fc.integer({ min: 12, max: 999 }), increasing: fc.boolean() })),
    relapses: fc.nat(100_000),
    other: fc.option(
      fc.record({
        family: fc.constant('ipv6' as const),
        level: fc.constantFrom(...levels),
        visible: counted,
        baseline: counted,
        share,
      }),
    ),
    notice: fc.string({ maxLength: 400, unit: 'grapheme' }),
  })
  .map(({ times: [since, until, at], ...rest }) => ({ ...northKoreaDown, ...rest, since, until, at }));

/** A combined event. */
export const anyCombined: fc.Arbitrary<IncidentEvent> = fc
  .tuple(fc.array(anyEvent, { minLength: 2, maxLength: 60 }), fc.option(fc.integer({ min: 1, max: 4_294_967_295 })))
  .map(([events, asn]) => {
    const { at } = events[0];
    return combinedEvents(
      events.map((event) => ({ ...event, kind: 'opened', at, since: Math.min(event.since ?? at, at) })),
      asn,
    ).at(-1)!;
  });
