import type { IncidentEvent } from '../../src/incidents/index.js';

/** "2014-12-22 16:15" or with seconds, UTC, as Unix ms. */
export const utc = (text: string): number => Date.parse(`${text.replace(' ', 'T')}Z`);

/** North Korea going down on 22 December 2014: what the other events of the tests differ from. */
export const northKoreaDown: IncidentEvent = {
  id: 'KP-ipv4-1419264900000/1',
  incident: 'KP-ipv4-1419264900000',
  country: 'KP',
  label: null,
  family: 'ipv4',
  kind: 'opened',
  level: 'down',
  worst: 'down',
  since: utc('2014-12-22 16:15:00'),
  until: null,
  onset: utc('2014-12-22 16:14:50'),
  at: utc('2014-12-22 16:17:00'),
  visible: 0,
  baseline: 4,
  share: 0,
  prefixes: 0,
  basePrefixes: 4,
  provisional: false,
  hard: false,
  unstable: true,
  instability: null,
  relapses: 0,
  other: null,
  voters: 24,
  collectors: 3,
  reason: 'S 0 of 4 for 120 s',
  notice: null,
};
