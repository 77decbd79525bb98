import assert from 'node:assert/strict';
import { test } from 'node:test';
import { history } from '../../../../src/edges/discord/commands/history.js';
import type { IncidentEvent } from '../../../../src/core/incidents/index.js';
import {
  binRows,
  CommandWorld,
  dayMs,
  embedOf,
  hourMs,
  minuteMs,
  now,
  textOf,
} from '../../../support/delivery/command-world.js';
import { incidentEvent } from '../../../support/delivery/incident-event.js';

function over(since: number, minutes: number, changes: Partial<IncidentEvent> = {}): IncidentEvent {
  const until = since + minutes * minuteMs;
  return incidentEvent({ kind: 'restored', level: 'normal', since, until, at: until + 10 * minuteMs, ...changes });
}

function watched(days: number): CommandWorld {
  const world = new CommandWorld();
  world.rows.push(...binRows('KP', now - days * dayMs, now));
  return world;
}

test('past outages, newest first, with start, length and depth', async () => {
  const world = watched(35);
  world.events.push(
    over(now - 9 * dayMs, 571),
    incidentEvent({ kind: 'follow-up', since: now - 3 * hourMs, at: now - hourMs, lowest: 0.021 }),
    over(now - 5 * dayMs, 30, { family: 'ipv6', worst: 'major', lowest: 0.3 }),
    over(now - 8 * dayMs, 24 * 60, {
      kind: 'new-normal',
      until: null,
      worst: 'major',
      lowest: 0.6,
      at: now - 7 * dayMs,
    }),
    over(now - 50 * dayMs, 30),
  );
  const message = await world.ask(history, { country: 'KP' });
  assert.equal(embedOf(message).title, '🇰🇵 North Korea: 4 outages in 30 days');
  assert.deepEqual(embedOf(message).description?.split('\n'), [
    '• **since 13:30 UTC** (3 hr, going on): down, lowest 2 %',
    '• **17 Dec 16:30-17:00 UTC** (30 min): IPv6 major outage, lowest 30 %',
    '• **14 Dec 16:30 - 15 Dec 16:30 UTC** (1 day): major outage, lowest 60 %; what was left became its new normal',
    '• **13 Dec 16:30 - 14 Dec 02:01 UTC** (9 hr 31 min): down, lowest 0 %',
  ]);
});

test('of a hundred outages, those that fit, and the number of the others', async () => {
  const world = watched(35);
  for (let n = 0; n < 100; n++) world.events.push(over(now - 29 * dayMs + n * 5 * hourMs, 30));
  const description = (await world.ask(history, { country: 'KP' })).embeds?.[0].description ?? '';
  assert.match(description, /\nand \d+ earlier$/);
  assert.equal(description.split('\n').length - 1 + Number(/and (\d+) earlier/.exec(description)?.[1]), 100);
});

const reach: [string, number, number, CommandWorld, RegExp][] = [
  [
    'begun three days ago',
    30,
    3,
    watched(3),
    /⚠️ The history goes back to 16:30 UTC on 19 Dec only \(3 days\)\.\n\nNone in what was watched/,
  ],
  ['longer than measurements are kept', 90, 35, watched(35), /kept for 35 days; before that/],
  [
    'nothing',
    30,
    0,
    watched(0),
    /⚠️ Nothing was measured in this time, so an empty list would mean nothing\.\n\nNone is known/,
  ],
];
test('it says how far back it knows', async () => {
  for (const [what, days, , world, expected] of reach) {
    const message = await world.ask(history, { country: 'KP', days });
    assert.match(textOf(message), expected, what);
    assert.equal(embedOf(message).color, 0x80848e, what);
    assert.equal(embedOf(message).title, `🇰🇵 North Korea: no outages known of in ${days} days`, what);
  }
  const message = await watched(31).ask(history, { country: 'KP' });
  assert.equal(embedOf(message).description, 'None in what was watched.');
  assert.equal(embedOf(message).color, 0x23a55a);
  assert.equal(embedOf(message).title, '🇰🇵 North Korea: 0 outages in 30 days');
});

test('it says when nothing was measured', async () => {
  const world = new CommandWorld();
  world.rows.push(...binRows('KP', now - 30 * dayMs, now - 20 * dayMs), ...binRows('KP', now - 10 * dayMs, now));
  assert.match(
    textOf(await world.ask(history, { country: 'KP' })),
    /⚠️ Nothing was measured for (9|10) days of it: an outage then may be missing/,
  );
});

test('a blind hour is said first', async () => {
  const world = watched(31);
  world.feed = null;
  const message = await world.ask(history, { country: 'KP', days: 1 });
  assert.match(embedOf(message).description ?? '', /^⚠️ \*\*This is not the present/);
  assert.equal(embedOf(message).color, 0x80848e);
});
