import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { IncidentEvent } from '../../../src/core/incidents/index.js';
import { renderBacklog, textLimit } from '../../../src/core/report/index.js';
import { anyEvent, northKoreaDown, utc } from './events.js';

const at = utc('2014-12-23 03:00');
const korea = northKoreaDown;
const syria: IncidentEvent = {
  ...korea,
  id: 'SY-ipv4-1/1',
  incident: 'SY-ipv4-1',
  country: 'SY',
  level: 'major',
  worst: 'major',
  since: utc('2014-12-22 10:26'),
  visible: 500,
  baseline: 4200,
  share: 0.119,
  prefixes: 41,
  basePrefixes: 84,
};
const syriaOver: IncidentEvent = {
  ...syria,
  kind: 'restored',
  level: 'normal',
  worst: 'down',
  until: utc('2014-12-22 14:32'),
  share: 1,
};
const iraqUnstable: IncidentEvent = {
  ...syria,
  country: 'IQ',
  incident: null,
  kind: 'unstable',
  level: 'normal',
  worst: 'normal',
};
const late = 'Told late: this channel could not be reached.';

const stories: [string, readonly IncidentEvent[], string, string][] = [
  [
    'one that goes on',
    [korea],
    `North Korea's national Internet has been down since 16:15 UTC on 22 Dec. ${late}`,
    '1 outage going on',
  ],
  [
    'told on the same day',
    [{ ...korea, since: utc('2014-12-23 01:15') }],
    `North Korea's national Internet has been down since 01:15 UTC. ${late}`,
    '1 outage going on',
  ],
  [
    'major',
    [syria],
    `Syria's national Internet has been in a major outage since 10:26 UTC on 22 Dec. ${late}`,
    '1 outage going on',
  ],
  [
    'degraded',
    [{ ...syria, level: 'degraded', worst: 'degraded' }],
    `Part of Syria's national Internet has been dark since 10:26 UTC on 22 Dec. ${late}`,
    '1 outage going on',
  ],
  [
    'partly back',
    [{ ...syria, worst: 'down', share: 0.48 }],
    `Syria's national Internet went down at 10:26 UTC on 22 Dec and is partly back: 41 of 84 routes visible ` +
      `(48 % of its address space). ${late}`,
    '1 outage going on',
  ],
  [
    'IPv6 alone',
    [{ ...syria, family: 'ipv6', level: 'down', worst: 'down' }],
    `Syria's IPv6 Internet has been down since 10:26 UTC on 22 Dec. ${late}`,
    '1 outage going on',
  ],
  [
    'unstable',
    [iraqUnstable],
    `Iraq's national Internet has been unstable since 10:26 UTC on 22 Dec. ${late}`,
    '1 disruption going on',
  ],
  [
    'one that is over',
    [syriaOver],
    `Syria's national Internet was down 10:26-14:32 UTC, over now. ${late}`,
    '1 outage, over now',
  ],
  [
    'over, days ago',
    [{ ...syriaOver, since: utc('2014-12-20 10:26'), until: utc('2014-12-20 14:32') }],
    `Syria's national Internet was down 20 Dec 10:26-14:32 UTC, over now. ${late}`,
    '1 outage, over now',
  ],
  [
    'a major one that is over',
    [{ ...syriaOver, worst: 'major' }],
    `Syria's national Internet was in a major outage 10:26-14:32 UTC, over now. ${late}`,
    '1 outage, over now',
  ],
  [
    'a partial one that is over',
    [{ ...syriaOver, worst: 'degraded' }],
    `Part of Syria's national Internet was dark 10:26-14:32 UTC, over now. ${late}`,
    '1 outage, over now',
  ],
  [
    'settled',
    [{ ...syriaOver, kind: 'new-normal', share: 0.71 }],
    `Syria's national Internet has settled: 41 of 84 routes visible (71 % of its address space), and its ` +
      `outage is closed. ${late}`,
    '1 outage, over now',
  ],
  [
    'one goes on, one is over',
    [syriaOver, korea],
    `North Korea's national Internet has been down since 16:15 UTC on 22 Dec. 1 other outage came and went. ${late}`,
    '1 outage going on',
  ],
  [
    'two go on, the worse one first',
    [syria, korea],
    '2 outages are going on, told late as this channel could not be reached: North Korea (down since 16:15 ' +
      'UTC on 22 Dec) and Syria (major outage since 10:26 UTC on 22 Dec).',
    '2 outages going on',
  ],
  [
    'two go on, three are over',
    [syria, syriaOver, korea, syriaOver, syriaOver],
    '2 outages are going on, told late as this channel could not be reached: North Korea (down since 16:15 ' +
      'UTC on 22 Dec) and Syria (major outage since 10:26 UTC on 22 Dec). 3 other outages came and went.',
    '2 outages going on',
  ],
  [
    'two are over',
    [syriaOver, { ...syriaOver, country: 'IQ', worst: 'major' }],
    '2 outages came and went while this channel could not be reached: Syria (down 10:26-14:32 UTC) and Iraq ' +
      '(major outage 10:26-14:32 UTC).',
    '2 outages, over now',
  ],
  [
    'more than there is room for',
    Array.from({ length: 12 }, () => korea),
    '12 outages are going on, told late as this channel could not be reached: North Korea (down since 16:15 ' +
      'UTC on 22 Dec), North Korea (down since 16:15 UTC on 22 Dec), North Korea (down since 16:15 UTC on 22 ' +
      'Dec), and 9 more.',
    '12 outages going on',
  ],
  [
    'what is only unstable is no outage',
    [korea, iraqUnstable],
    '2 disruptions are going on, told late as this channel could not be reached: North Korea (down since ' +
      '16:15 UTC on 22 Dec) and Iraq (unstable since 10:26 UTC on 22 Dec).',
    '2 disruptions going on',
  ],
];

test('the sentence after a long silence', () => {
  for (const [name, events, text, title] of stories) {
    const backlog = renderBacklog(events, at);
    assert.equal(backlog.text, text, name);
    assert.equal(backlog.title, title, name);
    assert.equal(backlog.lines.length, events.length, name);
  }
});

test('a line for each incident, the worst first, ended ones last; its colour is that of the worst ongoing one', () => {
  const { lines, colour, footer } = renderBacklog([syriaOver, syria, korea], at);
  assert.deepEqual(lines, [
    '🇰🇵 North Korea: down since 16:15 UTC on 22 Dec, all 4 routes withdrawn',
    '🇸🇾 Syria: major outage since 10:26 UTC on 22 Dec, 41 of 84 routes left (12 % of its address space)',
    '🇸🇾 Syria: down 10:26-14:32 UTC, over now',
  ]);
  assert.equal(colour, 0xda373c);
  assert.equal(footer, 'backlog SY-ipv4-1/1 · BGP view');
  assert.equal(renderBacklog([syriaOver], at).colour, 0x23a55a);
});

test('any number of any incidents fits', () => {
  const told = anyEvent.filter(({ kind }) => kind !== 'notice');
  fc.assert(
    fc.property(fc.array(told, { minLength: 1, maxLength: 30 }), (events) => {
      const { text, lines } = renderBacklog(events, Math.max(...events.map((event) => event.at)));
      assert.ok(text.length <= textLimit, `${text.length}: ${text}`);
      assert.match(text, /could not be reached.*\.$/);
      assert.doesNotMatch(
        [text, ...lines].join('\n'),
        /undefined|null|NaN|Infinity|\b1 (outages|disruptions|routes)\b|  /,
      );
    }),
    { numRuns: 500, seed: 20141222 },
  );
});
