import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { afterEach, before, beforeEach, describe, test } from 'node:test';
import { createDelivery, type Delivery } from '../../src/delivery/index.js';
import { createDiscordSend } from '../../src/discord/index.js';
import type { IncidentEvent } from '../../src/incidents/index.js';
import { createLogger } from '../../src/observability/index.js';
import { DiscordServer, type Fault } from '../support/discord-server.js';
import { FakeClock } from '../support/fake-clock.js';
import { fastClock } from '../support/fast-clock.js';
import { incidentEvent, incidentEvents } from '../support/incident-event.js';
import { MemoryOutbox } from '../support/memory-outbox.js';

const channelId = '200000000000000001';
const target = `discord:${channelId}`;
const token = 'good-token';
const never = new AbortController().signal;

let discord: DiscordServer;
let lines: string[];
const logger = createLogger({ level: 'info', pretty: false, secrets: [], destination: { write: (line) => void lines.push(line) } });

beforeEach(async () => {
  lines = [];
  discord = new DiscordServer();
  await discord.start();
});
afterEach(() => discord.stop());

const sender = (times = 100, name = token) => createDiscordSend({ token: name, apiUrl: discord.apiUrl, channelId, logger, clock: fastClock(times) });
/** What stands in the channel, by nonce. */
const arrived = (): (string | undefined)[] => discord.posted.map(({ nonce }) => nonce);

/** One process's worth of delivery, at 100 times its speed. */
function deliver(outbox: MemoryOutbox): { delivery: Delivery; failedTimes: (n: number) => Promise<void>; stop: () => Promise<void> } {
  const stopping = new AbortController();
  const clock = fastClock(100);
  const attempts = new EventEmitter();
  const onAttempt = (result: string): boolean => attempts.emit(result);
  const delivery = createDelivery({ outbox, target, send: sender(), clock, random: () => 0.5, logger, onAttempt });
  const running = delivery.run(stopping.signal);
  return {
    delivery,
    failedTimes: async (n) => {
      for (let failed = 0; failed < n; failed++) await once(attempts, 'retry');
    },
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}

function outboxWith(events: readonly IncidentEvent[]): MemoryOutbox {
  const outbox = new MemoryOutbox();
  outbox.cursors.set(target, 0);
  outbox.append(...events);
  return outbox;
}

/** The nonces of these events in their order, learned from a channel where nothing goes wrong. */
async function noncesOf(events: readonly IncidentEvent[]): Promise<(string | undefined)[]> {
  const quiet = new DiscordServer();
  await quiet.start();
  const send = createDiscordSend({ token, apiUrl: quiet.apiUrl, channelId, logger, clock: fastClock(1) });
  for (const event of events) await send(event, never);
  await quiet.stop();
  return quiet.posted.map(({ nonce }) => nonce);
}

test('a message is the sentence with its flag, a plain embed, a nonce, and pings nobody', async () => {
  const result = await sender(1)(incidentEvent(), never);
  const message = discord.posted[0];
  assert.deepEqual(result, { kind: 'sent', messageId: message.id });
  assert.equal(message.content, "🇰🇵 North Korea's national Internet went down at 16:15 UTC: all 4 routes withdrawn.");
  assert.deepEqual(message.allowed_mentions, { parse: [] });
  assert.match(message.nonce ?? '', /^[0-9a-z]{25}$/);
  assert.equal(message.enforce_nonce, true);
  const embed = message.embeds![0];
  assert.equal(embed.title, 'North Korea: down');
  assert.equal(embed.color, 0xda373c);
  assert.match(embed.footer?.text ?? '', /^KP-ipv4-1419265020000\/1 /);
  assert.ok(embed.fields?.some(({ value }) => value === '<t:1419264900:f> (<t:1419264900:R>)'));
  assert.match(embed.description ?? '', /\[IODA\]\(https:\/\//);
});

describe('whatever goes wrong on the way, each event arrives once and in order', () => {
  const stories: [string, Fault[]][] = [
    ['nothing', []],
    ['rate limit of the channel', [{ kind: 'rate-limit', retryAfterSeconds: 0.03 }]],
    ['rate limit of the whole bot, twice', [1, 2].map(() => ({ kind: 'rate-limit', retryAfterSeconds: 0.03, global: true }) as const)],
    ['500, 502, 503', [500, 502, 503].map((status) => ({ kind: 'error', status }))],
    ['the connection is reset', [{ kind: 'reset' }, { kind: 'reset' }]],
    ['taken, but the answer is lost', [{ kind: 'accept-then-reset' }, { kind: 'accept-then-reset' }]],
    ['taken, but never answered', [{ kind: 'accept-then-hang' }]],
    ['no answer at all', [{ kind: 'hang' }]],
    ['a 401 that is a hiccup', [{ kind: 'error', status: 401 }]],
    ["a proxy's page instead of Discord", [{ kind: 'page', status: 200 }, { kind: 'page', status: 403 }, { kind: 'page', status: 502 }]],
    ['a 404 without a reason', [{ kind: 'error', status: 404 }]],
    ['everything at once', [{ kind: 'error', status: 500 }, { kind: 'accept-then-reset' }, { kind: 'rate-limit', retryAfterSeconds: 0.02 }, { kind: 'accept-then-hang' }]],
  ];
  let wanted: (string | undefined)[];
  before(async () => {
    lines = [];
    wanted = await noncesOf(incidentEvents(3));
    assert.equal(new Set(wanted).size, 3);
  });

  for (const [name, faults] of stories) {
    test(name, { timeout: 10_000 }, async () => {
      discord.script(...faults);
      const outbox = outboxWith(incidentEvents(3));
      const { stop } = deliver(outbox);
      await outbox.told(target, 3);
      await stop();
      assert.deepEqual(arrived(), wanted);
    });
  }

  test('Discord is away for hours', { timeout: 10_000 }, async () => {
    const outbox = outboxWith(incidentEvents(1));
    const { delivery, failedTimes, stop } = deliver(outbox);
    await outbox.told(target, 1);
    await discord.stop();
    outbox.append(...incidentEvents(2, 2));
    delivery.wake();
    await failedTimes(5);
    assert.match(delivery.trouble() ?? '', /cannot be reached/);
    await discord.start();
    await outbox.told(target, 3);
    await stop();
    assert.deepEqual(arrived(), wanted);
  });

  test('a crash after Discord took the message and before the cursor moved', { timeout: 10_000 }, async () => {
    await sender()(incidentEvents(1)[0], never);
    const outbox = outboxWith(incidentEvents(3));
    const { stop } = deliver(outbox);
    await outbox.told(target, 3);
    await stop();
    assert.deepEqual(arrived(), wanted);
    assert.ok(discord.requests.length >= 4);
  });
});

describe('what cannot be told', () => {
  const stories: { name: string; arrange: () => void; says: RegExp }[] = [
    { name: 'the channel is deleted', arrange: () => discord.world.channels.clear(), says: /no channel 200000000000000001/ },
    {
      name: 'the bot may not see the channel',
      arrange: () => discord.world.channels.set(channelId, { name: 'alerts', forbidden: 50001 }),
      says: /View Channel/,
    },
    {
      name: 'the bot may not write there',
      arrange: () => discord.world.channels.set(channelId, { name: 'alerts', forbidden: 50013 }),
      says: /Send Messages/,
    },
    { name: 'the token was reset', arrange: () => void (discord.world.token = 'another'), says: /refuses the token.*DISCORD_TOKEN/ },
  ];
  for (const { name, arrange, says } of stories) {
    test(`${name}: it says what to do, and tells once that is done`, async () => {
      const send = sender(1);
      arrange();
      const refused = await send(incidentEvent(), never);
      assert.equal(refused.kind, 'gone');
      assert.match((refused).reason, says);
      assert.ok(!JSON.stringify([refused, lines]).includes(token));
      discord.world.token = token;
      discord.world.channels.set(channelId, { name: 'alerts' });
      assert.equal((await send(incidentEvent(), never)).kind, 'sent');
    });
  }

  for (const [status, code] of [[400, 50035], [413, 40005], [400, 200000], [400, 240000]] as const) {
    test(`a message that Discord will not take (${code}) is reduced to its text, loudly`, async () => {
      discord.script({ kind: 'error', status, code });
      assert.equal((await sender(1)(incidentEvent(), never)).kind, 'sent');
      assert.equal(discord.posted[0]?.embeds, undefined);
      assert.match(discord.posted[0]?.content ?? '', /went down/);
      assert.ok(lines.some((line) => line.includes('"level":50') && line.includes(String(code))));
    });
  }
});

describe('what is not for Discord to have said is tried again', () => {
  for (const fault of [{ kind: 'error', status: 404 }, { kind: 'page', status: 403 }, { kind: 'page', status: 200 }, { kind: 'error', status: 503 }] as const) {
    test(`${fault.kind} ${fault.status}`, async () => {
      discord.script(fault);
      const result = await sender(1)(incidentEvent(), never);
      assert.equal(result.kind, 'retry', JSON.stringify(result));
    });
  }
});

test('a rate limit is waited out for as long as Discord says', async () => {
  discord.script({ kind: 'rate-limit', retryAfterSeconds: 7 });
  const result = await sender(1)(incidentEvent(), never);
  assert.equal(result.kind, 'retry');
  const { afterMs } = result;
  assert.ok(afterMs !== null && afterMs >= 7000 && afterMs <= 7100, String(afterMs));
});

test('a stop gives the message under way a moment, and no more', async () => {
  const clock = new FakeClock();
  const stop = new AbortController();
  discord.script({ kind: 'hang' });
  const sending = createDiscordSend({ token, apiUrl: discord.apiUrl, channelId, logger, clock })(incidentEvent(), stop.signal);
  await discord.until(() => discord.requests.length === 1);
  assert.deepEqual(clock.pending, [10_000]);
  stop.abort();
  assert.deepEqual(clock.pending, [700]);
  clock.jump(700);
  assert.equal((await sending).kind, 'retry');
  assert.deepEqual(clock.pending, []);
});
