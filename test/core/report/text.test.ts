import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { flagOf } from '../../../src/core/countries/index.js';
import type { EventKind, IncidentEvent, OtherFamily } from '../../../src/core/incidents/index.js';
import { messageLimit, renderText, textLimit } from '../../../src/core/report/index.js';
import { combinedEvents } from '../../support/delivery/incident-event.js';
import { anyCombined, anyEvent, northKoreaDown, utc } from './events.js';
import { times } from '../../support/long.js';

type Change = Partial<IncidentEvent>;

/** 41 of 84 routes, 12 % of the space. */
const syria: Change = { country: 'SY', visible: 500, baseline: 4200, share: 0.119, prefixes: 41, basePrefixes: 84 };
const gone: Change = { ...syria, visible: 0, share: 0, prefixes: 0 };
const iran6: Change = {
  country: 'IR',
  family: 'ipv6',
  visible: 900,
  baseline: 60_000,
  share: 0.015,
  prefixes: 30,
  basePrefixes: 500,
};
const whole: Change = { level: 'normal', visible: 4, share: 1, prefixes: 4 };
const ended: Change = { since: utc('2014-12-22 16:15'), until: utc('2014-12-23 01:46'), at: utc('2014-12-23 01:56') };
const six = (level: OtherFamily['level'], share: number): Change => ({
  other: { family: 'ipv6', level, visible: Math.round(share * 1000), baseline: 1000, share },
});
const partial: Change = {
  ...syria,
  kind: 'partially-restored',
  ...ended,
  at: utc('2014-12-23 02:46'),
  level: 'major',
  visible: 2000,
  share: 0.476,
};

const stories: Record<string, [string, Change, string][]> = {
  opened: [
    [
      'all gone after a day of flapping',
      { instability: { hours: 24, increasing: true } },
      "After 24 hrs of increasing instability, North Korea's national Internet went down at 16:15 UTC: all 4 " +
        'routes withdrawn.',
    ],
    [
      'flapping that did not increase',
      { instability: { hours: 13, increasing: false } },
      "After 13 hrs of instability, North Korea's national Internet went down at 16:15 UTC: all 4 routes withdrawn.",
    ],
    [
      'some routes left',
      syria,
      "Syria's national Internet went down at 16:15 UTC: 41 of 84 routes left (12 % of its address space).",
    ],
    [
      'major',
      { ...syria, level: 'major' },
      "A major outage hit Syria's national Internet at 16:15 UTC: 41 of 84 routes left (12 % of its address space).",
    ],
    [
      'major after flapping',
      { ...syria, level: 'major', instability: { hours: 30, increasing: false } },
      "After 30 hrs of instability, a major outage hit Syria's national Internet at 16:15 UTC: 41 of 84 routes " +
        'left (12 % of its address space).',
    ],
    [
      'degraded',
      { ...syria, level: 'degraded', share: 0.714, prefixes: 60 },
      "Part of Syria's national Internet went dark at 16:15 UTC: 60 of 84 routes left (71 % of its address space).",
    ],
    [
      'one route was all it had',
      { basePrefixes: 1 },
      "North Korea's national Internet went down at 16:15 UTC: its only route withdrawn.",
    ],
    [
      'two routes',
      { basePrefixes: 2 },
      "North Korea's national Internet went down at 16:15 UTC: both routes withdrawn.",
    ],
    [
      'no route of its own',
      { ...gone, basePrefixes: 0 },
      "Syria's national Internet went down at 16:15 UTC: no route to its address space.",
    ],
    [
      'no route of its own, some space left',
      { ...syria, prefixes: 0, basePrefixes: 0 },
      "Syria's national Internet went down at 16:15 UTC: 12 % of its address space left.",
    ],
    [
      'one route left',
      { ...syria, prefixes: 1, visible: 1, share: 0.0002 },
      "Syria's national Internet went down at 16:15 UTC: 1 of 84 routes left (under 1 % of its address space).",
    ],
    [
      'an aggregate fell apart: more routes than before',
      { ...syria, prefixes: 120 },
      "Syria's national Internet went down at 16:15 UTC: 12 % of its address space left.",
    ],
    [
      'thousands',
      { ...syria, country: 'EG', prefixes: 327, basePrefixes: 2903, share: 0.11 },
      "Egypt's national Internet went down at 16:15 UTC: 327 of 2,903 routes left (11 % of its address space).",
    ],
    [
      'decided after midnight',
      { since: utc('2014-12-22 23:58:40'), at: utc('2014-12-23 00:00:40') },
      "North Korea's national Internet went down at 23:58 UTC on 22 Dec: all 4 routes withdrawn.",
    ],
    [
      'decided in the new year',
      { since: utc('2014-12-31 23:59'), at: utc('2015-01-01 00:01') },
      "North Korea's national Internet went down at 23:59 UTC on 31 Dec 2014: all 4 routes withdrawn.",
    ],
    [
      'provisional',
      { ...syria, provisional: true },
      "Syria's national Internet went down at 16:15 UTC: 41 of 84 routes left (12 % of its address space). " +
        'Baseline provisional: under 24 hrs of data.',
    ],
    [
      'IPv6 is down too',
      { ...syria, ...six('down', 0) },
      "Syria's national Internet went down at 16:15 UTC: 41 of 84 routes left (12 % of its address space). " +
        'IPv6 is down too.',
    ],
    [
      'IPv6 stays',
      { ...syria, ...six('normal', 0.988) },
      "Syria's national Internet went down at 16:15 UTC: 41 of 84 routes left (12 % of its address space). " +
        'IPv6 is at 99 %.',
    ],
    [
      'IPv6 is worse',
      { ...syria, level: 'degraded', share: 0.75, ...six('down', 0.03) },
      "Part of Syria's national Internet went dark at 16:15 UTC: 41 of 84 routes left (75 % of its address " +
        'space). IPv6 is down (3 % left).',
    ],
    [
      'IPv6 alone',
      iran6,
      "Iran's IPv6 Internet went down at 16:15 UTC: 30 of 500 routes left (2 % of its address space).",
    ],
    [
      'IPv6 alone, IPv4 known',
      { ...iran6, other: { family: 'ipv4', level: 'normal', visible: 999, baseline: 1000, share: 0.999 } },
      "Iran's IPv6 Internet went down at 16:15 UTC: 30 of 500 routes left (2 % of its address space). IPv4 is at 99 %.",
    ],
    [
      'an article',
      { ...syria, country: 'NL', level: 'degraded' },
      "Part of the Netherlands' national Internet went dark at 16:15 UTC: 41 of 84 routes left (12 % of its " +
        'address space).',
    ],
    [
      'an article in front',
      { ...gone, country: 'PH' },
      "The Philippines' national Internet went down at 16:15 UTC: all 84 routes withdrawn.",
    ],
    [
      'a territory has no national Internet',
      { ...gone, country: 'GU' },
      "Guam's Internet went down at 16:15 UTC: all 84 routes withdrawn.",
    ],
    ['a group', { ...gone, country: 'GAZA' }, "GAZA's Internet went down at 16:15 UTC: all 84 routes withdrawn."],
  ],
  escalated: [
    [
      'down',
      syria,
      "Syria's outage deepened: its national Internet went down at 16:15 UTC, with 41 of 84 routes left (12 % " +
        'of its address space).',
    ],
    [
      'down to nothing',
      gone,
      "Syria's outage deepened: its national Internet went down at 16:15 UTC, with all 84 routes withdrawn.",
    ],
    [
      'major',
      { ...syria, level: 'major' },
      "Syria's outage deepened into a major one at 16:15 UTC: 41 of 84 routes left (12 % of its address space).",
    ],
    [
      'IPv6 down',
      iran6,
      "Iran's IPv6 outage deepened: its IPv6 Internet went down at 16:15 UTC, with 30 of 500 routes left (2 % " +
        'of its address space).',
    ],
    [
      'after flapping',
      { ...syria, instability: { hours: 14, increasing: true } },
      "After 14 hrs of increasing instability, Syria's outage deepened: its national Internet went down at " +
        '16:15 UTC, with 41 of 84 routes left (12 % of its address space).',
    ],
  ],
  'follow-up': [
    [
      '+2 h',
      { hard: true, at: utc('2014-12-22 18:15') },
      "North Korea's national Internet has been down hard for more than 2 hrs.",
    ],
    [
      '+2 h, told 40 min late',
      { hard: true, at: utc('2014-12-22 18:55') },
      "North Korea's national Internet has been down hard for more than 2 hrs.",
    ],
    ['+1 h', { at: utc('2014-12-22 17:15') }, "North Korea's national Internet has been down for more than 1 hr."],
    [
      'some routes left',
      { ...syria, hard: true, at: utc('2014-12-22 22:15') },
      "Syria's national Internet has been down hard for more than 6 hrs: 41 of 84 routes left (12 % of its " +
        'address space).',
    ],
    [
      'another day',
      { hard: true, at: utc('2014-12-23 04:15') },
      "North Korea's national Internet has been down hard for more than 12 hrs (since 16:15 UTC on 22 Dec).",
    ],
    [
      'a day',
      { hard: true, at: utc('2014-12-23 16:15') },
      "North Korea's national Internet has been down hard for more than 24 hrs (since 16:15 UTC on 22 Dec).",
    ],
    [
      'day 5',
      { ...syria, country: 'EG', hard: true, since: utc('2011-01-27 22:34'), at: utc('2011-02-01 22:34') },
      "Egypt's national Internet has been down hard for more than 5 days (since 22:34 UTC on 27 Jan): 41 of 84 " +
        'routes left (12 % of its address space).',
    ],
    [
      'major all along',
      { ...syria, level: 'major', worst: 'major', share: 0.41, at: utc('2014-12-22 18:15') },
      "Syria's national Internet has been in a major outage for more than 2 hrs: 41 of 84 routes left (41 % of " +
        'its address space).',
    ],
    [
      'major now, down before',
      { ...syria, level: 'major', share: 0.41, at: utc('2014-12-22 18:15') },
      "More than 2 hrs after Syria's national Internet went down, it is partly back: 41 of 84 routes visible " +
        '(41 % of its address space).',
    ],
    [
      'major now, down days before',
      { ...syria, level: 'major', share: 0.41, at: utc('2014-12-27 18:15') },
      "More than 5 days after Syria's national Internet went down (at 16:15 UTC on 22 Dec), it is partly back: " +
        '41 of 84 routes visible (41 % of its address space).',
    ],
    [
      'IPv6',
      { ...iran6, hard: true, at: utc('2014-12-22 18:15') },
      "Iran's IPv6 Internet has been down hard for more than 2 hrs: 30 of 500 routes left (2 % of its address space).",
    ],
    [
      'IPv6 is down too',
      { hard: true, at: utc('2014-12-22 18:15'), ...six('down', 0.02) },
      "North Korea's national Internet has been down hard for more than 2 hrs. IPv6 is down too (2 % left).",
    ],
  ],
  'partially-restored': [
    [
      'from down',
      partial,
      "Syria's Internet is partly back after a 9 hr 31 min outage (16:15-01:46 UTC): 41 of 84 routes visible " +
        '(48 % of its address space).',
    ],
    [
      'from major',
      { ...partial, worst: 'major', level: 'degraded' },
      "Syria's Internet is partly back after a 9 hr 31 min major outage (16:15-01:46 UTC): 41 of 84 routes " +
        'visible (48 % of its address space).',
    ],
    [
      'IPv6 still down',
      { ...partial, ...six('down', 0) },
      "Syria's Internet is partly back after a 9 hr 31 min outage (16:15-01:46 UTC): 41 of 84 routes visible " +
        '(48 % of its address space). IPv6 is down.',
    ],
  ],
  'down-again': [
    [
      'first',
      { relapses: 1 },
      "North Korea's national Internet went down again at 16:15 UTC, its first relapse: all 4 routes withdrawn.",
    ],
    [
      'third',
      { ...syria, relapses: 3 },
      "Syria's national Internet went down again at 16:15 UTC, its third relapse: 41 of 84 routes left (12 % " +
        'of its address space).',
    ],
    [
      '12th',
      { relapses: 12 },
      "North Korea's national Internet went down again at 16:15 UTC, its 12th relapse: all 4 routes withdrawn.",
    ],
    [
      '21st',
      { relapses: 21 },
      "North Korea's national Internet went down again at 16:15 UTC, its 21st relapse: all 4 routes withdrawn.",
    ],
    [
      'major',
      { ...syria, level: 'major', relapses: 2 },
      "A major outage hit Syria's national Internet again at 16:15 UTC, its second relapse: 41 of 84 routes " +
        'left (12 % of its address space).',
    ],
    [
      'degraded',
      { ...syria, level: 'degraded', relapses: 2 },
      "Part of Syria's national Internet went dark again at 16:15 UTC, its second relapse: 41 of 84 routes " +
        'left (12 % of its address space).',
    ],
  ],
  restored: [
    [
      'over night',
      { ...whole, ...ended },
      "North Korea's Internet is back after a 9 hr 31 min outage (16:15-01:46 UTC).",
    ],
    [
      'minutes',
      { ...whole, since: utc('2014-12-22 15:41'), until: utc('2014-12-22 16:12'), at: utc('2014-12-22 16:22') },
      "North Korea's Internet is back after a 31 min outage (15:41-16:12 UTC).",
    ],
    [
      'eleven minutes',
      { ...whole, since: utc('2014-12-22 15:41'), until: utc('2014-12-22 15:52'), at: utc('2014-12-22 16:22') },
      "North Korea's Internet is back after an 11 min outage (15:41-15:52 UTC).",
    ],
    [
      'eight hours',
      { ...whole, since: utc('2014-12-22 02:00'), until: utc('2014-12-22 10:00'), at: utc('2014-12-22 10:10') },
      "North Korea's Internet is back after an 8 hr outage (02:00-10:00 UTC).",
    ],
    [
      'the printed times and the printed length agree',
      {
        ...whole,
        since: utc('2014-12-22 15:41:50'),
        until: utc('2014-12-22 16:12:10'),
        at: utc('2014-12-22 16:22:10'),
      },
      "North Korea's Internet is back after a 31 min outage (15:41-16:12 UTC).",
    ],
    [
      'days',
      {
        ...whole,
        country: 'EG',
        since: utc('2011-01-27 22:34'),
        until: utc('2011-02-02 09:30'),
        at: utc('2011-02-02 09:40'),
      },
      "Egypt's Internet is back after a 5 day 10 hr outage (27 Jan 22:34 - 2 Feb 09:30 UTC).",
    ],
    [
      'over the new year',
      { ...whole, since: utc('2014-12-30 10:00'), until: utc('2015-01-02 10:00'), at: utc('2015-01-02 10:10') },
      "North Korea's Internet is back after a 3 day outage (30 Dec 2014 10:00 - 2 Jan 10:00 UTC).",
    ],
    [
      'not all of it',
      {
        ...syria,
        level: 'normal',
        share: 0.91,
        visible: 3822,
        since: utc('2014-12-22 15:41'),
        until: utc('2014-12-22 16:12'),
        at: utc('2014-12-23 16:12'),
      },
      "Syria's Internet is back to 91 % after a 31 min outage (22 Dec 15:41-16:12 UTC).",
    ],
    [
      'from degraded',
      { ...whole, worst: 'degraded', ...ended },
      "North Korea's Internet is back after a 9 hr 31 min partial outage (16:15-01:46 UTC).",
    ],
    [
      'from major',
      { ...whole, worst: 'major', ...ended },
      "North Korea's Internet is back after a 9 hr 31 min major outage (16:15-01:46 UTC).",
    ],
    [
      'IPv6 is back as well',
      { ...whole, ...ended, ...six('normal', 0.97) },
      "North Korea's Internet is back after a 9 hr 31 min outage (16:15-01:46 UTC).",
    ],
    [
      'IPv6 is not',
      { ...whole, ...ended, ...six('down', 0) },
      "North Korea's Internet is back after a 9 hr 31 min outage (16:15-01:46 UTC). IPv6 is still down.",
    ],
    [
      'IPv6 is half back',
      { ...whole, ...ended, ...six('major', 0.41) },
      "North Korea's Internet is back after a 9 hr 31 min outage (16:15-01:46 UTC). IPv6 is still at 41 %.",
    ],
    [
      'IPv6 incident',
      { ...iran6, level: 'normal', share: 0.99, ...ended },
      "Iran's IPv6 Internet is back after a 9 hr 31 min outage (16:15-01:46 UTC).",
    ],
    [
      'the Netherlands',
      { ...whole, country: 'NL', ...ended },
      "The Netherlands' Internet is back after a 9 hr 31 min outage (16:15-01:46 UTC).",
    ],
  ],
  'new-normal': [
    [
      'adopted',
      { ...syria, level: 'normal', share: 0.71, prefixes: 60 },
      "Syria's Internet has settled: 60 of 84 routes visible (71 % of its address space). That is its new " +
        'baseline, and this outage is closed.',
    ],
  ],
  unstable: [
    [
      'alone',
      { incident: null, level: 'normal', visible: 3, share: 0.75, prefixes: 3, since: utc('2014-12-21 16:00') },
      "North Korea's national Internet has been unstable since 16:00 UTC on 21 Dec: its routes keep coming and " +
        'going, 3 of 4 visible now.',
    ],
    [
      'IPv6',
      { ...iran6, incident: null, level: 'normal' },
      "Iran's IPv6 Internet has been unstable since 16:15 UTC: its routes keep coming and going, 30 of 500 " +
        'visible now.',
    ],
  ],
  notice: [
    [
      'said as it is',
      { country: null, family: null, incident: null, since: null, notice: 'Measurement degraded: 5 of 20 voters.' },
      'Measurement degraded: 5 of 20 voters.',
    ],
  ],
};

for (const [kind, table] of Object.entries(stories)) {
  test(`what is said: ${kind}`, () => {
    for (const [name, change, expected] of table) {
      assert.equal(renderText({ ...northKoreaDown, kind: kind as EventKind, ...change }), expected, name);
    }
  });
}

/** A combined event at 16:22. The first country lost most. Each is as given, or down since 16:15. */
const combined = (countries: readonly (string | Change)[], asn: number | null = null): IncidentEvent =>
  combinedEvents(
    countries.map((one, index) => {
      const change = typeof one === 'string' ? { country: one } : one;
      return { at: utc('2014-12-22 16:22'), since: utc('2014-12-22 16:15'), baseline: 100 - index, ...change };
    }),
    asn,
  ).at(-1)!;
const later = utc('2014-12-22 16:17:10');
const nine = ['SY', 'LB', 'JO', 'IQ', 'KW', 'QA', 'BH', 'OM', 'YE'];

test('what is said: several countries at once', () => {
  const cases: [string, IncidentEvent, string][] = [
    [
      'all down, and all at once',
      combined(nine.slice(0, 3)),
      'The Internet of 3 countries went down at 16:15 UTC: Syria, Lebanon and Jordan. So many at once can be a ' +
        'fault of our view as well; it has lasted for 7 min.',
    ],
    [
      'within minutes, as many named as there is room for',
      combined(nine.map((country, index) => (index === 8 ? { country, level: 'major', since: later } : country))),
      '9 countries lost most of their Internet within 3 minutes from 16:15 UTC: Syria, Lebanon, Jordan, Iraq, ' +
        'Kuwait, Qatar, Bahrain, Oman and Yemen. So many at once can be a fault of our view as well; it has ' +
        'lasted for 4 min.',
    ],
    [
      'more than there is room for',
      combined([...nine, 'SA', 'IR', 'EG', 'SD', 'LY', 'TN', 'DZ']),
      'The Internet of 16 countries went down at 16:15 UTC: Syria, Lebanon, Jordan, Iraq, Kuwait, Qatar, ' +
        'Bahrain, Oman, Yemen, Saudi Arabia, Iran, Egypt, Sudan, Libya and 2 others. So many at once can be a ' +
        'fault of our view as well; it has lasted for 7 min.',
    ],
    [
      'some of it',
      combined(['SY', { country: 'LB', level: 'degraded' }]),
      '2 countries lost much of their Internet at 16:15 UTC: Syria and Lebanon. So many at once can be a fault ' +
        'of our view as well; it has lasted for 7 min.',
    ],
    [
      'part of it',
      combined([
        { country: 'SY', level: 'degraded' },
        { country: 'LB', level: 'degraded', family: 'ipv6' },
      ]),
      '2 countries lost part of their Internet at 16:15 UTC: Syria and Lebanon. So many at once can be a fault ' +
        'of our view as well; it has lasted for 7 min.',
    ],
    [
      'IPv6',
      combined([
        { country: 'SY', family: 'ipv6' },
        { country: 'LB', family: 'ipv6' },
      ]),
      'The IPv6 Internet of 2 countries went down at 16:15 UTC: Syria and Lebanon. So many at once can be a ' +
        'fault of our view as well; it has lasted for 7 min.',
    ],
    [
      'through one network',
      combined(['SY', { country: 'PS-GZ', label: 'Gaza', level: 'major', since: later }], 12_345),
      '2 countries lost most of their Internet through AS12345 at 16:15 UTC: Syria and Gaza. That network had ' +
        'half or more of what each of them lost.',
    ],
  ];
  for (const [name, event, expected] of cases) assert.equal(renderText(event), expected, name);
});

test('several countries at once keep to the length, and to one line', () => {
  fc.assert(
    fc.property(anyCombined, (event) => {
      const text = renderText(event);
      assert.ok(text.length <= textLimit, `${text.length}: ${text}`);
      assert.match(text, /^(?:The|\d+) [^\n*_`#<>]*\.$/);
      assert.doesNotMatch(text, /undefined|null|NaN|Infinity|  /);
    }),
    { numRuns: 500, seed: 20141222 },
  );
});

test('a group goes by its label', () => {
  assert.match(renderText({ ...northKoreaDown, country: 'PS-GZ', label: 'Gaza' }), /^Gaza's Internet went down/);
});

test('no text exceeds a tweet with flag and mention, breaks a line, or shows internal values', () => {
  fc.assert(
    fc.property(anyEvent, (event) => {
      const text = renderText(event);
      const message = `${flagOf(event.country ?? '')} ${'@'.repeat(23)} ${text}`;
      assert.ok(message.length <= messageLimit && text.length <= textLimit, `${message.length}: ${text}`);
      if (event.kind !== 'notice') {
        assert.match(text, /^[A-Z][^\n*_`#<>]*\.$/, 'one sentence to its full stop, no markup');
        assert.doesNotMatch(text, /undefined|null|NaN|Infinity|\b1 (routes|hrs|days)\b|\b0 hr|  /);
        if (event.provisional) assert.match(text, /Baseline provisional/);
        if (event.family === 'ipv6') assert.match(text, /IPv6/);
      }
    }),
    { numRuns: times(1_500, 15_000), seed: 20141222 },
  );
});

test('a notice too long is cut, never inside a character', () => {
  const text = renderText({ ...northKoreaDown, country: null, kind: 'notice', notice: `x${'💥'.repeat(200)}` });
  assert.equal(text.length, textLimit - 1);
  assert.ok(text.endsWith('💥…'));
});
