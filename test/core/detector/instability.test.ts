import assert from 'node:assert/strict';
import { test } from 'node:test';
import { play, repeat } from '../../support/replay/story.js';

/** Clause -> baseline units/prefixes -> prefixes that come and go -> what is told. All stories begin at 00:00:00. */
const stories: Record<string, [base: string, script: string, lines: string[]]> = {
  'tiny: 4 flips over half of the prefixes, told when their bin ends': [
    '4/4',
    '61m 4; 60s 2; 5h 4',
    ['01:05:00 unstable normal since 01:01:00'],
  ],
  'one of four prefixes is not half of them': ['4/4', repeat(20, '10m 4; 60s 3'), []],
  'three flips are not four': ['4/4', '1h 4; 60s 2; 5h 3', []],
  'flips that no 6 h hold together do not add up': ['4/4', '1h 4; 5m 2; 6h 3; 5m 4; 1h 4', []],
  '20 % of N0 and 10 % of the prefixes': [
    '200/100',
    '61m 200/100; 60s 190/90; 5h 200/100',
    ['01:05:00 unstable normal since 01:01:00'],
  ],
  '19 flips of 100 are not 20 %': ['200/100', '61m 200/100; 60s 190/90; 5h 199/99', []],
  '9 prefixes of 100 are not 10 %': ['200/100', repeat(20, '10m 200/100; 60s 191/91'), []],
  'more than 256 units: the rule needs history, and is silent': ['257/100', repeat(20, '10m 257/100; 60s 240/80'), []],
  'the flips of an outage and of its end are no instability': [
    '4/4',
    '1h 4; 30m 0; 12h 4',
    ['01:02:00 opened down since 01:00:00', '01:40:00 restored normal since 01:00:00 until 01:30:00'],
  ],
  'nor where the bin ends before the dwell does': [
    '4/4',
    '1h4m 4; 30m 0; 12h 4',
    ['01:06:00 opened down since 01:04:00', '01:44:00 restored normal since 01:04:00 until 01:34:00'],
  ],
  'a run is told once': ['4/4', `1h 4; ${repeat(30, '60s 0; 59m 4')}`, ['01:05:00 unstable normal since 01:00:00']],
  'after a gap of 5 h 50 min it is the same run': [
    '4/4',
    `1h 4; ${repeat(3, '60s 0; 59m 4')}; 4h51m 4; 60s 0; 1h 4`,
    ['01:05:00 unstable normal since 01:00:00'],
  ],
  'after a gap of 6 h 10 min it is another': [
    '4/4',
    `1h 4; ${repeat(3, '60s 0; 59m 4')}; 5h11m 4; 60s 0; 1h 4`,
    ['01:05:00 unstable normal since 01:00:00', '09:15:00 unstable normal since 09:11:00'],
  ],
  '12 h of it before since(level) open what follows': [
    '4/4',
    `1h 4; ${repeat(12, '60s 0; 59m 4')}; 10m 0`,
    ['01:05:00 unstable normal since 01:00:00', '13:02:00 opened down since 13:00:00 after 12 h'],
  ],
  '11 h 59 min 50 s do not': [
    '4/4',
    `1h 4; ${repeat(11, '60s 0; 59m 4')}; 60s 0; 58m50s 4; 10m 0`,
    ['01:05:00 unstable normal since 01:00:00', '13:01:50 opened down since 12:59:50'],
  ],
  'increasing: 1.5 times the flips of the 6 h before': [
    '4/4',
    `1h 4; ${repeat(6, '60s 0; 59m 4')}; ${repeat(9, '60s 0; 39m 4')}; 10m 0`,
    ['01:05:00 unstable normal since 01:00:00', '13:02:00 opened down since 13:00:00 after 12 h increasing'],
  ],
  'not increasing: 1.33 times': [
    '4/4',
    `1h 4; ${repeat(6, '60s 0; 59m 4')}; ${repeat(8, '60s 0; 44m 4')}; 10m 0`,
    ['01:05:00 unstable normal since 01:00:00', '13:02:00 opened down since 13:00:00 after 12 h'],
  ],
  'a flap in the very bin of the onset counts, the onset does not': [
    '4/4',
    `30m 4; 60s 0; 29m 4; ${repeat(6, '60s 0; 59m 4')}; ${repeat(8, '60s 0; 39m 4')}; 35m 4; 60s 0; 100s 4; 10m 0`,
    ['00:35:00 unstable normal since 00:30:00', '12:59:40 opened down since 12:57:40 after 12 h increasing'],
  ],
  'what ended more than 6 h ago does not open anything': [
    '4/4',
    `1h 4; ${repeat(13, '60s 0; 59m 4')}; 5h11m 4; 10m 0`,
    ['01:05:00 unstable normal since 01:00:00', '19:13:00 opened down since 19:11:00'],
  ],
};

test('instability: every clause as a story', async (t) => {
  for (const [clause, [base, script, expected]] of Object.entries(stories)) {
    await t.test(clause, () => assert.deepEqual(play({ base, ipv4: script }).lines, expected));
  }
});

test('the flag is cleared when the flips have left the window, and no flip is kept for ever', () => {
  const flapped = '1h 4; 60s 0; 59m 4';
  const flagAfter = (quiet: string): boolean =>
    play({ base: '4/4', ipv4: `${flapped}; ${quiet} 4` }).detector.ipv4.instability.unstable;
  assert.deepEqual([flagAfter('4h55m'), flagAfter('5h10m')], [true, false]);
  const { bins, run } = play({ base: '4/4', ipv4: `${flapped}; 14h 4` }).detector.ipv4.instability;
  assert.deepEqual({ bins, run }, { bins: [], run: null });
});
