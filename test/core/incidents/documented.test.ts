import assert from 'node:assert/strict';
import { test } from 'node:test';
import { play, repeat, type Story } from '../../support/replay/story.js';

/** Documented outages as the routes were counted, and what must be told of them. */
const documented: Record<string, [Story, lines: string[]]> = {
  'North Korea, December 2014: a day of growing flaps, then 9 hr 31 min of nothing, then two relapses': [
    {
      country: 'KP',
      base: '4/4 1',
      from: '2014-12-21T15:00:00Z',
      ipv4:
        `1h 4; ${repeat(12, '60s 0; 89m 4')}; ${repeat(12, '90s 0; 28m30s 4')}; 15m 4; 9h31m 0; 6h12m 4; 20m 0; ` +
        '7h23m 4; 31m 0; 2h 4',
    },
    [
      '16:05:00 unstable normal since 16:00:00',
      '1d 16:17:00 opened down since 1d 16:15:00 after 24 h increasing',
      '1d 18:15:00 follow-up down since 1d 16:15:00 hard',
      '1d 22:15:00 follow-up down since 1d 16:15:00 hard',
      '2d 01:56:00 restored normal since 1d 16:15:00 until 2d 01:46:00',
      '2d 08:00:00 opened down since 2d 07:58:00',
      '2d 08:28:00 restored normal since 2d 07:58:00 until 2d 08:18:00',
      '2d 15:43:00 opened down since 2d 15:41:00',
      '2d 16:22:00 restored normal since 2d 15:41:00 until 2d 16:12:00',
    ],
  ],
  'North Korea, October 2017: four brief downs among flaps are one incident': [
    {
      country: 'KP',
      base: '4/4 1',
      from: '2017-10-01T10:00:00Z',
      ipv4: '47m 4; 5m 0; 20m 4; 4m 0; 20m 4; 3m 0; 18m 4; 3m 0; 3h 4',
    },
    [
      '10:49:00 opened down since 10:47:00',
      '11:02:00 restored normal since 10:47:00 until 10:52:00',
      '11:14:00 down-again down since 11:12:00 relapse 1',
      '11:26:00 restored normal since 10:47:00 until 11:16:00',
      '11:38:00 down-again down since 11:36:00 relapse 2',
      '11:49:00 restored normal since 10:47:00 until 11:39:00',
      '11:59:00 down-again down since 11:57:00 relapse 3',
      '12:10:00 restored normal since 10:47:00 until 12:00:00',
    ],
  ],
  'Syria, 25 November 2012: ten minutes': [
    { country: 'SY', base: '4200/84', from: '2012-11-25T08:30:00Z', ipv4: '16m 4200/84; 10m 0; 1h 4200/84' },
    ['08:48:00 opened down since 08:46:00', '09:06:00 restored normal since 08:46:00 until 08:56:00'],
  ],
  'Syria, 29 November 2012: in minutes to the last 5 of 84, later those too': [
    {
      country: 'SY',
      base: '4200/84',
      from: '2012-11-29T10:00:00Z',
      ipv4: '26m 4200/84; 60s 2900/60; 60s 1400/30; 60s 600/12; 13h16m 176/5; 38h47m 0; 1h 4200/84',
    },
    [
      '10:29:00 opened degraded since 10:26:00',
      '10:30:00 escalated down since 10:28:00',
      '12:28:00 follow-up down since 10:28:00 hard',
      '16:28:00 follow-up down since 10:28:00 hard',
      '22:28:00 follow-up down since 10:28:00 hard',
      '1d 10:28:00 follow-up down since 10:28:00 hard',
      '2d 10:28:00 follow-up down since 10:28:00 hard',
      '2d 14:42:00 restored normal since 10:28:00 until 2d 14:32:00',
    ],
  ],
  'Egypt, January 2011: network after network within 20 min, 11 % of the routes stay, still down on day 5': [
    {
      country: 'EG',
      base: '5800/2903',
      from: '2011-01-27T22:00:00Z',
      ipv4:
        '34m 5800/2903; 4m 4900/2400; 4m 3400/1700; 4m 2000/1000; 4m 1200/600; 92h 640/327; 35h 300/60; 40m ' +
        '640/327; 3h 5800/2903',
    },
    [
      '22:41:00 opened degraded since 22:38:00',
      '22:45:00 escalated major since 22:42:00',
      '22:52:00 escalated down since 22:50:00',
      '1d 00:50:00 follow-up down since 22:50:00 hard',
      '1d 04:50:00 follow-up down since 22:50:00 hard',
      '1d 10:50:00 follow-up down since 22:50:00 hard',
      '1d 22:50:00 follow-up down since 22:50:00 hard',
      '2d 22:50:00 follow-up down since 22:50:00 hard',
      '3d 22:50:00 follow-up down since 22:50:00 hard',
      '4d 22:50:00 follow-up down since 22:50:00 hard',
      '5d 22:50:00 follow-up down since 22:50:00 hard',
      '6d 06:40:00 restored normal since 22:50:00 until 6d 06:30:00',
    ],
  ],
  'Azerbaijan, November 2015: 94 % of the prefixes': [
    { country: 'AZ', base: '2600/500', from: '2015-11-16T12:00:00Z', ipv4: '4m 2600/500; 90m 230/30; 1h 2600/500' },
    ['12:06:00 opened down since 12:04:00', '13:44:00 restored normal since 12:04:00 until 13:34:00'],
  ],
  'Bangladesh, July 2024: degraded, major, down over 20 h': [
    {
      country: 'BD',
      base: '8000/6000',
      from: '2024-07-17T19:00:00Z',
      ipv4: '30m 8000/6000; 45m 7000/5200; 10h 6000/4400; 8h45m 3500/2500; 5h 200/150',
    },
    [
      '20:18:00 opened degraded since 20:15:00',
      '1d 06:18:00 escalated major since 1d 06:15:00',
      '1d 08:15:00 follow-up major since 1d 06:15:00',
      '1d 12:15:00 follow-up major since 1d 06:15:00',
      '1d 15:02:00 escalated down since 1d 15:00:00',
      '1d 17:00:00 follow-up down since 1d 15:00:00 hard',
    ],
  ],
  'Iran, January 2026: IPv6 alone, the routes of IPv4 stay': [
    {
      country: 'IR',
      base: '40000/12000',
      base6: '500000/900 60',
      from: '2026-01-08T11:30:00Z',
      ipv4: '6h 39900/11980',
      ipv6: '20m 500000/900; 5h40m 7500/14',
    },
    ['12:00:00 ipv6 opened down since 11:50:00', '13:50:00 ipv6 follow-up down since 11:50:00 hard'],
  ],
  'Iran, June 2009: half gone for minutes is degraded at most': [
    {
      country: 'IR',
      base: '4000/400',
      from: '2009-06-13T17:40:00Z',
      ipv4: '8m 4000/400; 12m 2200/220; 30m 3300/330; 2h 4000/400',
    },
    ['17:51:00 opened degraded since 17:48:00', '18:40:00 restored normal since 17:48:00 until 18:30:00'],
  ],
  'Rogers, July 2022: 8 % of Canada is no news of Canada': [
    { country: 'CA', base: '280000/30000', from: '2022-07-08T08:00:00Z', ipv4: '44m 280000/30000; 12h 257600/29030' },
    [],
  ],
};

test('documented outages', async (t) => {
  for (const [name, [story, expected]] of Object.entries(documented)) {
    await t.test(name, () => assert.deepEqual(play(story).lines, expected));
  }
});

test('an event carries what its sentence needs', () => {
  const [, [story]] = Object.entries(documented)[0];
  const opened = play(story).events[1];
  assert.deepEqual(opened, {
    id: 'KP-ipv4-1419264900000/1',
    incident: 'KP-ipv4-1419264900000',
    country: 'KP',
    label: null,
    family: 'ipv4',
    kind: 'opened',
    level: 'down',
    worst: 'down',
    since: 1419264900000,
    until: null,
    onset: 1419264900000,
    at: 1419265020000,
    visible: 0,
    baseline: 4,
    share: 0,
    lowest: 0,
    prefixes: 0,
    basePrefixes: 4,
    provisional: false,
    hard: false,
    unstable: true,
    instability: { hours: 24, increasing: true },
    relapses: 0,
    other: null,
    networks: [],
    voters: 40,
    collectors: 3,
    reason: '0 of 4 /24s visible for 120 s',
    notice: null,
    countries: [],
    asn: null,
    partOf: null,
  });
});
