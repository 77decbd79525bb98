import assert from 'node:assert/strict';
import { test } from 'node:test';
import { about } from '../../../../src/edges/discord/commands/about.js';
import { chart } from '../../../../src/edges/discord/commands/chart.js';
import {
  CommandWorld,
  dayMs,
  embedOf,
  family,
  healthy,
  hourMs,
  now,
  record,
  textOf,
} from '../../../support/delivery/command-world.js';

test('a chart: a sentence, the picture, and its alt text', async () => {
  const world = new CommandWorld();
  world.measured.push(record('KP', family({ units: 1 }), family()));
  const message = await world.ask(chart, { country: 'KP', range: '7d', family: 'ipv4' });
  assert.match(
    message.content ?? '',
    /^🇰🇵 North Korea, the last 7 days: IPv4 1 of 4 \/24s \(25 %\) at 16:29 UTC \(<t:\d+:R>\)\.$/,
  );
  assert.deepEqual(
    message.files?.map(({ name, description }) => [name, description]),
    [['KP-7d.png', 'A line that falls to nothing.']],
  );
  await world.ask(chart, { country: 'KP' });
  assert.deepEqual(world.drawn, [
    { country: 'KP', ms: 7 * dayMs, family: 'ipv4' },
    { country: 'KP', ms: dayMs, family: null },
  ]);
});

test('nothing to draw, or nothing new to draw, says so', async () => {
  const world = new CommandWorld();
  world.chart = null;
  world.feed = healthy({ at: now - hourMs });
  const message = await world.ask(chart, { country: 'KP', range: '30d' });
  assert.match(
    message.content ?? '',
    /^⚠️ \*\*This is not the present[\s\S]*North Korea, the last 30 days: there is nothing to draw/,
  );
  assert.equal(message.files, undefined);
});

test('about: what it sees and cannot see, sources with credit, state of the feed, version, invite link', async () => {
  const world = new CommandWorld();
  world.feed = healthy({ givenUp: ['rrc06'] });
  const message = await world.ask(about);
  const text = textOf(message);
  for (const expected of [
    /Filtering, throttling/,
    /Libya/,
    /RIPE NCC does not endorse/,
    /CC BY 4\.0/,
    /Watching\. Last heard of <t:\d+:R>/,
    /IPv4 usable: 41 voters on 9 collectors/,
    /3 collectors: rrc00, rrc01, rrc06; without rrc06/,
    /lightsout 1\.2\.3/,
    /oauth2\/authorize/,
  ])
    assert.match(text, expected);
  assert.doesNotMatch(text, /⚠️/);
  assert.equal(embedOf(message).color, 0x23a55a);
});

test('about is not green while something is wrong', async () => {
  const world = new CommandWorld();
  world.troubles.push('Discord refuses sessions');
  const message = await world.ask(about);
  assert.match(textOf(message), /Telling: ⚠️ Discord refuses sessions/);
  assert.equal(embedOf(message).color, 0x80848e);
  world.feed = null;
  assert.match(textOf(await world.ask(about)), /⚠️ \*\*This is not the present[\s\S]*Nothing was ever measured/);
});
