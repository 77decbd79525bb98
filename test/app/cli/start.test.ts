/** The command line as an operator sees it: exit codes, first lines, refusals, signals. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { demo } from '../../../src/app/demo/demo.js';
import { replay } from '../../../src/app/replay/replay.js';
import { start } from '../../../src/app/cli/start.js';
import type { World } from '../../../src/app/index.js';
import { systemClock } from '../../../src/edges/clock.js';
import { openStore } from '../../../src/edges/store/index.js';
import { startArchiveServer } from '../../support/feed/archive-server.js';
import { freePort, startCli } from '../../support/process/cli.js';
import { DiscordServer } from '../../support/discord/server.js';
import { putSmallRegistry } from '../../support/registry/put-registry.js';
import { registryMap } from '../../support/replay/replay-command.js';
import { startRisLiveServer } from '../../support/feed/ris-live-server.js';
import { risUpdate } from '../../support/feed/ris-message.js';

const scratch = mkdtempSync(join(tmpdir(), 'lightsout-cli-'));
const recording = 'test/fixtures/mrt/bgpkit__local_only_updates.bz2';
after(() => rmSync(scratch, { recursive: true, force: true }));

/** Addresses at which no server listens. */
async function nowhere() {
  const port = await freePort();
  const dataDir = mkdtempSync(join(scratch, 'data-'));
  await putSmallRegistry(dataDir);
  return {
    DATA_DIR: dataDir,
    HTTP_PORT: '0',
    COLLECTORS: 'rrc00',
    RIS_LIVE_URL: `ws://127.0.0.1:${port}/`,
    RIS_ARCHIVE_URL: `http://127.0.0.1:${port}`,
    REGISTRY_URL: 'off',
  };
}

/** A world of our own process, in which aborting `stop` stands for the operator's signal. */
function worldOf(env: World['env'], printed: string[], stop = new AbortController()): World {
  const output = { write: (text: string) => printed.push(text) };
  return { env, clock: systemClock, random: () => 0.5, signal: stop.signal, stdout: output, stderr: output };
}

describe('a start that fails', () => {
  test('lists every wrong variable at once, with the value received but no secret, and ends with 78', async () => {
    const cli = startCli([], {
      HTTP_PORT: 'eighty',
      LOG_LEVEL: 'loud',
      COLLECTORS: 'rrc00,paris',
      DISCORD_TOKEN: 'very secret token',
      DISCORD_CHANNEL_ID: 'alerts',
    });
    assert.equal(await cli.ended, 78);
    for (const expected of [
      /HTTP_PORT.*"eighty"/,
      /LOG_LEVEL.*"loud"/,
      /COLLECTORS.*"paris"/,
      /DISCORD_TOKEN/,
      /DISCORD_CHANNEL_ID.*"alerts"/,
    ]) {
      assert.match(cli.stderr, expected);
    }
    assert.doesNotMatch(cli.stderr, /very secret/);
  });

  test('a role of its own without Redis ends with 78', async () => {
    const said: string[] = [];
    assert.equal(await start(['--role', 'bot'], worldOf(await nowhere(), said)), 78);
    assert.match(said.join(''), /--role bot.*REDIS_URL/);
  });

  test(
    'a second process on the same DATA_DIR is refused in one sentence with 75; a port in use is named; a ' +
      'backup is made beside the first',
    async () => {
      const env = { ...(await nowhere()), HTTP_PORT: String(await freePort()) };
      const first = startCli([], env);
      await first.printed(/First it loads the routing tables/);
      const [second, backup] = [startCli([], env), startCli(['backup', join(env.DATA_DIR, 'copy.db')], env)];
      assert.equal(await second.ended, 75);
      assert.equal(second.stderr.trim().split('\n').length, 1, second.stderr);
      assert.equal(await backup.ended, 0, backup.stderr);
      assert.ok(existsSync(join(env.DATA_DIR, 'copy.db')));
      const said: string[] = [];
      assert.equal(await start([], worldOf({ ...env, DATA_DIR: join(scratch, 'other') }, said)), 78);
      assert.match(said.join(''), new RegExp(`HTTP_PORT ${env.HTTP_PORT}`));
      // As `| head` does: a service whose output is no longer read stops in the usual way.
      first.hangUp('stderr');
      assert.equal(await first.ended, 0);
    },
  );

  test('a part that fails unexpectedly stops everything and ends it with 1', async () => {
    const archive = await startArchiveServer();
    archive.rib('rrc00', Buffer.alloc(100), 'broken');
    const risLive = await startRisLiveServer();
    const env = { ...(await nowhere()), RIS_LIVE_URL: risLive.url, RIS_ARCHIVE_URL: archive.url };
    const printed: string[] = [];
    const code = await start([], {
      ...worldOf(env, printed),
      random: () => {
        throw new Error('out of luck');
      },
    });
    assert.equal(code, 1);
    assert.match(printed.join(''), /out of luck.*a part failed: stopping/);
    const again = await openStore(
      { kind: 'sqlite', dataDir: env.DATA_DIR },
      { info: () => undefined, warn: () => undefined },
    );
    await again.close();
    await Promise.all([risLive.stop(), archive.stop()]);
  });
});

test('without a network it says so and retries: alive, not ready; SIGTERM ends it', async () => {
  const port = await freePort();
  const cli = startCli([], { ...(await nowhere()), HTTP_PORT: String(port) });
  await cli.printed(/RIS Live: cannot be reached/);
  assert.match(
    cli.stdout,
    /^lightsout watches every country's routes through 1 RIPE RIS collectors?: rrc00\.\nIt tells this terminal/,
  );
  assert.equal((await fetch(`http://127.0.0.1:${port}/healthz`)).status, 200);
  const ready = await fetch(`http://127.0.0.1:${port}/readyz`);
  assert.equal(ready.status, 503);
  assert.match(
    ((await ready.json()) as { reasons: string[] }).reasons.join('\n'),
    /^loading the routing tables\nRIS Live cannot be reached: .*ECONNREFUSED/,
  );
  cli.kill('SIGTERM');
  assert.equal(await cli.ended, 0);
  assert.doesNotMatch(cli.stdout + cli.stderr, /did not stop in time/);
});

test('with Redis away it introduces itself, says so in a line, and waits', async () => {
  const stop = new AbortController();
  const printed: string[] = [];
  const clock = {
    ...systemClock,
    sleep: () => {
      stop.abort();
      return Promise.resolve();
    },
  };
  const env = { ...(await nowhere()), REDIS_URL: `redis://127.0.0.1:${await freePort()}` };
  assert.equal(await start([], { ...worldOf(env, printed, stop), clock }), 0);
  assert.match(printed[0], /^lightsout watches/);
  assert.match(printed.at(-1)!, /"msg":"the store cannot be opened, trying again: Redis at 127.*ECONNREFUSED.*"\}\n$/);
});

test('a signal ends a demo, and a closed pipe ends a replay', async () => {
  const [demo, unread] = [
    startCli(['demo'], { DATA_DIR: join(scratch, 'demo') }),
    startCli(['replay', '--json', '--updates', `rrc00=${recording}`], {}),
  ];
  unread.hangUp('stdout');
  await demo.printed(/North Korea, 20-23 December/);
  demo.kill('SIGTERM');
  assert.equal(await demo.ended, null);
  assert.equal(await unread.ended, 0, unread.stderr);
  assert.doesNotMatch(unread.stderr, /EPIPE/);
});

test('a token without a server gets the invite link', async () => {
  const discord = new DiscordServer();
  discord.world.guilds.clear();
  await discord.start();
  const cli = startCli([], {
    ...(await nowhere()),
    DISCORD_TOKEN: discord.world.token,
    DISCORD_CHANNEL_ID: '200000000000000001',
    DISCORD_API_URL: discord.apiUrl,
  });
  await cli.printed(/Invite it: .*client_id=100000000000000002/);
  assert.match(cli.stdout, /permissions=274878024704/);
  assert.match(cli.stdout, /scope=bot(\+|%20)applications\.commands/);
  cli.kill('SIGTERM');
  assert.equal(await cli.ended, 0);
  await discord.stop();
});

test('a token that Discord refuses ends with 78 and what to do about it', async (t) => {
  const discord = new DiscordServer();
  await discord.start();
  t.after(() => discord.stop());
  const wrong = startCli([], { ...(await nowhere()), DISCORD_API_URL: discord.apiUrl, DISCORD_TOKEN: 'wrong-token' });
  assert.equal(await wrong.ended, 78, wrong.stderr);
  assert.match(wrong.stderr, /Discord refuses the token: reset it at discord\.com/);
  assert.doesNotMatch(wrong.stdout + wrong.stderr, /wrong-token/);
});

describe('--check', () => {
  test('ends with 0 if every connection works', async () => {
    const [risLive, archive, discord] = [await startRisLiveServer(), await startArchiveServer(), new DiscordServer()];
    await discord.start();
    archive.rib('rrc00', Buffer.alloc(100));
    const cli = startCli(['--check'], {
      ...(await nowhere()),
      RIS_LIVE_URL: `${risLive.url}?key=unseen`,
      RIS_ARCHIVE_URL: archive.url,
      DISCORD_TOKEN: discord.world.token,
      DISCORD_CHANNEL_ID: '200000000000000001',
      DISCORD_API_URL: discord.apiUrl,
    });
    await risLive.subscribed(1);
    risLive.send(
      risUpdate({
        collector: 'rrc00',
        peer: '192.0.2.1',
        asn: 64_496,
        at: Date.now(),
        path: [64_496],
        announce: ['133.0.0.0/16'],
      }),
    );
    assert.equal(await cli.ended, 0, cli.stdout);
    assert.match(
      cli.stdout,
      new RegExp(
        /^config: ok\nstore: ok.*\nRIS Live: ok, data from ws:.*\?\*{3}\nRIS archive: ok.*\n/.source +
          /Discord: ok, lightsout speaks in #alerts\n$/.source,
      ),
    );
    await Promise.all([risLive.stop(), archive.stop(), discord.stop()]);
  });

  test('names what does not answer, and ends with 69', async () => {
    const server = createServer((_, response) => response.writeHead(404).end()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const said: string[] = [];
    const env = { ...(await nowhere()), RIS_ARCHIVE_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
    assert.equal(await start(['--check'], worldOf(env, said)), 69);
    assert.match(said.join(''), /RIS Live: ws:\/\/127.*\nRIS archive: .*no RIB of rrc00\n/);
    server.close();
  });
});

describe('replay', () => {
  const replayed = async (
    argv: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<{ code: number; said: string[] }> => {
    const said: string[] = [];
    const code = await replay(argv, worldOf({ DATA_DIR: scratch, ...env }, said), () =>
      Promise.resolve(registryMap('KP')),
    );
    return { code, said };
  };
  const updates = `rrc00=${recording}`;
  test('a missing file ends with 66 and its name', async () => {
    const { code, said } = await replayed(['--updates', 'rrc00=no-such-file.gz']);
    assert.equal(code, 66);
    assert.match(said.join(''), /no-such-file\.gz: no such file/);
  });

  const file = (name: string, text: string): string => {
    writeFileSync(join(scratch, name), text);
    return join(scratch, name);
  };

  test('rules that are not valid end with 78, missing ones with 66', async () => {
    assert.equal((await replayed(['--updates', updates, '--rules', join(scratch, 'none.json')])).code, 66);
    for (const [name, text, says] of [
      ['half.json', '{', /not JSON/],
      ['list.json', '[]', /list\.json: expected an object/],
    ] as const) {
      const { code, said } = await replayed(['--updates', updates, '--rules', file(name, text)]);
      assert.equal(code, 78);
      assert.match(said.join(''), says);
    }
  });

  test('a time is ISO 8601, and UTC if it names no zone', async () => {
    const rib = ['--rib', 'rrc15=test/fixtures/mrt/bview.20151023.derived-3peers-1in40.gz'];
    for (const wrong of ['23 October 2015', '1445558520', '2015-10-23T25:00']) {
      assert.equal((await replayed([...rib, '--until', wrong])).code, 64, wrong);
    }
    const zone = process.env['TZ'];
    process.env['TZ'] = 'Asia/Tokyo';
    try {
      const lines = ['2010-02-27T16:00:30', '2010-02-27T16:00:30Z'].map((until) =>
        replayed([
          '--updates',
          'rrc15=test/fixtures/mrt/bgpkit__rrc15_2010.02_updates.20100227.1600.gz',
          '--until',
          until,
          '--json',
        ]),
      );
      const [local, utc] = (await Promise.all(lines)).map(({ said }) => said.join('').replace(/"seconds".*/, ''));
      assert.equal(local, utc);
      assert.match(utc, /"elems":[1-9]/);
    } finally {
      if (zone === undefined) delete process.env['TZ'];
      else process.env['TZ'] = zone;
    }
  });

  test(
    'updates whose collector has no RIB are named; a folder that ' + 'cannot be written into is, before the work',
    async () => {
      const rib = ['--rib', 'rrc15=test/fixtures/mrt/bview.20151023.derived-3peers-1in40.gz'];
      const { said } = await replayed([...rib, '--updates', updates]);
      assert.equal(said.join('').match(/updates of rrc00, for which no RIB was given/g)?.length, 1);
      const blocked = file('blocked', '');
      const chartless = await replayed([...rib, '--chart', join(blocked, 'charts')]);
      assert.deepEqual(chartless, {
        code: 1,
        said: [`--chart ${join(blocked, 'charts')}: cannot be written into (ENOTDIR)\n`],
      });
      const printed: string[] = [];
      assert.equal(await demo([], worldOf({ DATA_DIR: blocked }, printed)), 78);
      assert.deepEqual(printed, [`DATA_DIR ${join(blocked, 'demo')}: cannot be written into (ENOTDIR)\n`]);
      assert.equal(await demo(['--fast'], worldOf({ DATA_DIR: blocked }, printed)), 64);
    },
  );

  test('wrong flags are all named, with the usage', async () => {
    const { code, said } = await replayed(['--updates', 'somewhere.gz', '--until', 'tomorrow']);
    assert.equal(code, 64);
    assert.match(said.join(''), /--until.*"tomorrow"\n--updates.*"somewhere\.gz"\nusage:/);
  });
});
