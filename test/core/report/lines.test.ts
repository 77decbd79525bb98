import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { IncidentEvent } from '../../../src/core/incidents/index.js';
import { factsOf, renderJsonLine, renderLine, renderTranscriptLine } from '../../../src/core/report/index.js';
import { combinedEvents } from '../../support/delivery/incident-event.js';
import { northKoreaDown, utc } from './events.js';

const notice: IncidentEvent = {
  ...northKoreaDown,
  id: 'notice-1419264900000',
  incident: null,
  country: null,
  family: null,
  kind: 'notice',
  level: 'normal',
  since: null,
  onset: null,
  voters: 0,
  collectors: 0,
  unstable: false,
  reason: 'impaired\nfor 300 s',
  notice: 'Measurement degraded.',
};

test('the line of a terminal: time, flag, sentence', () => {
  assert.equal(
    renderLine(northKoreaDown),
    "2014-12-22 16:17 UTC 🇰🇵 North Korea's national Internet went down at 16:15 UTC: all 4 routes withdrawn.",
  );
  assert.equal(renderLine(notice), '2014-12-22 16:17 UTC Measurement degraded.');
});

test('the line of a transcript: time, country, family, level, share, reason, text', () => {
  assert.equal(
    renderTranscriptLine({ ...northKoreaDown, share: 0.125 }),
    '2014-12-22T16:17:00Z  KP  ipv4  down      0.1250 | S 0 of 4 for 120 s | ' +
      "North Korea's national Internet went down at 16:15 UTC: all 4 routes withdrawn.",
  );
  assert.equal(
    renderTranscriptLine(notice),
    '2014-12-22T16:17:00Z  -  -  -         - | impaired for 300 s | Measurement degraded.',
  );
});

test('the line of JSON: these keys in this order, ISO times', () => {
  assert.equal(
    renderJsonLine({ ...northKoreaDown, share: 0.1235, at: utc('2014-12-22 16:17:00') + 0.25 }),
    '{"id":"KP-ipv4-1419264900000/1","incident":"KP-ipv4-1419264900000","country":"KP","family":"ipv4",' +
      '"kind":"opened","state":"down","since":"2014-12-22T16:15:00.000Z","onset":"2014-12-22T16:14:50.000Z",' +
      '"at":"2014-12-22T16:17:00.000Z","visible":0,"baseline":4,"share":0.1235,"unstable":true,' +
      '"text":"North Korea\'s national Internet went down at 16:15 UTC: all 4 ' +
      'routes withdrawn."}',
  );
  const told = JSON.parse(renderJsonLine(notice)) as Record<string, unknown>;
  assert.deepEqual([told['country'], told['since'], told['text']], [null, null, 'Measurement degraded.']);
});

test('the facts of a message beside its sentence', () => {
  assert.deepEqual(
    factsOf({
      ...northKoreaDown,
      other: { family: 'ipv6', level: 'normal', visible: 1000, baseline: 1001, share: 0.999 },
    }),
    {
      title: 'North Korea: down',
      colour: 0xda373c,
      fields: [
        { kind: 'text', name: 'IPv4', value: '0 of 4 /24s (0 %), 0 of 4 routes', inline: true },
        { kind: 'text', name: 'IPv6', value: '1,000 of 1,001 /48s (99 %)', inline: true },
        { kind: 'time', name: 'Since', at: utc('2014-12-22 16:15'), inline: true },
        { kind: 'text', name: 'Shape', value: 'instant', inline: true },
        { kind: 'text', name: 'Seen from', value: '24 networks, 3 collectors', inline: true },
        { kind: 'text', name: 'Why', value: 'S 0 of 4 for 120 s', inline: false },
      ],
      links: [
        { label: 'RIPEstat', url: 'https://stat.ripe.net/resource/KP' },
        { label: 'IODA', url: 'https://ioda.inetintel.cc.gatech.edu/country/KP?from=1419221700&until=1419268620' },
        { label: 'Cloudflare Radar', url: 'https://radar.cloudflare.com/kp' },
      ],
      footer: 'KP-ipv4-1419264900000/1 · BGP view',
    },
  );
});

const [syriaPart, , combined] = combinedEvents(
  [
    { country: 'SY', baseline: 84, visible: 4, share: 0.0476, prefixes: 5, basePrefixes: 84 },
    { country: 'LB', level: 'major', family: 'ipv6' },
  ],
  12_345,
);

test('several countries in a terminal, a transcript and JSON', () => {
  const text =
    '2 countries lost most of their Internet through AS12345 at 16:15 UTC: Syria and Lebanon. That network ' +
    'had half or more of what each of them lost.';
  assert.equal(renderLine(combined), `2014-12-22 16:17 UTC ${text}`);
  assert.equal(
    renderTranscriptLine(combined),
    '2014-12-22T16:17:00Z  *  -  down      0.0455 | 2 of 230 countries fell within 180 s of each other, held ' +
      `for 300 s | ${text}`,
  );
  assert.match(
    renderTranscriptLine(syriaPart),
    / \(told by mass-1419265020000-SY\) \| Syria's national Internet went down/,
  );
  const json = (event: IncidentEvent): Record<string, unknown> =>
    JSON.parse(renderJsonLine(event)) as Record<string, unknown>;
  const { id, country, family, countries, asn, partOf } = json(combined);
  assert.deepEqual(
    [id, country, family, countries, asn, partOf],
    ['mass-1419265020000-SY', null, null, ['SY', 'LB'], 12_345, undefined],
  );
  assert.deepEqual([json(syriaPart)['partOf'], json(syriaPart)['countries']], ['mass-1419265020000-SY', undefined]);
});

test('the facts of several countries', () => {
  assert.deepEqual(factsOf(combined), {
    title: '2 countries at once',
    colour: 0xda373c,
    fields: [
      {
        kind: 'text',
        name: 'Countries',
        value: 'Syria: down, 5 % left, 5 of 84 routes\nLebanon: IPv6 major outage, 0 % left, 0 of 4 routes',
        inline: false,
      },
      { kind: 'time', name: 'Since', at: utc('2014-12-22 16:15'), inline: true },
      { kind: 'text', name: 'Seen from', value: '41 networks, 9 collectors', inline: true },
      {
        kind: 'text',
        name: 'Why',
        value: '2 of 230 countries fell within 180 s of each other, held for 300 s',
        inline: false,
      },
    ],
    links: [{ label: 'RIPEstat: AS12345', url: 'https://stat.ripe.net/resource/AS12345' }],
    footer: 'mass-1419265020000-SY · BGP view',
  });
  const many = combinedEvents(
    Array.from({ length: 20 }, (_, index) => ({ country: `C${index}`, baseline: 100 - index })),
  ).at(-1)!;
  const [countries] = factsOf(many).fields;
  assert.deepEqual(countries.kind === 'text' && countries.value.split('\n').slice(11), [
    'C11: down, 0 % left, 0 of 4 routes',
    'and 8 others',
  ]);
});

test('networks that lost most, a line each; absent when there are none', () => {
  const named = (changes: Partial<IncidentEvent>) =>
    factsOf({ ...northKoreaDown, ...changes }).fields.filter(({ name }) => name === 'Networks that lost most');
  const networks = [24_389, 131_279, 3, 4, 5, 6].map((asn) => ({ asn, before: 2064, now: 0 }));
  const lines = networks
    .slice(0, 5)
    .map(({ asn }) => `AS${asn}: 2,064 → 0 /48s`)
    .join('\n');
  assert.deepEqual(named({ networks, family: 'ipv6' }), [
    { kind: 'text', name: 'Networks that lost most', value: lines, inline: false },
  ]);
  assert.deepEqual(named({}), []);
});

test("the shape of a fall: from its onset to the level's since", () => {
  const onset = northKoreaDown.onset!;
  const shape = (changes: Partial<IncidentEvent>) =>
    factsOf({ ...northKoreaDown, ...changes }).fields.flatMap((fact) =>
      fact.kind === 'text' && fact.name === 'Shape' ? [fact.value] : [],
    )[0];
  const cases: [minutes: number, shape: string | undefined][] = [
    [0, 'instant'],
    [4.9, 'instant'],
    [5, 'sequential, over 5 min'],
    [12.5, 'sequential, over 12 min'],
    [60, 'sequential, over 1 hr'],
    [61, 'staggered, over 1 hr'],
    [190, 'staggered, over 3 hrs'],
    [-1, undefined],
  ];
  for (const [minutes, expected] of cases)
    assert.equal(shape({ since: onset + minutes * 60_000 }), expected, `${minutes} min`);
  assert.deepEqual(
    (['escalated', 'follow-up', 'down-again', 'restored', 'unstable'] as const).map((kind) => shape({ kind })),
    ['instant', 'instant', 'instant', undefined, undefined],
  );
  assert.equal(shape({ onset: null }), undefined);
});

test('title and colour say what happened', () => {
  const cases: [Partial<IncidentEvent>, string, number][] = [
    [{ kind: 'opened', level: 'major' }, 'North Korea: major outage', 0xe67e22],
    [{ kind: 'opened', level: 'degraded' }, 'North Korea: degraded', 0xf0b232],
    [{ kind: 'opened', family: 'ipv6' }, 'North Korea: IPv6 down', 0xda373c],
    [{ kind: 'escalated' }, 'North Korea: down', 0xda373c],
    [{ kind: 'follow-up' }, 'North Korea: still down', 0xda373c],
    [{ kind: 'follow-up', level: 'major' }, 'North Korea: still in a major outage', 0xe67e22],
    [{ kind: 'down-again' }, 'North Korea: down again', 0xda373c],
    [{ kind: 'partially-restored', level: 'degraded' }, 'North Korea: partly restored', 0xf0b232],
    [{ kind: 'restored', level: 'normal' }, 'North Korea: restored', 0x23a55a],
    [{ kind: 'new-normal', level: 'normal' }, 'North Korea: new normal', 0x23a55a],
    [{ kind: 'unstable', level: 'normal' }, 'North Korea: unstable', 0x5865f2],
    [{ country: 'NL' }, 'Netherlands: down', 0xda373c],
  ];
  for (const [change, title, colour] of cases) {
    const facts = factsOf({ ...northKoreaDown, ...change });
    assert.deepEqual([facts.title, facts.colour], [title, colour]);
  }
});

test('a fact that the event lacks is left out', () => {
  assert.deepEqual(factsOf({ ...notice, reason: '' }), {
    title: 'Operator notice',
    colour: 0x5865f2,
    fields: [],
    links: [],
    footer: `${notice.id} · BGP view`,
  });
  const bare = factsOf({
    ...northKoreaDown,
    country: 'PS-GZ',
    label: 'Gaza',
    since: null,
    voters: 0,
    reason: '',
    baseline: 0,
  });
  assert.deepEqual([bare.title, bare.fields, bare.links], ['Gaza: down', [], []]);
});
