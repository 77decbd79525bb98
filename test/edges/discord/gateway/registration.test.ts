import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { systemClock } from '../../../../src/edges/clock.js';
import type { Notes } from '../../../../src/edges/delivery/index.js';
import { commands, registerCommands } from '../../../../src/edges/discord/index.js';
import { DiscordServer } from '../../../support/discord/server.js';

const guildId = '300000000000000001';
const signal = new AbortController().signal;

let discord: DiscordServer;
let notes: Map<string, string>;
describe('the registration', () => {
  beforeEach(async () => {
    discord = new DiscordServer();
    notes = new Map();
    await discord.start();
  });
  afterEach(() => discord.stop());

  const store: Notes = {
    note: (name) => Promise.resolve(notes.get(name) ?? null),
    setNote: (name, value) => Promise.resolve(void notes.set(name, value)),
  };
  interface Wanted {
    readonly devGuildId?: string;
    readonly when?: 'always' | 'changed';
    readonly token?: string;
  }
  const register = (which = commands, { devGuildId, when = 'changed', token = 'good-token' }: Wanted = {}) =>
    registerCommands(
      { token, apiUrl: discord.apiUrl, clock: systemClock, commands: which, devGuildId: devGuildId ?? null },
      store,
      when,
      signal,
    );
  const puts = (): string[] => discord.requests.filter((request) => request.startsWith('PUT'));
  const named = (scope: string): string[] | undefined => discord.world.commands.get(scope)?.map(({ name }) => name);

  describe('commands are registered', () => {
    test('all in one global request, as Discord describes it', async () => {
      discord.world.guilds.clear();
      assert.deepEqual(await register(), { kind: 'registered' });
      assert.deepEqual(puts(), [`PUT /applications/${discord.world.application.id}/commands`]);
      assert.deepEqual(
        named('global'),
        commands.map(({ definition }) => definition.name),
      );
    });

    test('once, and again only when something changed', async () => {
      await register();
      assert.deepEqual(await register(), { kind: 'unchanged' });
      const reordered = commands.map((command) => ({
        ...command,
        definition: Object.fromEntries(Object.entries(command.definition).reverse()) as never,
      }));
      assert.deepEqual(await register(reordered), { kind: 'unchanged' });
      const [first, ...rest] = commands;
      const changed = [{ ...first, definition: { ...first.definition, description: 'Something else' } }, ...rest];
      assert.deepEqual(await register(changed), { kind: 'registered' });
      assert.equal(puts().length, 2);
    });

    test('again when they were cleared, for another application, or when told to', async () => {
      await register();
      discord.world.commands.clear();
      assert.deepEqual(await register(), { kind: 'registered' });
      assert.deepEqual(await register(commands, { when: 'always' }), { kind: 'registered' });
      Object.assign(discord.world.application, { id: '100000000000000009' });
      assert.deepEqual(await register(), { kind: 'registered' });
    });

    test('only in the development server, if one is named', async () => {
      await register(commands, { devGuildId: guildId });
      assert.deepEqual([named(guildId)?.length, named('global')], [commands.length, undefined]);
      assert.deepEqual(await register(), { kind: 'registered' });
      assert.deepEqual(await register(commands, { devGuildId: guildId }), { kind: 'unchanged' });
    });

    test('a failure is reported with its reason, and nothing is remembered', async () => {
      const refused = await register(commands, { token: 'bad-token' });
      assert.match(JSON.stringify(refused), /"refused".*set DISCORD_TOKEN anew/);
      discord.script({ kind: 'error', status: 403, code: 50001, on: 'PUT /applications/:id/guilds/:guild/commands' });
      assert.match(JSON.stringify(await register(commands, { devGuildId: guildId })), /"refused".*50001/);
      discord.script({ kind: 'error', status: 503, on: '*' });
      assert.equal((await register()).kind, 'unreachable');
      assert.equal(notes.size, 0);
    });
  });
});
