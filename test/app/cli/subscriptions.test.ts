/** `npm run subscriptions -- export | import`: run as its users do, and its faults called as a function. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { systemClock } from '../../../src/edges/clock.js';
import { newSubscription, renderSubscriptionFile, type Subscription } from '../../../src/edges/delivery/index.js';
import { openStore, type Store, type StoreOptions } from '../../../src/edges/store/index.js';
import { subscriptions } from '../../../src/app/cli/subscriptions.js';
import { startCli } from '../../support/process/cli.js';
import { incidentEvents } from '../../support/delivery/incident-event.js';
import { startRedisServer } from '../../support/process/redis-server.js';

const scratch = mkdtempSync(join(tmpdir(), 'lightsout-subscriptions-'));
after(() => rmSync(scratch, { recursive: true, force: true }));
const inScratch = (name: string): string => join(scratch, name);
const silent = { info: (): void => undefined, warn: (): void => undefined };

const subscribed = (channelId: string, over: Partial<Subscription> = {}): Subscription =>
  newSubscription({ channelId, guildId: '7', since: 1, createdAt: 1_000, ...over });

/** A store with two subscriptions and three events. */
async function filled(options: StoreOptions): Promise<Store> {
  const store = await openStore(options, silent);
  const lease = (await store.acquire('test', 60_000))!;
  await store.commit({
    lease,
    version: 1,
    at: 0,
    states: [],
    rows: [],
    events: incidentEvents(3),
    records: [],
    health: null,
  });
  await store.release(lease);
  for (const channelId of ['20', '100']) await store.saveSubscription(subscribed(channelId));
  return store;
}

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}
async function run(env: Readonly<Record<string, string>>, ...argv: readonly string[]): Promise<Ended> {
  const cli = startCli(['subscriptions', ...argv], env);
  const code = await cli.ended;
  return { code, stdout: cli.stdout, stderr: cli.stderr };
}
/** Calls the same without a process of its own. */
async function call(env: Readonly<Record<string, string>>, ...argv: readonly string[]): Promise<Ended> {
  const said = { stdout: '', stderr: '' };
  const output = (name: keyof typeof said) => ({ write: (text: string) => (said[name] += text) });
  const world = {
    env,
    stdout: output('stdout'),
    stderr: output('stderr'),
    clock: systemClock,
    random: Math.random,
    signal: new AbortController().signal,
  };
  return { code: await subscriptions(argv, world), ...said };
}

/** An edited file with one more channel and one changed. After the import neither is told what happened before. */
const edited = inScratch('edited.json');
writeFileSync(
  edited,
  renderSubscriptionFile([subscribed('20', { minSeverity: 'down', since: 0 }), subscribed('3', { since: 0 })]),
);
async function assertImported(
  reopen: () => Promise<Store>,
  env: Readonly<Record<string, string>>,
  imported: typeof run,
): Promise<void> {
  assert.deepEqual(await imported(env, 'import', edited), {
    code: 0,
    stdout: '1 added, 0 replaced, 1 left unchanged\n',
    stderr: '',
  });
  let store = await reopen();
  assert.deepEqual(await store.subscriptions(), [subscribed('100'), subscribed('20'), subscribed('3', { since: 3 })]);
  await store.close();
  assert.deepEqual(await call(env, 'import', '--replace', edited), {
    code: 0,
    stdout: '0 added, 2 replaced, 0 left unchanged\n',
    stderr: '',
  });
  store = await reopen();
  assert.deepEqual(await store.subscription('20'), subscribed('20', { minSeverity: 'down', since: 3 }));
  await store.close();
}

test('with SQLite it exports beside the running service, and imports when that is stopped', async () => {
  const dataDir = inScratch('data');
  const env = { DATA_DIR: dataDir };
  const store = await filled({ kind: 'sqlite', dataDir });
  const expected = renderSubscriptionFile([subscribed('100'), subscribed('20')]);
  assert.deepEqual(await run(env, 'export'), { code: 0, stdout: expected, stderr: '' });
  const file = inScratch('exported.json');
  assert.deepEqual(await call(env, 'export', file), {
    code: 0,
    stdout: `${file}: subscriptions of 2 channels\n`,
    stderr: '',
  });
  assert.equal(readFileSync(file, 'utf8'), expected);
  writeFileSync(file, 'mine');
  const refused = `${file} would be overwritten: name a file that does not exist.\n`;
  assert.deepEqual(await call(env, 'export', file), { code: 1, stdout: '', stderr: refused });
  assert.equal(readFileSync(file, 'utf8'), 'mine');

  const busy = await call(env, 'import', edited);
  assert.equal(busy.code, 75);
  assert.match(busy.stderr, /^DATA_DIR .* is in use by another lightsout: .* Stop the service first\.\n$/);
  assert.equal((await store.subscriptions()).length, 2);
  await store.close();
  await assertImported(() => openStore({ kind: 'sqlite', dataDir }, silent), env, run);
  assert.equal((await call(env, 'export')).code, 0, 'of a service that is not running, too');
});

test('with Redis it does both beside the running service', async () => {
  const redis = await startRedisServer({ durable: true });
  const store = await filled({ kind: 'redis', url: redis.url });
  try {
    const env = { REDIS_URL: redis.url };
    assert.deepEqual(await call(env, 'export'), {
      code: 0,
      stdout: renderSubscriptionFile([subscribed('100'), subscribed('20')]),
      stderr: '',
    });
    await assertImported(() => openStore({ kind: 'redis', url: redis.url }, silent), env, call);
    assert.equal((await store.subscriptions()).length, 3, 'who is connected sees it');
  } finally {
    await store.close();
    await redis.stop();
  }
});

describe('a failure is reported', () => {
  const env = { DATA_DIR: inScratch('none') };
  const wrong = inScratch('wrong.json');
  writeFileSync(
    wrong,
    JSON.stringify({
      lightsout: 'subscriptions',
      version: 1,
      subscriptions: [subscribed('1', { scope: 'x' as 'all' }), 7],
    }),
  );
  const noJson = inScratch('no.json');
  writeFileSync(noJson, 'channels: all');
  const usage = /^usage: npm run subscriptions -- export \[FILE\] \| import FILE \[--replace\]\n$/;
  const stories: [argv: string[], code: number, stderr: RegExp][] = [
    [[], 64, usage],
    [['import'], 64, usage],
    [['import', 'a', 'b'], 64, usage],
    [['import', 'a', '--force'], 64, usage],
    [['export', '--replace'], 64, usage],
    [['export', 'a', 'b'], 64, usage],
    [['remove', 'a'], 64, usage],
    [['import', inScratch('absent')], 66, /absent cannot be read: ENOENT/],
    [['import', scratch], 66, /cannot be read: EISDIR/],
    [['import', noJson], 1, /no\.json was not imported:\nexpected JSON: /],
    [
      ['import', wrong],
      1,
      new RegExp(
        /wrong\.json was not imported:\nsubscriptions\[0\]\.scope: expected .*, got "x"\n/.source +
          /subscriptions\[1\]: expected .*, got 7\n$/.source,
      ),
    ],
    [['export'], 69, /^There are no subscriptions: .*none.* does not exist\.\n$/],
  ];
  for (const [argv, code, stderr] of stories) {
    test(`${code}: ${argv.join(' ').replaceAll(scratch, '') || 'nothing'}`, async () => {
      const ended = await call(env, ...argv);
      assert.equal(ended.code, code);
      assert.match(ended.stderr, stderr);
      assert.equal(ended.stdout, '');
    });
  }

  test('a configuration that is wrong: 78', async () => {
    const ended = await call({ HTTP_PORT: 'none' }, 'export');
    assert.equal(ended.code, 78);
    assert.match(ended.stderr, /^HTTP_PORT: /);
  });
});
