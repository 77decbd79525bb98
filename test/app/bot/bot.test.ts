import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Bot } from '../../../src/app/bot/bot.js';
import { systemClock } from '../../../src/edges/clock.js';
import { createLogger, createMetrics } from '../../../src/edges/observability/index.js';
import type { Store } from '../../../src/edges/store/index.js';
import { DiscordServer } from '../../support/discord/server.js';

/** A store whose every read and write fails. */
const lost = new Proxy({}, { get: () => () => Promise.reject(new Error('the store is lost')) }) as Store;

test('a part that fails unexpectedly ends the bot, with the reason', async () => {
  const discord = new DiscordServer();
  await discord.start();
  const stop = new AbortController();
  const bot = new Bot({
    discord: { token: discord.world.token, channelId: null, operatorChannelId: null, devGuildId: null },
    apiUrl: discord.apiUrl,
    groups: [],
    store: lost,
    storeIsShared: false,
    clock: systemClock,
    metrics: createMetrics(),
    say: () => undefined,
    logger: createLogger({ level: 'silent', pretty: false, secrets: [], destination: { write: () => undefined } }),
    random: () => {
      throw new Error('out of luck');
    },
  });
  await assert.rejects(bot.run(stop.signal), /out of luck/);
  stop.abort();
  await discord.stop();
});
