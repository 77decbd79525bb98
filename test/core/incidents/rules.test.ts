import assert from 'node:assert/strict';
import { test } from 'node:test';
import { play, repeat } from '../../support/replay/story.js';

/** Clause -> baseline units/prefixes -> what was measured -> what is told. All stories begin at 00:00:00. */
const stories: Record<string, [base: string, script: string, lines: string[], tick?: string]> = {
  'opened at its first level, escalated at each new worst': [
    '100/100',
    '60s 100; 1h 70; 1h 40; 30m 10',
    [
      '00:04:00 opened degraded since 00:01:00',
      '01:04:00 escalated major since 01:01:00',
      '02:03:00 escalated down since 02:01:00',
    ],
  ],
  'a better level tells nothing, a fall short of the worst neither': [
    '100/100',
    '60s 100; 20m 10; 20m 55; 20m 45; 20m 70; 20m 45',
    ['00:03:00 opened down since 00:01:00'],
  ],
  // Recovery.
  'restored at r = 0.95 for 600 s': [
    '100/100',
    '60s 100; 20m 0; 1h 95',
    ['00:03:00 opened down since 00:01:00', '00:31:00 restored normal since 00:01:00 until 00:21:00'],
  ],
  'not at r = 0.94: then at level normal for 24 h, since the run that made it normal': [
    '100/100',
    '60s 100; 20m 0; 25h 94',
    [
      '00:03:00 opened down since 00:01:00',
      '01:21:00 partially-restored normal since 00:01:00 until 00:21:00',
      '1d 00:21:00 restored normal since 00:01:00 until 00:21:00',
    ],
  ],
  'a day at level normal of which nobody saw the most is no day': [
    '100/100',
    '60s 100; 20m 0; 70m 90; 22h ?; 2h 90',
    ['00:03:00 opened down since 00:01:00', '01:21:00 partially-restored normal since 00:01:00 until 00:21:00'],
  ],
  'a country without routes of its own is judged by its space, as one of few prefixes': [
    '100/0',
    '60s 100/0; 1h 16/0; 1h 15/0; 2h 100/0',
    [
      '00:31:00 opened major since 00:01:00',
      '01:31:00 escalated down since 01:01:00',
      '02:31:00 restored normal since 01:01:00 until 02:01:00',
    ],
  ],
  'a lapse of 40 s starts the 600 s anew, one of 30 s does not': [
    '100/100',
    '60s 100; 20m 0; 5m 100; 30s 90; 1h 100; 40m 0; 5m 100; 40s 90; 1h 100',
    [
      '00:03:00 opened down since 00:01:00',
      '00:31:00 restored normal since 00:01:00 until 00:21:00',
      '01:28:30 down-again down since 01:26:30 relapse 1',
      '02:22:10 restored normal since 00:01:00 until 02:06:30',
    ],
  ],
  'a country of one prefix is restored after the 30 min that its level takes': [
    '256/1',
    '60s 256/1; 2h 0; 2h 256/1',
    ['00:31:00 opened down since 00:01:00 hard', '02:31:00 restored normal since 00:01:00 until 02:01:00'],
  ],
  'the outage told is that of the worst level, first since to last until': [
    '100/100',
    '60s 100; 30m 70; 30m 5; 9m 50; 30m 5; 30m 70; 1h 100',
    [
      '00:04:00 opened degraded since 00:01:00',
      '00:33:00 escalated down since 00:31:00',
      '02:20:00 restored normal since 00:31:00 until 01:40:00',
    ],
  ],
  // Partly back.
  'partially-restored once, when steady for 60 min below the worst': [
    '100/100',
    '60s 100; 20m 10; 90m 55; 20m 65; 3h 75',
    ['00:03:00 opened down since 00:01:00', '01:21:00 partially-restored major since 00:01:00 until 00:21:00'],
  ],
  'moving by 0.04 in each hour is not steady': [
    '100/100',
    `60s 100; 20m 10; ${repeat(4, '20m 62; 20m 66')}`,
    ['00:03:00 opened down since 00:01:00'],
  ],
  'moving by 0.03 is': [
    '100/100',
    `60s 100; 20m 10; ${repeat(4, '20m 62; 20m 65')}`,
    ['00:03:00 opened down since 00:01:00', '01:21:00 partially-restored degraded since 00:01:00 until 00:21:00'],
  ],
  // Down again.
  'back at the worst: silent within the hour, and counted in the post that follows it': [
    '100/100',
    `60s 100; ${repeat(4, '15m 5; 5m 50')}; 15m 5`,
    ['00:03:00 opened down since 00:01:00', '01:03:00 down-again down since 01:01:00 relapse 3'],
  ],
  'a post of 59 min 50 s ago is too young, one of 60 min is not': [
    '100/100',
    '60s 100; 52m50s 5; 7m 50; 20m 5; 10m 50; 20m 5',
    ['00:03:00 opened down since 00:01:00', '01:32:50 down-again down since 01:30:50 relapse 2'],
  ],
  'of exactly 60 min': [
    '100/100',
    '60s 100; 53m 5; 7m 50; 20m 5',
    ['00:03:00 opened down since 00:01:00', '01:03:00 down-again down since 01:01:00 relapse 1'],
  ],
  'a new worst starts the hour': [
    '100/100',
    '60s 100; 50m 40; 10m 5; 5m 50; 20m 5; 5m 50; 20m 5',
    ['00:04:00 opened major since 00:01:00', '00:53:00 escalated down since 00:51:00'],
  ],
  // Relapse after the close, which comes 10 min after the return.
  'a relapse 59 min after the close reopens the same incident': [
    '4/4',
    '60s 4; 20m 0; 69m 4; 20m 0; 1h 4',
    [
      '00:03:00 opened down since 00:01:00',
      '00:31:00 restored normal since 00:01:00 until 00:21:00',
      '01:32:00 down-again down since 01:30:00 relapse 1',
      '02:00:00 restored normal since 00:01:00 until 01:50:00',
    ],
  ],
  'one 61 min after it opens another': [
    '4/4',
    '60s 4; 20m 0; 71m 4; 20m 0; 1h 4',
    [
      '00:03:00 opened down since 00:01:00',
      '00:31:00 restored normal since 00:01:00 until 00:21:00',
      '01:34:00 opened down since 01:32:00',
      '02:02:00 restored normal since 01:32:00 until 01:52:00',
    ],
  ],
  'a relapse is told at any level, and so is its way back to the worst': [
    '100/100',
    '60s 100; 20m 0; 30m 100; 20m 70; 20m 40; 20m 5; 1h 100',
    [
      '00:03:00 opened down since 00:01:00',
      '00:31:00 restored normal since 00:01:00 until 00:21:00',
      '00:54:00 down-again degraded since 00:51:00 relapse 1',
      '01:14:00 down-again major since 01:11:00 relapse 1',
      '01:33:00 down-again down since 01:31:00 relapse 2',
      '02:01:00 restored normal since 00:01:00 until 01:51:00',
    ],
  ],
  'a relapse below the worst does not lengthen the outage told': [
    '100/100',
    '60s 100; 20m 0; 30m 100; 20m 70; 1h 100',
    [
      '00:03:00 opened down since 00:01:00',
      '00:31:00 restored normal since 00:01:00 until 00:21:00',
      '00:54:00 down-again degraded since 00:51:00 relapse 1',
      '01:21:00 restored normal since 00:01:00 until 00:21:00',
    ],
  ],
  'a relapse to something worse is the new worst': [
    '100/100',
    '60s 100; 20m 70; 30m 100; 20m 5; 1h 100',
    [
      '00:04:00 opened degraded since 00:01:00',
      '00:31:00 restored normal since 00:01:00 until 00:21:00',
      '00:53:00 down-again down since 00:51:00 relapse 1',
      '01:21:00 restored normal since 00:51:00 until 01:11:00',
    ],
  ],
  'a relapse after the end was told lasts since itself: follow-ups and "hard" are counted anew': [
    '4/4',
    '60s 4; 5h 0; 30m 4; 3h 0',
    [
      '00:03:00 opened down since 00:01:00',
      '02:01:00 follow-up down since 00:01:00 hard',
      '05:11:00 restored normal since 00:01:00 until 05:01:00',
      '05:33:00 down-again down since 05:31:00 relapse 1',
      '07:31:00 follow-up down since 05:31:00 hard',
    ],
  ],
  // Follow-ups.
  'follow-ups at 2, 6, 12, 24 h, daily to day 7, then weekly; below 0.50 nothing is ever adopted': [
    '100/100',
    '60s 100; 22d 49',
    [
      '00:04:00 opened major since 00:01:00',
      ...['02', '06', '12'].map((hour) => `${hour}:01:00 follow-up major since 00:01:00`),
      ...[1, 2, 3, 4, 5, 6, 7, 14, 21].map((day) => `${day}d 00:01:00 follow-up major since 00:01:00`),
    ],
    '60s',
  ],
  'none at degraded': ['100/100', '60s 100; 9h 70', ['00:04:00 opened degraded since 00:01:00']],
  'at major too, and its clock starts anew at a new worst': [
    '100/100',
    '60s 100; 3h 40; 3h 5',
    [
      '00:04:00 opened major since 00:01:00',
      '02:01:00 follow-up major since 00:01:00',
      '03:03:00 escalated down since 03:01:00',
      '05:01:00 follow-up down since 03:01:00 hard',
    ],
  ],
  'none while frozen; the missed ones collapse into one': [
    '4/4',
    '60s 4; 1h 0; 12h ?; 2h 0',
    ['00:03:00 opened down since 00:01:00', '13:01:00 follow-up down since 00:01:00 hard'],
  ],
  'a freeze is no all-clear, and the clock goes on': [
    '4/4',
    '60s 4; 1h 0; 10m ?; 2h 0',
    ['00:03:00 opened down since 00:01:00', '02:01:00 follow-up down since 00:01:00 hard'],
  ],
  'a short lapse keeps the clock': [
    '100/100',
    '60s 100; 30m 5; 20m 50; 2h 5',
    ['00:03:00 opened down since 00:01:00', '02:01:00 follow-up down since 00:01:00 hard'],
  ],
  'after a lapse of more than an hour it starts anew': [
    '100/100',
    '60s 100; 30m 5; 61m 50; 3h 5',
    [
      '00:03:00 opened down since 00:01:00',
      '01:31:00 partially-restored major since 00:01:00 until 00:31:00',
      '01:34:00 down-again down since 01:32:00 relapse 1',
      '03:32:00 follow-up down since 01:32:00 hard',
    ],
  ],
  'nothing is said to have lasted while it may be over': [
    '4/4',
    '60s 4; 1h58m 0; 1h 4',
    ['00:03:00 opened down since 00:01:00', '02:09:00 restored normal since 00:01:00 until 01:59:00'],
  ],
  // A new normal.
  'moved by 0.03 in 14 days, at 0.50 or more: adopted and closed; what falls further opens anew, within the hour too': [
    '100/100',
    '1h 100; 7d 50; 7d30m 53; 30m 5',
    [
      '01:03:00 opened degraded since 01:00:00',
      '14d 00:56:00 new-normal degraded since 01:00:00',
      '14d 01:32:00 opened down since 14d 01:30:00',
    ],
    '60s',
  ],
  'moved by 0.04: not yet': ['100/100', '1h 100; 7d 50; 7d1h 54', ['01:03:00 opened degraded since 01:00:00'], '60s'],
};

test('incidents: every clause as a story', async (t) => {
  for (const [clause, [base, script, expected, tick = '10s']] of Object.entries(stories)) {
    await t.test(clause, () => assert.deepEqual(play({ base, ipv4: script, tick }).lines, expected));
  }
});

test(
  'an adoption that was asked for closes what stands; asked for when there is nothing to adopt, it is none ' +
    'for the next fall',
  () => {
    const told = (ipv4: string): string[] => play({ base: '100/100', ipv4, adopt: '2h' }).lines;
    assert.deepEqual(told('60s 100; 3h 10'), [
      '00:03:00 opened down since 00:01:00',
      '02:00:00 new-normal down since 00:01:00',
    ]);
    assert.deepEqual(told('60s 100; 1h 0; 2h 90; 1h 0'), [
      '00:03:00 opened down since 00:01:00',
      '02:01:00 partially-restored normal since 00:01:00 until 01:01:00',
      '03:03:00 down-again down since 03:01:00 relapse 1',
    ]);
  },
);

test('an incident keeps its id, and its events are numbered, through escalation and relapse', () => {
  const { events } = play({ country: 'SY', base: '100/100', ipv4: '60s 100; 20m 70; 20m 5; 30m 100; 20m 5; 30m 100' });
  assert.deepEqual(
    events.map(({ id, incident, kind }) => [id.replace(incident ?? '', ''), kind]),
    [
      ['/1', 'opened'],
      ['/2', 'escalated'],
      ['/3', 'restored'],
      ['/4', 'down-again'],
      ['/5', 'restored'],
    ],
  );
  assert.deepEqual(new Set(events.map(({ incident }) => incident)), new Set(['SY-ipv4-1704067260000']));
});

test('onset is where the decline began: the unbroken run below 0.95, at most 24 h back', () => {
  const onsetOf = (script: string): number[] => {
    const start = Date.parse('2024-01-01T00:00:00Z');
    return play({ base: '100/100', ipv4: script })
      .events.filter(({ kind }) => kind === 'opened')
      .map(({ at, onset }) => (at - (onset ?? start)) / 60_000);
  };
  assert.deepEqual(onsetOf('1h 100; 57m 90; 10m 0'), [59]);
  assert.deepEqual(onsetOf('1h 100; 20m 90; 40s 95; 10m 90; 10m 0'), [12]);
  assert.deepEqual(onsetOf('1h 100; 30h 90; 10m 0'), [24 * 60]);
});

test('a reason names the rule and its numbers', () => {
  const reasons = (base: string, script: string): string[] =>
    play({ base, ipv4: script }).events.map(({ reason }) => reason);
  assert.deepEqual(reasons('4200/84', '60s 4200/84; 150m 168/3; 20m 4200/84'), [
    'share 0.0400 <= 0.15 and prefixes 3 of 84 (0.0357) <= 0.3 for 120 s',
    'down 2 h after its worst began',
    'share >= 0.95 for 600 s',
  ]);
  assert.deepEqual(reasons('256/1', '60s 256/1; 1h 0'), [
    'share 0.0000 <= 0.15 and prefixes 0 of 1 (0.0000) <= 0.3 for 1800 s (few prefixes lost)',
  ]);
  assert.deepEqual(reasons('4/4', `1h 4; 60s 0; 1h 4`), ['8 flips of 4 of 4 prefixes in 6 h']);
});
