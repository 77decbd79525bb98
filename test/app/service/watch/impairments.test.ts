import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CarriedCounters } from '../../../../src/app/service/watch/carried-counters.js';
import { followGuards, type Guarded } from '../../../../src/app/service/watch/guard-metrics.js';
import { createMetrics } from '../../../../src/edges/observability/index.js';
import { findImpairments, type ImpairmentSigns } from '../../../../src/app/service/watch/find-impairments.js';
import type { CollectorStage } from '../../../../src/edges/feed/index.js';
import { Impairments, type Impairment } from '../../../../src/app/service/watch/impairments.js';

const minute = 60_000;
const start = Date.UTC(2026, 2, 2, 8);
const lost: Impairment = { kind: 'collectors', text: 'judged without rrc06 (silent)' };

/** The notices that the operator reads, if `found` gives the finding of each half minute. */
function told(
  impairments: Impairments,
  minutes: number,
  found: (atMinute: number) => readonly Impairment[],
  from = 0,
): string[] {
  const words: string[] = [];
  for (let at = from; at <= from + minutes; at += 0.5) {
    for (const { notice, kind, country } of impairments.look(start + at * minute, found(at)))
      words.push(`${at}: ${kind} ${String(country)} ${String(notice)}`);
  }
  return words;
}

const stories: readonly {
  readonly name: string;
  readonly found: (at: number) => readonly Impairment[];
  readonly told: readonly string[];
}[] = [
  { name: 'what is over within five minutes is not worth a word', found: (at) => (at < 4.5 ? [lost] : []), told: [] },
  {
    name: 'what lasts is told once, and once when it is over',
    found: (at) => (at >= 1 && at < 20 ? [lost] : []),
    told: [
      '6: notice null Measurement degraded since 2026-03-02 08:01 UTC: judged without rrc06 (silent).',
      '20.5: notice null Measurement no longer degraded. It was from 2026-03-02 08:01 UTC to 2026-03-02 08:19 ' +
        'UTC: judged without rrc06 (silent).',
    ],
  },
  {
    name: 'what flaps is one',
    found: (at) => (at < 20 && at % 1 === 0 ? [lost] : []),
    told: [
      '5: notice null Measurement degraded since 2026-03-02 08:00 UTC: judged without rrc06 (silent).',
      '20: notice null Measurement no longer degraded. It was from 2026-03-02 08:00 UTC to 2026-03-02 08:19 ' +
        'UTC: judged without rrc06 (silent).',
    ],
  },
  {
    name: 'two kinds are told apart, and that many fell at once at once',
    found: (at) => [
      ...(at < 7 ? [lost] : []),
      ...(at === 2 ? [{ kind: 'mass', text: '9 countries at once' } as const] : []),
    ],
    told: [
      '2: notice null Measurement degraded since 2026-03-02 08:02 UTC: 9 countries at once.',
      '3: notice null Measurement no longer degraded. It was from 2026-03-02 08:02 UTC to 2026-03-02 08:02 ' +
        'UTC: 9 countries at once.',
      '5: notice null Measurement degraded since 2026-03-02 08:00 UTC: judged without rrc06 (silent).',
      '7.5: notice null Measurement no longer degraded. It was from 2026-03-02 08:00 UTC to 2026-03-02 08:06 ' +
        'UTC: judged without rrc06 (silent).',
    ],
  },
];
for (const story of stories)
  test(story.name, () => assert.deepEqual(told(new Impairments(), 30, story.found), story.told));

test('during a load no trouble is reported as over, and that nothing is judged is reported once', () => {
  const blind: Impairment = { kind: 'blind', text: 'RIS Live cannot be reached (ENOTFOUND), and nothing is judged' };
  const loading: Impairment = { kind: 'loading', text: 'the routing tables are being loaded, and nothing is judged' };
  assert.deepEqual(
    told(new Impairments(), 60, (at) => (at < 10 ? [blind, lost] : at < 50 ? [loading] : [])),
    [
      '5: notice null Measurement degraded since 2026-03-02 08:00 UTC: RIS Live cannot be reached (ENOTFOUND), ' +
        'and nothing is judged.',
      '5: notice null Measurement degraded since 2026-03-02 08:00 UTC: judged without rrc06 (silent).',
      '50.5: notice null Measurement no longer degraded. It was from 2026-03-02 08:00 UTC to 2026-03-02 08:49 ' +
        'UTC: the routing tables are being loaded, and nothing is judged.',
      '50.5: notice null Measurement no longer degraded. It was from 2026-03-02 08:00 UTC to 2026-03-02 08:49 ' +
        'UTC: judged without rrc06 (silent).',
    ],
  );
});

const deaf: Impairment = { kind: 'feed', text: 'RIS Live cannot be reached (ECONNREFUSED), and nothing is judged' };
const load: Impairment = { kind: 'loading', text: 'the routing tables are being loaded, and nothing is judged' };

test(
  'RIS Live that is away from the first start is told after five minutes, as one trouble with the load and ' +
    'what follows',
  () => {
    const blind: Impairment = { kind: 'blind', text: 'RIS Live is silent, and nothing is judged' };
    assert.deepEqual(
      told(new Impairments(), 100, (at) => (at < 50 ? [load, deaf] : at < 70 ? [load] : at < 80 ? [blind] : [])),
      [
        '5: notice null Measurement degraded since 2026-03-02 08:00 UTC: RIS Live cannot be reached ' +
          '(ECONNREFUSED), and nothing is judged.',
        '80.5: notice null Measurement no longer degraded. It was from 2026-03-02 08:00 UTC to 2026-03-02 09:19 ' +
          'UTC: RIS Live is silent, and nothing is judged.',
      ],
    );
  },
);

test('minutes without RIS Live during a load do not shorten the time the load gets', () => {
  assert.deepEqual(
    told(new Impairments(), 60, (at) => (at < 2 || (at >= 20 && at < 24) ? [load, deaf] : at < 29 ? [load] : [])),
    [],
  );
});

test('a restart repeats no notice, and sends the last one that was owed', () => {
  const first = new Impairments();
  told(first, 8, () => [lost]);
  const stored = JSON.parse(JSON.stringify(first.standing)) as typeof first.standing;
  const second = new Impairments();
  second.restore(stored);
  assert.deepEqual(
    told(second, 10, (at) => (at < 12 ? [lost] : []), 9),
    [
      '12.5: notice null Measurement no longer degraded. It was from 2026-03-02 08:00 UTC to 2026-03-02 08:11 ' +
        'UTC: judged without rrc06 (silent).',
    ],
  );
});

test('what 0.1 stored as "verdicts" goes on as "one-collector"', () => {
  const impairments = new Impairments();
  impairments.restore([{ kind: 'verdicts', text: 'KP by rrc00', since: start, seenAt: start, toldAt: start }]);
  assert.deepEqual(
    told(impairments, 2, (at) => (at < 2 ? [{ kind: 'one-collector', text: 'KP by rrc00' }] : [])),
    [],
  );
  assert.deepEqual(
    impairments.standing.map(({ kind, since, toldAt }) => ({ kind, since, toldAt })),
    [{ kind: 'one-collector', since: start, toldAt: start }],
  );
});

test('until 0.3 the holds of mass and shared-as are exported together too', async () => {
  const metrics = createMetrics();
  const none = { begun: 0, released: 0, dissolved: 0 };
  const hold = { countries: ['AA'], since: start, words: '' };
  followGuards(metrics, new CarriedCounters(), {
    view: {
      sessionCounters: { resetsByState: 0, resetsByVolume: 0, massWithdrawals: 0 },
      holds: [
        { ...hold, guard: 'mass' },
        { ...hold, guard: 'shared-as', countries: ['BB'] },
      ],
      holdCounts: { mass: { ...none, begun: 2 }, 'shared-as': { ...none, begun: 1 }, 'one-collector': none },
    },
    intake: { gaps: {}, fillFiles: 0, updateFiles: 0, fillRows: 0 },
    archive: { requests: {}, bytes: 0 },
    stages: [],
  } as unknown as Guarded);
  const text = await metrics.registry.metrics();
  for (const [guard, begun, held] of [
    ['mass', 2, 1],
    ['shared-as', 1, 1],
    ['many-countries', 3, 2],
  ] as const) {
    assert.ok(text.includes(`lightsout_decision_holds_total{guard="${guard}",outcome="begun"} ${begun}\n`), guard);
    assert.ok(text.includes(`lightsout_decisions_held{guard="${guard}"} ${held}\n`), guard);
  }
});

const stage = (collector: string, stage: CollectorStage['stage'], why = ''): CollectorStage => ({
  collector,
  stage,
  since: start,
  why,
});
const well: ImpairmentSigns = {
  now: start,
  phase: 'watching',
  feed: { kind: 'live', since: start },
  lastTickAt: start - 5_000,
  seen: new Set(),
  stages: [stage('rrc00', 'through')],
  outOfVote: { known: 41, out: [] },
  registryTrouble: null,
  holds: [],
  usability: {
    ipv4: { kind: 'usable', voters: 41, collectors: 9 },
    ipv6: { kind: 'unusable', reason: 'few-voters', voters: 0, collectors: 0, needed: 20 },
  },
};
const sights: readonly (readonly [string, Partial<ImpairmentSigns>, readonly string[]])[] = [
  ['all is well', {}, []],
  [
    'a socket that is lost',
    { feed: { kind: 'down', reason: 'ECONNREFUSED', retryInMs: 1 } },
    ['blind: RIS Live cannot be reached (ECONNREFUSED), and nothing is judged'],
  ],
  [
    'a silent socket',
    { feed: { kind: 'impaired', quietSince: start } },
    ['blind: RIS Live is silent, and nothing is judged'],
  ],
  [
    'time that stands still',
    { lastTickAt: start - 70_000 },
    ['blind: event time stands still: fewer than two collectors speak, and nothing is judged'],
  ],
  [
    'a family that was seen and is lost',
    { seen: new Set(['ipv6']) },
    ['blind: IPv6 is not judged (unusable: 0 of 20 voters)'],
  ],
  [
    'a collector that is silent',
    { stages: [stage('rrc06', 'lost', 'silent'), stage('rrc00', 'through')] },
    ['collectors: judged without rrc06 (silent)'],
  ],
  [
    'a hole that is not filled',
    { stages: [stage('rrc06', 'filling')] },
    ['holes: what rrc06 said in a short gap could not be fetched yet'],
  ],
  [
    'a few sessions that are down: nothing',
    { outOfVote: { known: 41, out: [{ because: 'session-down', count: 8 }] } },
    [],
  ],
  [
    'many sessions that are down or send their tables again',
    {
      outOfVote: {
        known: 40,
        out: [
          { because: 'session-down', count: 4 },
          { because: 'table-transfer', count: 4 },
        ],
      },
    },
    ['sessions: 8 of 40 full feeds have no vote: their sessions are down, or their tables are being sent again'],
  ],
  [
    'one peer that withdrew its table',
    { outOfVote: { known: 40, out: [{ because: 'mass-withdrawal', count: 1 }] } },
    [
      'withdrawals: 1 of 40 full feeds withdrew much of their table within two minutes, and have no vote until ' +
        'it is back or steady',
    ],
  ],
  [
    'decisions that are held back',
    {
      holds: [
        { guard: 'one-collector', countries: ['KP'], since: start, words: 'KP by rrc00 alone' },
        { guard: 'mass', countries: ['AA', 'BB'], since: start, words: '9 countries at once' },
      ],
    },
    ['mass: 9 countries at once', 'one-collector: KP by rrc00 alone'],
  ],
  [
    'an old registry',
    { registryTrouble: 'the registry is 9 days old: HTTP 500' },
    ['registry: the registry is 9 days old: HTTP 500'],
  ],
  [
    'a load that lacks files',
    {
      phase: 'loading',
      stages: [stage('rrc00', 'rib'), stage('rrc01', 'given-up', 'rrc01/latest-bview.gz: HTTP 500 (14 attempts)')],
    },
    [
      'loading: the routing tables are being loaded, and nothing is judged; not had yet: rrc01 ' +
        '(rrc01/latest-bview.gz: HTTP 500 (14 attempts))',
    ],
  ],
  [
    'a load without RIS Live',
    { phase: 'loading', feed: { kind: 'connecting', attempt: 2, trouble: 'ECONNREFUSED' } },
    [
      'loading: the routing tables are being loaded, and nothing is judged',
      'feed: RIS Live cannot be reached (ECONNREFUSED), and nothing is judged',
    ],
  ],
  [
    'a socket that is being tried again',
    { feed: { kind: 'connecting', attempt: 2, trouble: 'ECONNREFUSED' } },
    ['blind: RIS Live cannot be reached (ECONNREFUSED), and nothing is judged'],
  ],
  [
    'a load',
    { phase: 'loading', feed: { kind: 'connecting', attempt: 1, trouble: null } },
    ['loading: the routing tables are being loaded, and nothing is judged'],
  ],
];
for (const [name, change, expected] of sights) {
  test(`impaired by ${name}`, () =>
    assert.deepEqual(
      findImpairments({ ...well, ...change }).map(({ kind, text }) => `${kind}: ${text}`),
      expected,
    ));
}

test('a notice fits into a message, whatever the reasons are', () => {
  const stages = Array.from({ length: 23 }, (_, row) =>
    stage(
      `rrc${row}`,
      'given-up',
      `rrc${row}/2026.03/updates.20260302.0800.gz: gzip: incorrect data check (5 attempts)`,
    ),
  );
  const [{ text }] = findImpairments({ ...well, stages });
  assert.deepEqual(
    [text.length, text.slice(0, 40), text.at(-1)],
    [1_000, 'judged without rrc0 (rrc0/2026.03/update', '…'],
  );
});
