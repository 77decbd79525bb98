import assert from 'node:assert/strict';
import { test } from 'node:test';
import { play } from '../../support/replay/story.js';

/**
 * Clause -> what IPv4 did -> what IPv6 did -> what is told. 100 /24s and 1000 /48s in 100 prefixes each, from 00:00:00.
 */
const stories: Record<string, [ipv4: string, ipv6: string, lines: string[]]> = {
  'IPv6 alone is an event of its own': [
    '4h 100',
    '60s 1000/100; 3h 0; 1h 1000/100',
    [
      '00:11:00 ipv6 opened down since 00:01:00',
      '02:01:00 ipv6 follow-up down since 00:01:00 hard',
      '03:11:00 ipv6 restored normal since 00:01:00 until 03:01:00',
    ],
  ],
  'both gone and both back: one incident, IPv4 speaks': [
    '60s 100; 3h 0; 2h 100',
    '60s 1000/100; 3h 0; 2h 1000/100',
    [
      '00:03:00 opened down since 00:01:00',
      '02:01:00 follow-up down since 00:01:00 hard',
      '03:11:00 restored normal since 00:01:00 until 03:01:00',
    ],
  ],
  'IPv6 back some minutes after IPv4 is no event': [
    '60s 100; 1h 0; 2h 100',
    '60s 1000/100; 1h8m 0; 2h 1000/100',
    ['00:03:00 opened down since 00:01:00', '01:11:00 restored normal since 00:01:00 until 01:01:00'],
  ],
  'IPv4 recovers while IPv6 stays away: then it is alone, and told': [
    '60s 100; 1h 0; 4h 100',
    '60s 1000/100; 3h 0; 1h 1000/100',
    [
      '00:03:00 opened down since 00:01:00',
      '01:11:00 restored normal since 00:01:00 until 01:01:00',
      '01:21:00 ipv6 opened down since 00:01:00 hard',
      '02:01:00 ipv6 follow-up down since 00:01:00 hard',
      '03:11:00 ipv6 restored normal since 00:01:00 until 03:01:00',
    ],
  ],
  'it is down hard at r = 0.02 for 30 min': [
    '60s 100; 1h 0; 30m 100',
    '60s 1000/100; 90m 20/2',
    [
      '00:03:00 opened down since 00:01:00',
      '01:11:00 restored normal since 00:01:00 until 01:01:00',
      '01:21:00 ipv6 opened down since 00:01:00 hard',
    ],
  ],
  'not at r = 0.021': [
    '60s 100; 1h 0; 30m 100',
    '60s 1000/100; 90m 21/2',
    [
      '00:03:00 opened down since 00:01:00',
      '01:11:00 restored normal since 00:01:00 until 01:01:00',
      '01:21:00 ipv6 opened down since 00:01:00',
    ],
  ],
  'IPv6 falls in the middle of an IPv4 incident and stays': [
    '60s 100; 1h 40; 4h 100',
    '31m 1000/100; 3h 0; 1h 1000/100',
    [
      '00:04:00 opened major since 00:01:00',
      '01:11:00 restored normal since 00:01:00 until 01:01:00',
      '01:21:00 ipv6 opened down since 00:31:00 hard',
      '02:31:00 ipv6 follow-up down since 00:31:00 hard',
      '03:41:00 ipv6 restored normal since 00:31:00 until 03:31:00',
    ],
  ],
  'IPv6 falls and returns within an IPv4 incident: only a line': [
    '60s 100; 2h 40; 1h 100',
    '31m 1000/100; 1h 0; 3h 1000/100',
    ['00:04:00 opened major since 00:01:00', '02:11:00 restored normal since 00:01:00 until 02:01:00'],
  ],
  'an IPv6 incident is silent while IPv4 is down, and its end is told': [
    '1h 100; 4h 0; 2h 100',
    '60s 1000/100; 5h30m 0; 2h 1000/100',
    [
      '00:11:00 ipv6 opened down since 00:01:00',
      '01:02:00 opened down since 01:00:00',
      '03:00:00 follow-up down since 01:00:00 hard',
      '05:10:00 restored normal since 01:00:00 until 05:00:00',
      '05:20:00 ipv6 follow-up down since 00:01:00 hard',
      '05:41:00 ipv6 restored normal since 00:01:00 until 05:31:00',
    ],
  ],
  'an IPv6 incident that ends while IPv4 is down is closed too': [
    '1h 100; 4h 0; 2h 100',
    '60s 1000/100; 2h 0; 5h 1000/100',
    [
      '00:11:00 ipv6 opened down since 00:01:00',
      '01:02:00 opened down since 01:00:00',
      '02:11:00 ipv6 restored normal since 00:01:00 until 02:01:00',
      '03:00:00 follow-up down since 01:00:00 hard',
      '05:10:00 restored normal since 01:00:00 until 05:00:00',
    ],
  ],
  'IPv6 that deepens behind an IPv4 outage escalates when it is alone again': [
    '1h 100; 1h 40; 2h 100',
    '60s 1000/100; 89m 700/70; 3h 0',
    [
      '00:11:00 ipv6 opened degraded since 00:01:00',
      '01:03:00 opened major since 01:00:00',
      '02:10:00 restored normal since 01:00:00 until 02:00:00',
      '02:20:00 ipv6 escalated down since 01:30:00 hard',
      '03:30:00 ipv6 follow-up down since 01:30:00 hard',
    ],
  ],
  'IPv6 waits for the end of a dwell of IPv4, and opens if nothing came of it': [
    '10m 100; 2m30s 40; 1h 100',
    '60s 1000/100; 1h 0; 1h 1000/100',
    [
      '00:13:10 ipv6 opened down since 00:01:00',
      '00:15:00 unstable normal since 00:10:00',
      '01:11:00 ipv6 restored normal since 00:01:00 until 01:01:00',
    ],
  ],
  'IPv4 unusable: IPv6 is judged by its own table': [
    '60s 100; 2h ?',
    '2m 1000/100; 1h 0',
    ['00:12:00 ipv6 opened down since 00:02:00'],
  ],
};

test('two families: every order of their troubles', async (t) => {
  for (const [clause, [ipv4, ipv6, expected]] of Object.entries(stories)) {
    await t.test(clause, () =>
      assert.deepEqual(play({ base: '100/100', base6: '1000/100', ipv4, ipv6 }).lines, expected),
    );
  }
});

test('every event of IPv4 has a line about IPv6, if that is judged', () => {
  const lineOf = (base6: string): unknown[] =>
    play({ base: '100/100', base6, ipv4: '60s 100; 1h 40', ipv6: '60s 1000/100; 1h 200/20' }).events.map(
      ({ other }) => other,
    );
  assert.deepEqual(lineOf('1000/100'), [{ family: 'ipv6', level: 'normal', visible: 200, baseline: 1000, share: 0.2 }]);
  assert.deepEqual(lineOf('1000/100 2'), [null]);
  assert.deepEqual(lineOf('0/0'), [null]);
});
