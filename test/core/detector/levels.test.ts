import assert from 'node:assert/strict';
import { test } from 'node:test';
import { play } from '../../support/replay/story.js';

/**
 * Clause -> baseline units/prefixes -> what was measured -> the expected changes of level. All stories begin at
 * 00:00:00.
 */
const stories: Record<string, [base: string, script: string, moves: string[]]> = {
  // More than 16 units: values exactly on a threshold.
  'r = 0.80 is not below 0.80': ['100/100', '2h 80', []],
  'degraded below 0.80 for 180 s': ['100/100', '60s 100; 1h 79', ['00:04:00 normal -> degraded since 00:01:00']],
  'degraded not after 170 s': ['100/100', '60s 100; 180s 79; 2h 100', []],
  'r = 0.50 is degraded only': ['100/100', '60s 100; 1h 50', ['00:04:00 normal -> degraded since 00:01:00']],
  'major below 0.50 for 180 s, degraded passed over': [
    '100/100',
    '60s 100; 1h 49',
    ['00:04:00 normal -> major since 00:01:00'],
  ],
  'down at r = 0.15 and n = 0.30, after 120 s': [
    '100/100',
    '60s 100; 1h 15/30',
    ['00:03:00 normal -> down since 00:01:00'],
  ],
  'down at n = 0.15 and r = 0.30': ['100/100', '60s 100; 1h 30/15', ['00:03:00 normal -> down since 00:01:00']],
  'r = 0.15 with n = 0.31 is major only': ['100/100', '60s 100; 1h 15/31', ['00:04:00 normal -> major since 00:01:00']],
  'r = 0.16 and n = 0.16 is major only': ['100/100', '60s 100; 1h 16/16', ['00:04:00 normal -> major since 00:01:00']],
  'n alone decides nothing': ['100/100', '60s 100; 5h 100/1', []],
  'down not after 110 s': ['100/100', '60s 100; 120s 0; 1h 100', []],
  // Leaving a level, more than 16 units.
  'degraded is left at r = 0.85 for 600 s, at the first tick of that run': [
    '100/100',
    '60s 100; 10m 70; 1h 85',
    ['00:04:00 normal -> degraded since 00:01:00', '00:21:00 degraded -> normal since 00:11:00 until 00:11:00'],
  ],
  'degraded is not left at 0.84': ['100/100', '60s 100; 10m 70; 1h 84', ['00:04:00 normal -> degraded since 00:01:00']],
  'major is left at r = 0.60 for 600 s, to degraded while 0.85 is not there': [
    '100/100',
    '60s 100; 10m 40; 1h 60',
    ['00:04:00 normal -> major since 00:01:00', '00:21:00 major -> degraded since 00:11:00 until 00:11:00'],
  ],
  'major is not left at 0.59': ['100/100', '60s 100; 10m 40; 1h 59', ['00:04:00 normal -> major since 00:01:00']],
  'major is left to normal at once when both leave conditions hold': [
    '100/100',
    '60s 100; 10m 40; 1h 90',
    ['00:04:00 normal -> major since 00:01:00', '00:21:00 major -> normal since 00:11:00 until 00:11:00'],
  ],
  'down is left at r = 0.30 for 120 s, to major': [
    '100/100',
    '60s 100; 10m 5; 1h 30/60',
    ['00:03:00 normal -> down since 00:01:00', '00:13:00 down -> major since 00:11:00 until 00:11:00'],
  ],
  'down is not left at r = 0.29, though its condition is false': [
    '100/100',
    '60s 100; 10m 5; 1h 29/60',
    ['00:03:00 normal -> down since 00:01:00'],
  ],
  'down is not left at r = 0.30 while n <= 0.15 still makes it down': [
    '100/100',
    '60s 100; 10m 5; 1h 30/15',
    ['00:03:00 normal -> down since 00:01:00'],
  ],
  'each level is left at its own time': [
    '100/100',
    '60s 100; 10m 5; 1h 100',
    [
      '00:03:00 normal -> down since 00:01:00',
      '00:13:00 down -> major since 00:11:00 until 00:11:00',
      '00:21:00 major -> normal since 00:11:00 until 00:11:00',
    ],
  ],
  'until(level) is its own run, since(normal) that of the last level left': [
    '100/100',
    '60s 100; 10m 40; 5m 70; 1h 100',
    [
      '00:04:00 normal -> major since 00:01:00',
      '00:21:00 major -> degraded since 00:11:00 until 00:11:00',
      '00:26:00 degraded -> normal since 00:16:00 until 00:16:00',
    ],
  ],
  'staggered: each level in turn, since its own run': [
    '100/100',
    '60s 100; 1h 70; 1h 40; 1h 10',
    [
      '00:04:00 normal -> degraded since 00:01:00',
      '01:04:00 degraded -> major since 01:01:00',
      '02:03:00 major -> down since 02:01:00',
    ],
  ],
  // At most 16 units.
  'tiny: half gone is degraded only after 30 min': [
    '4/4',
    '60s 4; 1h 2',
    ['00:31:00 normal -> degraded since 00:01:00'],
  ],
  'tiny: not after 29 min 50 s': ['4/4', '60s 4; 30m 2; 1h 4', []],
  'tiny: one of four gone is nothing': ['4/4', '60s 4; 5h 3', []],
  'tiny: down at nothing for 120 s': ['4/4', '60s 4; 1h 0', ['00:03:00 normal -> down since 00:01:00']],
  'tiny: one /24 left is not down': ['16/16', '60s 16; 20m 1; 1h 16', []],
  'tiny: left at S > 0 for 300 s, to degraded while half is missing': [
    '4/4',
    '60s 4; 10m 0; 1h 1',
    ['00:03:00 normal -> down since 00:01:00', '00:16:00 down -> degraded since 00:11:00 until 00:11:00'],
  ],
  'tiny: degraded left above 0.50 for 600 s': [
    '4/4',
    '60s 4; 40m 2; 1h 3',
    ['00:31:00 normal -> degraded since 00:01:00', '00:51:00 degraded -> normal since 00:41:00 until 00:41:00'],
  ],
  '17 units are not tiny': ['17/17', '60s 17; 1h 1', ['00:03:00 normal -> down since 00:01:00']],
  // Few prefixes lost: 30 min.
  'one company: N0 - N = 1 of 100 takes 30 min': [
    '100/100',
    '60s 100; 1h 40/99',
    ['00:31:00 normal -> major since 00:01:00'],
  ],
  'two of 100 are not few': ['100/100', '60s 100; 1h 40/98', ['00:04:00 normal -> major since 00:01:00']],
  'nineteen of 1000 are below 2 %': ['1000/1000', '60s 1000; 1h 400/981', ['00:31:00 normal -> major since 00:01:00']],
  'twenty of 1000 are not': ['1000/1000', '60s 1000; 1h 400/980', ['00:04:00 normal -> major since 00:01:00']],
  'a country of one prefix is down after 30 min': [
    '256/1',
    '60s 256/1; 2h 0',
    ['00:31:00 normal -> down since 00:01:00'],
  ],
  'a country of two prefixes too': ['256/2', '60s 256/2; 2h 0', ['00:31:00 normal -> down since 00:01:00']],
  'of three prefixes not': ['256/3', '60s 256/3; 2h 0', ['00:03:00 normal -> down since 00:01:00']],
  'tiny with two prefixes: 30 min': ['4/2', '60s 4/2; 1h 0', ['00:31:00 normal -> down since 00:01:00']],
  'tiny with three keeps its own column': ['4/3', '60s 4/3; 1h 0', ['00:03:00 normal -> down since 00:01:00']],
  'what took 30 min to enter takes 30 min to leave': [
    '256/1',
    '60s 256/1; 40m 0; 2h 256/1',
    ['00:31:00 normal -> down since 00:01:00', '01:11:00 down -> normal since 00:41:00 until 00:41:00'],
  ],
  'what did not is left in 600 s, though the last prefix is all that is missing': [
    '100/100',
    '60s 100; 10m 40; 1h 99',
    ['00:04:00 normal -> major since 00:01:00', '00:21:00 major -> normal since 00:11:00 until 00:11:00'],
  ],
  // Lapses.
  'a lapse of 30 s does not end a run': [
    '100/100',
    '60s 100; 60s 5; 30s 100; 1h 5',
    ['00:03:00 normal -> down since 00:01:00'],
  ],
  'a lapse of 40 s does': ['100/100', '60s 100; 60s 5; 40s 100; 1h 5', ['00:04:40 normal -> down since 00:02:40']],
  'in a lapse nothing is decided': [
    '100/100',
    '60s 100; 110s 5; 20s 100; 1h 5',
    ['00:03:10 normal -> down since 00:01:00'],
  ],
  'a lapse of 30 s does not end the run that leaves': [
    '100/100',
    '60s 100; 10m 70; 5m 90; 30s 70; 1h 90',
    ['00:04:00 normal -> degraded since 00:01:00', '00:21:00 degraded -> normal since 00:11:00 until 00:11:00'],
  ],
  'a lapse of 40 s does end it': [
    '100/100',
    '60s 100; 10m 70; 5m 90; 40s 70; 1h 90',
    ['00:04:00 normal -> degraded since 00:01:00', '00:26:40 degraded -> normal since 00:16:40 until 00:16:40'],
  ],
  // Freezes.
  'a freeze of 60 s does not end a run, and the dwell is complete at the first usable tick': [
    '100/100',
    '60s 100; 70s 5; 60s ?; 1h 5',
    ['00:03:10 normal -> down since 00:01:00'],
  ],
  'a freeze of 70 s does: the first tick after it starts anew': [
    '100/100',
    '60s 100; 70s 5; 70s ?; 1h 5',
    ['00:05:20 normal -> down since 00:03:20'],
  ],
  'missing ticks are a freeze too': [
    '100/100',
    '60s 100; 70s 5; 70s -; 1h 5',
    ['00:05:20 normal -> down since 00:03:20'],
  ],
  'a freeze ends the run that leaves': [
    '100/100',
    '60s 100; 10m 70; 9m 100; 70s ?; 1h 100',
    ['00:04:00 normal -> degraded since 00:01:00', '00:31:10 degraded -> normal since 00:21:10 until 00:21:10'],
  ],
  'an unusable table is no outage and no recovery': ['100/100', '60s 100; 5h ?; 1h 100', []],
  'no baseline, no judgement': ['0/0', '5h 0', []],
};

test('levels: every clause as a story', async (t) => {
  for (const [clause, [base, script, expected]] of Object.entries(stories)) {
    await t.test(clause, () => assert.deepEqual(play({ base, ipv4: script }).moves, expected));
  }
});

/** IPv6: dwell 600 s, and only with at least 10 prefixes from at least 3 origins. */
const ipv6Stories: Record<string, [base: string, script: string, moves: string[]]> = {
  'every dwell is 600 s': [
    '1000/10 3',
    '60s 1000/10; 1h 0; 1h 1000/10',
    ['00:11:00 ipv6 normal -> down since 00:01:00', '01:11:00 ipv6 down -> normal since 01:01:00 until 01:01:00'],
  ],
  'nine prefixes are not judged': ['1000/9 3', '60s 1000/9; 1h 0', []],
  'two origins are not judged': ['1000/10 2', '60s 1000/10; 1h 0', []],
  'few prefixes lost: 30 min here too': [
    '1000/10 3',
    '60s 1000/10; 1h 100/9',
    ['00:31:00 ipv6 normal -> major since 00:01:00'],
  ],
};

test('levels of IPv6', async (t) => {
  for (const [clause, [base6, script, expected]] of Object.entries(ipv6Stories)) {
    await t.test(clause, () => assert.deepEqual(play({ base6, ipv6: script }).moves, expected));
  }
});
