import { incidentEvent } from '../support/incident-event.js';

/** "2014-12-22 16:15" or with seconds, UTC, as Unix ms. */
export const utc = (text: string): number => Date.parse(`${text.replace(' ', 'T')}Z`);

/** North Korea going down after a day of flapping: what the other events of the tests differ from. */
export const northKoreaDown = incidentEvent({
  id: 'KP-ipv4-1419264900000/1',
  incident: 'KP-ipv4-1419264900000',
  onset: utc('2014-12-22 16:14:50'),
  unstable: true,
  voters: 24,
  collectors: 3,
  reason: 'S 0 of 4 for 120 s',
});
