import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { systemClock } from '../../../../src/edges/clock.js';
import { checkDiscord } from '../../../../src/edges/discord/index.js';
import { DiscordServer } from '../../../support/discord/server.js';

const channelId = '200000000000000001';
let discord: DiscordServer;
describe('the check of a channel', () => {
  beforeEach(async () => {
    discord = new DiscordServer();
    await discord.start();
  });
  afterEach(() => discord.stop());

  const check = (token = 'good-token', channel: string | null = channelId) =>
    checkDiscord(
      { token, apiUrl: discord.apiUrl, channelId: channel, clock: systemClock },
      new AbortController().signal,
    );

  describe('before the first alert, Discord is asked', () => {
    test('who we are, how many servers let us in, and what the channel is called', async () => {
      assert.deepEqual(await check(), {
        kind: 'ok',
        botName: 'lightsout',
        applicationId: '100000000000000002',
        servers: 1,
        channel: { kind: 'found', name: 'alerts' },
      });
    });

    test('and no channel where none is named', async () => {
      const result = await check('good-token', null);
      assert.ok(result.kind === 'ok' && result.channel === null);
      assert.deepEqual(
        discord.requests.filter((request) => request.includes('/channels/')),
        [],
      );
    });

    test('and a bot that no server let in shows as such', async () => {
      discord.world.guilds.clear();
      const result = await check();
      assert.equal(result.kind === 'ok' && result.servers, 0);
      assert.match(JSON.stringify(result), /View Channel/);
    });

    test('and a wrong channel is named', async () => {
      assert.match(JSON.stringify(await check('good-token', '404')), /"closed".*no channel 404/);
    });

    test('and a bad token is not the network', async () => {
      const result = await check('bad-token');
      assert.equal(result.kind, 'refused');
      assert.ok(!JSON.stringify(result).includes('bad-token'));
    });

    test('and no answer is not a bad token', async () => {
      await discord.stop();
      assert.equal((await check()).kind, 'unreachable');
      await discord.start();
    });
  });
});
