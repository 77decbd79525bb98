import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CommandProblem } from '../../../../src/edges/discord/commands/parts/command.js';
import { status } from '../../../../src/edges/discord/commands/status.js';
import type { FeedHealth } from '../../../../src/core/incidents/index.js';
import {
  CommandWorld,
  dayMs,
  embedOf,
  family,
  healthy,
  hourMs,
  minuteMs,
  now,
  record,
  stateOf,
  textOf,
} from '../../../support/delivery/command-world.js';

const green = 0x23a55a;
const grey = 0x80848e;
const red = 0xda373c;
const since = now - 15 * minuteMs;

function northKoreaDown(): CommandWorld {
  const world = new CommandWorld();
  world.stored.push(stateOf('KP', { level: 'down', since, open: { worst: 'down', since, lowest: 0 } }));
  world.measured.push(record('KP', family({ units: 0, prefixes: 0, networks: [{ asn: 131279, before: 4, now: 0 }] })));
  return world;
}

test('a country that is down: since when, how much is left, who lost most, links, chart', async () => {
  const world = northKoreaDown();
  const message = await world.ask(status, { country: 'north korea' });
  assert.equal(
    message.content,
    "🇰🇵 North Korea's national Internet has been down since 16:15 UTC: all 4 routes withdrawn.",
  );
  const embed = embedOf(message);
  assert.equal(embed.title, 'North Korea: down');
  assert.equal(embed.color, red);
  assert.match(embed.description ?? '', /RIPEstat.*KP.*IODA.*Cloudflare Radar/);
  const text = textOf(message);
  for (const expected of [
    'IPv4: down: 0 of 4 /24s (0 %), 0 of 4 routes',
    'IPv6: not judged',
    `Since: <t:${since / 1000}:f> (<t:${since / 1000}:R>)`,
    'worst: down, lowest 0 %',
    'Seen from: 41 networks, 9 collectors',
    `Data from: <t:${(now - 30_000) / 1000}:R>`,
    'Networks that lost most: AS131279: 4 → 0 /24s',
    'BGP view',
  ])
    assert.ok(text.includes(expected), `${expected} in\n${text}`);
  assert.doesNotMatch(text, /⚠️|Still there/);
  assert.deepEqual(
    message.files?.map(({ name, description }) => [name, description]),
    [['KP-24h.png', 'A line that falls to nothing.']],
  );
  assert.deepEqual(world.drawn, [{ country: 'KP', ms: dayMs, family: null }]);
});

test('a country that is whole is normal, and green only while it is seen', async () => {
  const world = new CommandWorld();
  world.measured.push(
    record('KP', family(), family({ units: 2, prefixes: 2, baseline: { units: 2, prefixes: 2, provisional: true } })),
  );
  const message = await world.ask(status, { country: 'KP' });
  assert.equal(
    message.content,
    "🇰🇵 North Korea's national Internet looks normal from the outside: 4 of 4 routes visible (100 % of its " +
      'address space).',
  );
  assert.equal(embedOf(message).color, green);
  assert.match(textOf(message), /IPv6: normal: 2 of 2 \/48s \(100 %\)[\s\S]*provisional/);
  assert.doesNotMatch(textOf(message), /lost most/);
});

const stories: [string, Parameters<typeof stateOf>, ReturnType<typeof record>, RegExp, string][] = [
  [
    'major',
    ['SY', { level: 'major', since }],
    record('SY', family({ units: 40, prefixes: 5, baseline: { units: 400, prefixes: 84, provisional: false } })),
    new RegExp(
      /Syria's national Internet has been in a major outage since 16:15 UTC: /.source +
        /5 of 84 routes left \(10 % of its address space\)\./.source,
    ),
    'Syria: major outage',
  ],
  [
    'degraded',
    ['SY', { level: 'degraded', since }],
    record('SY', family({ units: 70, prefixes: 60, baseline: { units: 100, prefixes: 84, provisional: false } })),
    /Part of Syria's national Internet has been dark since 16:15 UTC/,
    'Syria: degraded',
  ],
  [
    'unstable',
    ['KP', { unstable: true, since: now - dayMs }],
    record('KP'),
    /has been unstable since 16:30 UTC on 21 Dec: its routes keep coming and going/,
    'North Korea: unstable',
  ],
  [
    'recovering',
    ['KP', { level: 'normal', since, open: { worst: 'down', since: now - hourMs, lowest: 0 } }],
    record('KP'),
    /is coming back: 4 of 4 routes visible .* not yet over/,
    'North Korea: recovering',
  ],
  [
    'IPv6 alone',
    ['IR', {}, { level: 'down', since }],
    record('IR', family(), family({ units: 0, prefixes: 0 })),
    /Iran's IPv6 Internet has been down since 16:15 UTC/,
    'Iran: IPv6 down',
  ],
  [
    'both',
    ['IR', { level: 'major', since }, { level: 'down', since }],
    record('IR', family({ units: 1, prefixes: 1 }), family({ units: 0, prefixes: 0 })),
    /major outage since[\s\S]*IPv6 Internet has been down/,
    'Iran: major outage',
  ],
  [
    'a group',
    ['PS-GZ', { level: 'down', since }],
    record('PS-GZ', family({ units: 0, prefixes: 0 }), null, 'Gaza'),
    /^Gaza's Internet has been down since 16:15 UTC/,
    'Gaza: down',
  ],
  [
    'below',
    ['SY'],
    record('SY', family({ units: 3, prefixes: 3 })),
    /below its usual, but in no outage: 3 of 4 routes visible \(75 % /,
    'Syria: below its usual',
  ],
];
test('each condition has its words', async () => {
  for (const [what, state, measured, sentence, title] of stories) {
    const world = new CommandWorld();
    world.stored.push(stateOf(...state));
    world.measured.push(measured);
    const message = await world.ask(status, { country: state[0] });
    assert.match(message.content ?? '', sentence, what);
    assert.equal(embedOf(message).title, title, what);
    assert.notEqual(embedOf(message).color, green, what);
  }
});

const dim: [string, FeedHealth | null, RegExp][] = [
  ['nothing was ever measured', null, /Nothing was ever measured here/],
  [
    'the ingest is silent',
    healthy({ at: now - 14 * minuteMs, eventTime: now - 14 * minuteMs }),
    /not been heard of for 14 min\. What follows is from 16:16 UTC \(<t:\d+:R>\)/,
  ],
  [
    'a new table is loaded',
    healthy({ phase: 'loading', families: null, eventTime: null }),
    /loading the routing tables/,
  ],
  ['the ingest has stopped', healthy({ phase: 'stopped' }), /has stopped\. What follows is from 16:29 UTC/],
  ['nothing was judged yet', healthy({ families: null }), /only just begun to watch/],
  [
    'the stream stands still',
    healthy({ eventTime: now - 20 * minuteMs }),
    /20 min late\. What follows is from 16:10 UTC/,
  ],
  [
    'too few networks',
    healthy({
      families: {
        ipv4: { usable: false, voters: 5, collectors: 1, text: 'unusable: 5 of 20 voters' },
        ipv6: { usable: false, voters: 5, collectors: 1, text: 'unusable: 5 of 20 voters' },
      },
    }),
    /Too few networks are seen to judge by \(unusable: 5 of 20 voters\)/,
  ],
  [
    'too few networks for IPv4',
    healthy({
      families: {
        ipv4: { usable: false, voters: 5, collectors: 1, text: 'unusable: 5 of 20 voters' },
        ipv6: { usable: true, voters: 38, collectors: 9, text: 'usable' },
      },
    }),
    /IPv4 cannot be judged just now \(unusable: 5 of 20 voters\)/,
  ],
];
test('an old state says so first, with its age, and is never green', async () => {
  for (const [what, health, warning] of dim) {
    const world = new CommandWorld();
    world.feed = health;
    world.measured.push(record('KP', family({ at: now - 14 * minuteMs })));
    const message = await world.ask(status, { country: 'KP' });
    assert.match(message.content?.split('\n')[0] ?? '', warning, what);
    assert.match(message.content ?? '', /16:16 UTC|16:10 UTC|16:29 UTC/, what);
    assert.match(message.content ?? '', /^⚠️[\s\S]*looked normal from the outside/, what);
    assert.equal(embedOf(message).color, grey, what);
    assert.equal(embedOf(message).title, 'North Korea: normal at 16:16 UTC, now not known', what);
  }
});

test('a country that was measured long ago is shown as old, even with a good table', async () => {
  const world = new CommandWorld();
  world.measured.push(record('KP', family({ at: now - hourMs })));
  const message = await world.ask(status, { country: 'KP' });
  assert.match(message.content ?? '', /^⚠️ North Korea was last measured at 15:30 UTC/);
  assert.equal(embedOf(message).color, grey);
});

test('a country that is never judged says so', async () => {
  const world = new CommandWorld();
  assert.match(
    textOf(await world.ask(status, { country: 'BV' })),
    /Bouvet Island is not judged: no route .* cannot tell whether it is online/,
  );
  world.measured.push(record('SY', family({ baseline: null })));
  assert.match(textOf(await world.ask(status, { country: 'SY' })), /Syria is not judged yet: there is no baseline/);
  world.feed = null;
  const message = await world.ask(status, { country: 'BV' });
  assert.match(textOf(message), /^⚠️[\s\S]*Nothing is known of Bouvet Island/);
  assert.equal(embedOf(message).color, grey);
});

test('without a chart there is no picture and no file', async () => {
  const world = northKoreaDown();
  world.chart = null;
  const message = await world.ask(status, { country: 'KP' });
  assert.equal(message.files, undefined);
  assert.equal(embedOf(message).image, undefined);
});

test('networks: those that lost most, at most five, and who is still there', async () => {
  const world = new CommandWorld();
  world.stored.push(stateOf('SY', { level: 'major', since }));
  const lost = Array.from({ length: 16 }, (_, n) => ({ asn: 64500 + n, before: 2000, now: 10 }));
  world.measured.push(
    record(
      'SY',
      family({
        units: 500,
        networks: [...lost, { asn: 29386, before: 20, now: 20 }, { asn: 29256, before: 9, now: 0 }],
      }),
    ),
  );
  const fields = (await world.ask(status, { country: 'SY' })).embeds?.[0].fields ?? [];
  assert.equal(fields.find(({ name }) => name === 'Networks that lost most')?.value.split('\n').length, 5);
  assert.match(
    fields.find(({ name }) => name === 'Still there')?.value ?? '',
    /^AS29386 \(20 \/24s\), AS645\d\d \(10 of 2,000 \/24s\)/,
  );
});

test('it keeps to the limits even with the longest texts', async () => {
  const world = new CommandWorld();
  const networks = Array.from({ length: 24 }, (_, n) => ({
    asn: 4_294_967_000 + n,
    before: 16_777_216,
    now: n > 16 ? 16_777_215 : 1,
  }));
  const large = family({
    units: 16_000_000,
    prefixes: 900_000,
    baseline: { units: 16_777_216, prefixes: 999_999, provisional: true },
    networks,
  });
  const open = { worst: 'down', since: now - 400 * dayMs, lowest: 0.0001 } as const;
  const judged = { level: 'major', since: now - 399 * dayMs, open } as const;
  world.stored.push(stateOf('IO', judged, judged));
  world.measured.push(record('IO', large, large));
  world.feed = healthy({ at: now - hourMs });
  assert.match(textOf(await world.ask(status, { country: 'IO' })), /AS4294967000: 16,777,216 → 1 \/24s/);
});

const refused: [string, RegExp][] = [
  ['germny', /no country called "germny"\. Did you mean Germany \(DE\)\?$/],
  ['korea', /Did you mean North Korea \(KP\) or South Korea \(KR\)\?/],
  ['Middle East', /is a region: ask for one country/],
  ['', /Which country\?/],
  ['`@everyone` **x**', /no country called "everyone x"\.$/],
];
test('an unknown country is answered with a question', async () => {
  for (const [country, expected] of refused) {
    await assert.rejects(
      new CommandWorld().ask(status, { country }),
      (error) => error instanceof CommandProblem && expected.test(error.message),
      country,
    );
  }
});

test('if the store is away the command fails', async () => {
  const world = northKoreaDown();
  world.fault = new Error('the store is away');
  await assert.rejects(world.ask(status, { country: 'KP' }), /the store is away/);
});

test('a family that cannot be judged is told in the past tense beside one that can', async () => {
  const blind6 = {
    ...healthy().families!,
    ipv6: { usable: false, voters: 5, collectors: 1, text: 'unusable: 5 of 20 voters' },
  };
  const stories: [string, FeedHealth][] = [
    ['IPv6 is not seen', healthy({ families: blind6 })],
    ['IPv6 was not measured for hours', healthy()],
  ];
  for (const [what, health] of stories) {
    const world = new CommandWorld();
    world.feed = health;
    const gone = family({ at: now - 3 * hourMs, units: 0, prefixes: 0 });
    world.measured.push(record('SY', family({ units: 2, prefixes: 2 }), gone));
    world.stored.push(
      stateOf('SY', { level: 'major', since: now - hourMs }, { level: 'down', since: now - 4 * hourMs }),
    );
    const message = await world.ask(status, { country: 'SY' });
    assert.match(message.content ?? '', /Syria's national Internet has been in a major outage/, what);
    assert.match(
      message.content ?? '',
      /⚠️ Syria's IPv6 was last measured at 13:30 UTC[\s\S]*Syria's IPv6 Internet had been down/,
      what,
    );
    const ipv6 = embedOf(message).fields?.find(({ name }) => name === 'IPv6')?.value ?? '';
    assert.match(ipv6, /\(<t:\d+:R>\)$/, what);
  }
});
