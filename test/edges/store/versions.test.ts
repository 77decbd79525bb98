import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StoreRefusedError } from '../../../src/edges/store/index.js';
import { parseEvent, parseState } from '../../../src/edges/store/versions.js';

const migrations = {
  1: (older: object) => ({ ...older, steps: ['1 to 2'] }),
  2: (older: { steps?: string[] }) => ({ ...older, steps: [...(older.steps ?? []), '2 to 3'] }),
};

test('an older state is migrated through every step to the present version', () => {
  assert.deepEqual(parseState('{"version":1,"country":"KP"}', migrations, 3), {
    version: 3,
    country: 'KP',
    steps: ['1 to 2', '2 to 3'],
  });
  assert.deepEqual(parseState('{"version":2,"country":"KP"}', migrations, 3), {
    version: 3,
    country: 'KP',
    steps: ['2 to 3'],
  });
  assert.deepEqual(parseState('{"version":3,"country":"KP"}', migrations, 3), { version: 3, country: 'KP' });
});

const refused: [text: string, sentence: RegExp][] = [
  [
    '{"version":4,"country":"KP"}',
    /^The state of KP was written by a newer lightsout \(version 4, this one knows up to 3\)/,
  ],
  ['{"version":0,"country":"KP"}', /^The state of KP has version 0, which no migration leads from\.$/],
  ['{"country":"KP"}', /^The state of KP has version undefined, which no migration leads from\.$/],
  ['{"version":"1","country":"KP"}', /^The state of KP has version 1, which/],
];
for (const [text, sentence] of refused) {
  test(`refused with a sentence: ${text}`, () => {
    assert.throws(
      () => parseState(text, migrations, 3),
      (error: Error) => error instanceof StoreRefusedError && sentence.test(error.message),
    );
  });
}

test('a state of version 1: how low its incidents went was not kept, and is at most the whole', () => {
  const open = { kind: 'open', id: 'KP-ipv4-1', relapses: 0 };
  const stateWith = (ipv4: object, ipv6: object, version: number): object => ({
    version,
    country: 'KP',
    incidents: { ipv4, ipv6 },
    detector: {},
    baseline: {},
  });
  const present = (ipv4: object, ipv6: object): object => stateWith(ipv4, ipv6, 3);
  const migrated = (ipv4: object, ipv6: object): object => parseState(JSON.stringify(stateWith(ipv4, ipv6, 1)));
  const closed = { kind: 'closed', last: open, closedAt: 5 };
  assert.deepEqual(
    migrated(open, closed),
    present({ ...open, lowest: 1 }, { ...closed, last: { ...open, lowest: 1 } }),
  );
  assert.deepEqual(migrated({ kind: 'none' }, { kind: 'none' }), present({ kind: 'none' }, { kind: 'none' }));
});

test('a state of version 2: no registry had ever taken the place of another', () => {
  const baseline = { floor: { units: 4, prefixes: 4 }, origins: 1, frozen: [{ from: 1, to: null }] };
  const older = {
    version: 2,
    country: 'KP',
    incidents: {},
    detector: {},
    baseline: { ipv4: baseline, ipv6: baseline },
  };
  const now = { ...baseline, shifts: [] };
  assert.deepEqual(parseState(JSON.stringify(older)), { ...older, version: 3, baseline: { ipv4: now, ipv6: now } });
});

test('an event of a program that kept neither networks nor the lowest share, and knew of no several countries', () => {
  const older = { id: 'KP-ipv4-1/1', share: 0.25 };
  assert.deepEqual(parseEvent(JSON.stringify(older)), {
    ...older,
    networks: [],
    lowest: 0.25,
    countries: [],
    asn: null,
    partOf: null,
  });
  const newer = {
    ...older,
    networks: [{ asn: 1, before: 2, now: 0 }],
    lowest: 0.1,
    countries: [{ country: 'KP' }],
    asn: 3,
    partOf: 'mass-1-KP',
  };
  assert.deepEqual(parseEvent(JSON.stringify(newer)), newer);
});
