import assert from 'node:assert/strict';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { commands } from '../../../src/app/cli/commands.js';
import { systemClock } from '../../../src/edges/clock.js';
import { openStore } from '../../../src/edges/store/index.js';
import { DiscordServer } from '../../support/discord/server.js';

/** Runs the verb with these variables. */
async function run(
  argv: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  const written = { stdout: '', stderr: '' };
  const code = await commands(argv, {
    env,
    stdout: { write: (text) => (written.stdout += text) },
    stderr: { write: (text) => (written.stderr += text) },
    clock: systemClock,
    random: () => 0.5,
    signal: new AbortController().signal,
  });
  return { code, ...written };
}

async function world(): Promise<{
  readonly discord: DiscordServer;
  readonly dataDir: string;
  readonly env: Readonly<Record<string, string>>;
}> {
  const discord = new DiscordServer();
  await discord.start();
  after(() => discord.stop());
  const dataDir = await mkdtemp(join(tmpdir(), 'lightsout-commands-'));
  return {
    discord,
    dataDir,
    env: { DISCORD_TOKEN: discord.world.token, DISCORD_API_URL: discord.apiUrl, DATA_DIR: dataDir },
  };
}

test('print shows them without a token, register registers them, clear removes them', async () => {
  const { discord, env } = await world();
  const printed = await run(['print'], {});
  assert.equal(printed.code, 0);
  const names = (JSON.parse(printed.stdout) as { readonly name: string }[]).map(({ name }) => name);
  assert.ok(names.includes('subscribe'), names.join());
  const { code, stdout } = await run(['register'], env);
  assert.deepEqual([code, stdout], [0, `${names.length} commands are registered everywhere.\n`]);
  assert.deepEqual(
    discord.world.commands.get('global')?.map(({ name }) => name),
    names,
  );
  assert.equal((await run(['clear'], { ...env, DISCORD_DEV_GUILD_ID: '300000000000000001' })).code, 0);
  assert.equal(discord.world.commands.get('global')?.length, names.length);
  assert.match((await run(['clear'], env)).stdout, /No commands are registered everywhere/);
  assert.deepEqual(discord.world.commands.get('global'), []);
});

test('beside a running service, whose store is locked, they are registered too', async () => {
  const { discord, dataDir, env } = await world();
  const running = await openStore({ kind: 'sqlite', dataDir }, { info: () => undefined, warn: () => undefined });
  const { code, stderr } = await run(['register'], env);
  await running.close();
  assert.equal(code, 0);
  assert.match(stderr, /will see this change when it next starts/);
  assert.ok((discord.world.commands.get('global')?.length ?? 0) > 5);
});

test('each fault is named, with its exit code', async () => {
  const { env } = await world();
  assert.equal((await run([], env)).code, 64);
  assert.equal((await run(['delete'], env)).code, 64);
  const withoutToken = await run(['register'], {});
  assert.deepEqual([withoutToken.code, /DISCORD_TOKEN: not set/.test(withoutToken.stderr)], [78, true]);
  const bad = await run(['register'], { ...env, DISCORD_TOKEN: 'topsecret' });
  assert.deepEqual(
    [bad.code, /set DISCORD_TOKEN anew/.test(bad.stderr), bad.stderr.includes('topsecret')],
    [1, true, false],
  );
  assert.equal((await run(['register'], { ...env, DISCORD_API_URL: 'http://127.0.0.1:9/api' })).code, 69);
});
