import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CommandProblem } from '../../../../src/edges/discord/commands/parts/command.js';
import { outages } from '../../../../src/edges/discord/commands/outages.js';
import { countryCodes } from '../../../../src/core/countries/index.js';
import type { IncidentEvent } from '../../../../src/core/incidents/index.js';
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
import { incidentEvent } from '../../../support/delivery/incident-event.js';

const green = 0x23a55a;
const grey = 0x80848e;

function event(country: string, changes: Partial<IncidentEvent> = {}): IncidentEvent {
  const since = changes.since ?? now - hourMs;
  return incidentEvent({
    country,
    id: `${country}/1`,
    incident: `${country}-ipv4-${since}`,
    since,
    at: since + 2 * minuteMs,
    ...changes,
  });
}

function ongoing(world: CommandWorld, country: string, level: 'down' | 'major' | 'degraded', since: number): void {
  world.events.push(event(country, { level, worst: level, since, share: 0.01 }));
  world.stored.push(stateOf(country, { level, since, open: { worst: level, since, lowest: 0.25 } }));
  world.measured.push(record(country, family({ units: 1, prefixes: 1 })));
}

test('ongoing outages come worst first, then longest, with the routes that are left', async () => {
  const world = new CommandWorld();
  ongoing(world, 'SY', 'major', now - 2 * dayMs);
  ongoing(world, 'KP', 'down', now - hourMs);
  ongoing(world, 'IR', 'down', now - 5 * hourMs);
  ongoing(world, 'IQ', 'degraded', now - 9 * dayMs);
  const message = await world.ask(outages);
  assert.equal(embedOf(message).title, '4 outages now');
  assert.equal(embedOf(message).color, 0xda373c);
  assert.deepEqual(embedOf(message).description?.split('\n'), [
    '🇮🇷 **Iran**: down since 11:30 UTC (5 hr), 25 % visible, lowest 25 %',
    '🇰🇵 **North Korea**: down since 15:30 UTC (1 hr), 25 % visible, lowest 25 %',
    '🇸🇾 **Syria**: major outage since 16:30 UTC on 20 Dec (2 days), 25 % visible, lowest 25 %',
    '🇮🇶 **Iraq**: partly dark since 16:30 UTC on 13 Dec (9 days), 25 % visible, lowest 25 %',
  ]);
  assert.deepEqual(message.components, []);
  assert.match(textOf(message), /BGP view · as of 16:29 UTC/);
});

test('an outage that ended is in its period, with length and depth, and not among the ongoing ones', async () => {
  const world = new CommandWorld();
  const since = now - 12 * hourMs;
  world.events.push(
    event('KP', {
      kind: 'restored',
      level: 'normal',
      since,
      until: since + 571 * minuteMs,
      at: since + 581 * minuteMs,
    }),
    event('IR', {
      kind: 'new-normal',
      level: 'degraded',
      worst: 'major',
      since: now - 40 * hourMs,
      at: now - hourMs,
      lowest: 0.123,
      family: 'ipv6',
    }),
    event('PS-GZ', {
      label: 'Gaza',
      kind: 'restored',
      level: 'normal',
      since: now - 3 * dayMs,
      until: now - 2 * dayMs,
      at: now - 2 * dayMs,
    }),
  );
  assert.match(textOf(await world.ask(outages)), /not known|No outages/);
  const day = textOf(await world.ask(outages, { state: '24h' }));
  assert.match(day, /2 outages in the last 24 hours/);
  assert.match(day, /\*\*North Korea\*\*: down 04:30-14:01 UTC \(9 hr 31 min\), lowest 0 %/);
  assert.match(
    day,
    /\*\*Iran\*\* \(IPv6\): major outage 21 Dec 00:30 - 22 Dec 15:30 UTC \(1 day 15 hr\), lowest 12 %; never came back/,
  );
  assert.match(
    textOf(await world.ask(outages, { state: '7d' })),
    /3 outages in the last 7 days[\s\S]*\*\*Gaza\*\*: down/,
  );
});

test('a country that is coming back says so, and is last', async () => {
  const world = new CommandWorld();
  world.events.push(event('KP'));
  world.stored.push(
    stateOf('KP', { level: 'normal', since: now, open: { worst: 'down', since: now - hourMs, lowest: 0 } }),
  );
  world.measured.push(record('KP'));
  ongoing(world, 'SY', 'degraded', now - hourMs);
  assert.match(
    textOf(await world.ask(outages)),
    /Syria[\s\S]*North Korea\*\*: down since 15:30 UTC \(1 hr\), coming back, 100 % visible, lowest 0 %/,
  );
});

test('ten a page; the buttons carry period and page, and a page that no longer exists shows the last', async () => {
  const world = new CommandWorld();
  for (const [n, country] of countryCodes.slice(0, 23).entries()) ongoing(world, country, 'down', now - n * hourMs);
  const first = await world.ask(outages, { state: '24h' });
  const buttons = first.components?.[0].components ?? [];
  assert.deepEqual(
    buttons.map((button) => ['custom_id' in button ? button.custom_id : '', button.disabled]),
    [
      ['outages:24h:0', true],
      ['outages:24h:2', false],
    ],
  );
  assert.equal(embedOf(first).description?.split('\n').length, 10);
  const last = await world.press(outages, 'outages:24h:3');
  assert.match(textOf(last), /Page 3 of 3/);
  assert.equal(embedOf(last).description?.split('\n').length, 3);
  assert.deepEqual(
    (last.components?.[0].components ?? []).map(({ disabled }) => disabled),
    [false, true],
  );
  assert.deepEqual(await world.press(outages, 'outages:24h:99'), last);
  for (const id of ['outages:1y:2', 'outages:2', 'outages:24h:x', 'outages']) {
    await assert.rejects(async () => world.press(outages, id), CommandProblem, id);
  }
});

test('an empty list is good news only while the table is judged', async () => {
  const world = new CommandWorld();
  world.measured.push(record('KP'), record('SY'));
  const well = await world.ask(outages);
  assert.equal(embedOf(well).color, green);
  assert.match(
    textOf(well),
    /No outages now\nNo country is in an outage now: 2 places judged, as of 16:29 UTC \(<t:\d+:R>\)\./,
  );

  const blind = { usable: false, voters: 5, collectors: 1, text: 'unusable: 5 of 20 voters' };
  const clear = healthy().families;
  assert.ok(clear !== null);
  const dim: [Partial<CommandWorld>, RegExp][] = [
    [{ feed: null }, /not known[\s\S]*not known whether anything is down/],
    [
      { feed: healthy({ at: now - hourMs, eventTime: now - hourMs }) },
      new RegExp(
        /^Outages now: not known\n⚠️[\s\S]*does not know whether any country is in an outage\. /.source +
          /When it last looked, at 15:30 UTC/.source,
      ),
    ],
    [{ feed: healthy({ phase: 'loading', families: null }) }, /does not know/],
    [{ feed: healthy({ families: { ipv4: blind, ipv6: blind } }) }, /does not know/],
    [
      { feed: healthy({ families: { ...clear, ipv4: blind } }) },
      /⚠️ IPv4 cannot be judged[\s\S]*as far as can be seen/,
    ],
  ];
  for (const [changes, expected] of dim) {
    const message = await Object.assign(world, changes).ask(outages);
    assert.match(textOf(message), expected);
    assert.equal(embedOf(message).color, grey);
  }
});

test('a period in which the table was loaded again is only partly known', async () => {
  const world = new CommandWorld();
  world.measured.push(record('KP'));
  world.feed = healthy({ watchingSince: now - 5 * hourMs });
  const message = await world.ask(outages, { state: '24h' });
  assert.match(
    textOf(message),
    new RegExp(
      /⚠️ Watched without a break only since 11:30 UTC [\s\S]*/.source +
        /No country was in an outage in the last 24 hours, as far as can be seen/.source,
    ),
  );
  assert.equal(embedOf(message).color, grey);
  assert.equal(embedOf(await world.ask(outages)).color, green);
});

test('before the first judgement the list does not claim that nothing goes on', async () => {
  assert.match(textOf(await new CommandWorld().ask(outages)), /does not know/);
});

test('a list from a blind hour is marked as one', async () => {
  const world = new CommandWorld();
  ongoing(world, 'KP', 'down', now - hourMs);
  world.feed = healthy({ at: now - 14 * minuteMs, eventTime: now - 14 * minuteMs });
  const message = await world.ask(outages);
  assert.match(textOf(message), /^1 outage now, as far as known\n⚠️ \*\*This is not the present\.\*\*/);
  assert.equal(embedOf(message).color, grey);
});
