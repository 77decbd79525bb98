/**
 * North Korea, December 2014, through the whole service: loopback RIS Live, archive and Discord, on a clock that the
 * test moves some thousand times as fast as the real one. A transcript that people can read holds what must be in the
 * channel at the end.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import type { DiscordServer } from '../../support/discord/server.js';
import { metric, ServiceWorld } from '../../support/process/service-world.js';

const minute = 60_000;
const hour = 60 * minute;
const rib = Date.parse('2014-12-21T08:00:00Z');
const start = Date.parse('2014-12-21T15:00:00Z');
const transcript = new URL('./north-korea-2014.txt', import.meta.url);

/**
 * Published times: hub.dyn.com/dyn-research, "Someone disconnects North Korea - who?". The flapping of the day before
 * is invented; its length and growth are as reported.
 */
const times = {
  flapping: Date.parse('2014-12-21T16:05:00Z'),
  gone: Date.parse('2014-12-22T16:15:00Z'),
  back: Date.parse('2014-12-23T01:46:00Z'),
  goneAgain: Date.parse('2014-12-23T15:41:00Z'),
  backAgain: Date.parse('2014-12-23T16:12:00Z'),
  end: Date.parse('2014-12-23T16:30:00Z'),
};

type Change = { readonly at: number; readonly kind: 'announce' | 'withdraw' };

/** Losses of a minute, every hour at first, every ten minutes at last, each too short for an outage. */
function flaps(): Change[] {
  const changes: Change[] = [];
  for (let at = times.flapping; at < times.gone - 10 * minute;) {
    changes.push({ at, kind: 'withdraw' }, { at: at + minute, kind: 'announce' });
    at += at < times.gone - 12 * hour ? hour : at < times.gone - 6 * hour ? 40 * minute : 10 * minute;
  }
  return changes;
}

const story: readonly Change[] = [
  ...flaps(),
  { at: times.gone, kind: 'withdraw' },
  { at: times.back, kind: 'announce' },
  { at: times.goneAgain, kind: 'withdraw' },
  { at: times.backAgain, kind: 'announce' },
];

/** The channel at the end: for each message when it came, what it replies to, its text and its embed. */
function written(discord: DiscordServer): string {
  const messages = discord.posted;
  return messages
    .map((message, index) => {
      const embed = message.embeds?.at(0);
      const replied = messages.findIndex(({ id }) => id === message.message_reference?.message_id);
      const head = [
        `#${index + 1}`,
        new Date(message.createdAt).toISOString().slice(0, 19).replace('T', ' '),
        ...(replied < 0 ? [] : [`in reply to #${replied + 1}`]),
        ...(message.editedAt === null ? [] : ['edited']),
        ...(message.files.length === 0 ? [] : [`with ${message.files.map(({ filename }) => filename).join(', ')}`]),
      ].join(', ');
      const fields = (embed?.fields ?? []).map(({ name, value }) => `      ${name}: ${value.replaceAll('\n', '; ')}`);
      return [
        head,
        `    ${message.content}`,
        `    [${(embed?.color ?? 0).toString(16)}] ${embed?.title ?? ''}`,
        ...fields,
      ].join('\n');
    })
    .join('\n\n');
}

/** The transcript of the channel. */
async function told(): Promise<string> {
  const world = await ServiceWorld.open(start);
  try {
    world.publishRib(rib);
    world.publishUpdates(rib, start + 10 * minute);
    const first = await world.start();
    await world.ready(first);
    await world.play(first, times.back + 30 * minute, story);
    await world.discord.until(() => world.discord.posted.at(-1)?.content?.includes('16:15-01:46') === true);
    await first.stop();

    // The service is stopped during the quiet hours until the relapse, and says nothing about that.
    const table = Date.parse('2014-12-23T15:00:00Z');
    await world.clock.advance(table + 12 * minute - world.clock.now());
    world.publishRib(table);
    world.publishUpdates(table, table + 20 * minute);
    const second = await world.start();
    await world.ready(second);
    await world.play(second, times.end, story);
    await world.discord.until(() => world.discord.posted.at(-1)?.content?.includes('15:41-16:12') === true);
    assert.equal(await metric(second, 'outbox_owed'), 0);
    await second.stop();
    return `${written(world.discord)}\n`;
  } finally {
    await world.close();
  }
}

// Runs before the test starts, because inside a test each promise costs twice as much, and this needs millions.
const found = await told();

test('North Korea 2014, from RIS to Discord, in real order', () => {
  if (process.env['WRITE_TRANSCRIPT'] === '1') writeFileSync(transcript, found);
  assert.equal(found, readFileSync(transcript, 'utf8'));
});
