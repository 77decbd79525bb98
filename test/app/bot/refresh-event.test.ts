import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refreshEvent } from '../../../src/app/bot/refresh-event.js';
import type { CountryRecord, FamilyRecord } from '../../../src/core/incidents/index.js';
import { incidentEvent } from '../../support/delivery/incident-event.js';

const event = incidentEvent({
  country: 'SY',
  visible: 500,
  baseline: 4000,
  share: 0.125,
  prefixes: 41,
  basePrefixes: 84,
});
const now = event.at + 5 * 60_000;
const measured: FamilyRecord = {
  at: now - 60_000,
  units: 1000,
  prefixes: 50,
  baseline: { units: 4000, prefixes: 84, provisional: false },
  voters: 41,
  collectors: 9,
  networks: [
    { asn: 29256, before: 4000, now: 1000 },
    { asn: 29386, before: 10, now: 10 },
  ],
};
const reader = (ipv4: FamilyRecord | null): { record: () => Promise<CountryRecord> } => ({
  record: () => Promise.resolve({ country: 'SY', label: null, ipv4, ipv6: null }),
});

test('an event gets the present numbers and the networks that lost something', async () => {
  const refreshed = await refreshEvent(event, reader(measured), now);
  assert.deepEqual(
    [refreshed?.visible, refreshed?.share, refreshed?.prefixes, refreshed?.networks],
    [1000, 0.25, 50, [{ asn: 29256, before: 4000, now: 1000 }]],
  );
});

test('a record that is the same, unknown, older than the event or too old changes nothing', async () => {
  const same: [string, FamilyRecord | null][] = [
    ['the same', { ...measured, units: event.visible, prefixes: event.prefixes }],
    ['unknown', null],
    ['older than the event', { ...measured, at: event.at }],
    ['too old', { ...measured, at: now - 4 * 60_000 }],
  ];
  for (const [name, ipv4] of same) assert.equal(await refreshEvent(event, reader(ipv4), now), null, name);
});
