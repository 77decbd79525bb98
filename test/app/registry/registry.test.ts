/** The registry: downloaded over loopback, checked, kept in DATA_DIR, found again. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { RegistryFolder } from '../../../src/app/registry/registry-folder.js';
import { RegistryRefresh } from '../../../src/app/registry/registry-refresh.js';
import { packagedDay } from '../../../src/app/registry/registry.js';
import { updateRegistryCommand } from '../../../src/app/cli/update-registry.js';
import { systemClock } from '../../../src/edges/clock.js';
import { renewRegistry, type RegistryRenewal } from '../../../src/app/registry/registry-renewal.js';
import { DelegatedReader, mapChanges, type CountryMap } from '../../../src/core/countries/index.js';
import { createLogger, createMetrics } from '../../../src/edges/observability/index.js';
import { startArchiveServer, type Serving } from '../../support/feed/archive-server.js';
import { startCli } from '../../support/process/cli.js';
import { settled } from '../../support/process/real-work.js';
import { delegatedFile } from '../../support/registry/delegated.js';
import { FakeClock } from '../../support/clocks/fake-clock.js';

const scratch = mkdtempSync(join(tmpdir(), 'lightsout-registry-'));
after(() => rmSync(scratch, { recursive: true, force: true }));
const path = '/nro-delegated-stats';
const minute = 60_000;

function mapOf(file: Buffer): CountryMap {
  const reader = new DelegatedReader();
  for (const line of file.toString().split('\n')) reader.line(line);
  return reader.map();
}

const firstMap = mapOf(delegatedFile());

/** A folder whose newest map is that of delegatedFile(), one day newer than the shipped one. */
async function folderOf(): Promise<{
  readonly dataDir: string;
  readonly folder: RegistryFolder;
  readonly file: string;
}> {
  const dataDir = mkdtempSync(join(scratch, 'data-'));
  const folder = new RegistryFolder(dataDir);
  return { dataDir, folder, file: await folder.write(firstMap, '20261231', 'download') };
}

/** Moves the clock until the promise is settled, so that no test waits for a silent server. */
async function soon<T>(clock: FakeClock, promise: Promise<T>): Promise<T> {
  const wait = { over: false };
  const done = promise.finally(() => (wait.over = true));
  done.catch(() => undefined);
  for (let turn = 0; !wait.over; turn++) {
    await settled();
    if (turn % 20 === 19) clock.jump(1_000);
  }
  return done;
}

const other = delegatedFile({ units: 102 });
const downloads: [what: string, content: Buffer, serving: Serving, found: RegExp][] = [
  ['whole', other, 'whole', /^new 20270101-[0-9a-f]{16} 220/],
  [
    'with a damaged line',
    delegatedFile({ units: 102, more: ['nro|KP|ipv4|175.45.176'] }),
    'whole',
    /^new 20270101-[0-9a-f]{16} 220 damaged 1/,
  ],
  ['what is here already', delegatedFile({ day: '20270102' }), 'whole', /^unchanged 20261231-/],
  [
    'half of it, as if complete',
    other,
    'truncated',
    /^refused .*it has 1\d\d countries; a whole registry has at least 200/,
  ],
  ['broken off', other, 'reset', /^failed .*after \d+ of \d+ bytes/],
  [
    'too few countries',
    delegatedFile({ countries: 199 }),
    'whole',
    /^refused it has 199 countries; a whole registry has at least 200/,
  ],
  [
    '11 % more',
    delegatedFile({ units: 111 }),
    'whole',
    /^refused it has \d+ \/24s of IPv4, the last had \d+ \(\+11.0 %/,
  ],
  ['silent in the middle', other, 'stalled', /^failed nothing came for 30 s/],
  ['a server error', other, 'broken', /^failed HTTP 500$/],
  ['not there', other, 'absent', /^failed HTTP 404$/],
  [
    'a page to log in',
    Buffer.from('<html>\n<body>Welcome to the hotel</body>\n</html>'),
    'whole',
    /^refused it has 0 countries/,
  ],
  ['no lines at all', Buffer.alloc(100_000, 'x'), 'whole', /^failed it is no table of lines$/],
];

function told(update: RegistryRenewal): string {
  switch (update.kind) {
    case 'new':
      return (
        `new ${update.file} ` +
        `${update.totals.countries}${update.counts.damaged > 0 ? ` damaged ${update.counts.damaged}` : ''}`
      );
    case 'unchanged':
      return `unchanged ${update.file}`;
    case 'refused':
      return `refused ${update.doubts.join('; ')}`;
    case 'failed':
      return `failed ${update.reason}`;
  }
}

describe('a download', () => {
  for (const [what, content, serving, found] of downloads) {
    test(`${what}: ${found.source.slice(1).split(' ')[0]}`, async (t) => {
      const server = await startArchiveServer();
      t.after(() => server.stop());
      server.publish(path, content, serving);
      const { folder, file } = await folderOf();
      const clock = new FakeClock(Date.parse('2027-01-02T00:00:00Z'));
      const update = await soon(
        clock,
        renewRegistry({
          folder,
          url: `${server.url}${path}`,
          clock,
          random: () => 0.5,
          acceptChange: false,
          signal: new AbortController().signal,
        }),
      );
      assert.match(told(update), found);
      assert.deepEqual((await folder.names())[0], update.kind === 'new' ? update.file : file);
      assert.deepEqual(
        readdirSync(folder.path).filter((entry) => entry.endsWith('.tmp')),
        [],
      );
    });
  }

  test('is repeated only for a changed file; a change that the operator accepts is taken', async (t) => {
    const server = await startArchiveServer({ versions: true });
    t.after(() => server.stop());
    const { folder } = await folderOf();
    const clock = new FakeClock();
    const again = (acceptChange = false): Promise<RegistryRenewal> =>
      renewRegistry({
        folder,
        url: `${server.url}${path}`,
        clock,
        random: () => 0.5,
        acceptChange,
        signal: new AbortController().signal,
      });
    server.publish(path, other);
    assert.equal((await again()).kind, 'new');
    assert.equal((await again()).kind, 'unchanged');
    assert.deepEqual(
      server.answers.map(({ status }) => status),
      [200, 304],
    );
    server.publish(path, delegatedFile({ units: 150 }));
    assert.equal((await again()).kind, 'refused');
    assert.equal((await again()).kind, 'refused', 'what was refused is not what is here');
    assert.equal((await again(true)).kind, 'new');
    server.publish(path, delegatedFile({ countries: 150 }));
    assert.equal((await again(true)).kind, 'refused', 'one that is not whole is never taken');
  });
});

describe('the folder', () => {
  test('keeps three maps, reads them back, and names files that are damaged or foreign', async () => {
    const { folder, file } = await folderOf();
    const map = await folder.read(file);
    assert.deepEqual(mapChanges(map!, firstMap), []);
    const names = [file];
    for (const units of [101, 102, 103]) {
      names.push(await folder.write(mapOf(delegatedFile({ units })), `202701${units - 90}`, 'download'));
      await folder.touch(file, new Date(Date.now() + units * 1_000));
    }
    assert.deepEqual(
      (await folder.names()).toSorted(),
      [file, ...names.slice(2)].toSorted(),
      'the oldest went, but for the one in use',
    );
    assert.equal(await folder.read(names[1]), null);
    const [newest] = await folder.names();
    const whole = readFileSync(join(folder.path, `${newest}.gz`));
    for (const content of [
      whole.subarray(0, whole.length - 100),
      gzipSync('lightsout registry 1\n4 1 1 KP\n'),
      Buffer.from('foreign'),
    ]) {
      writeFileSync(join(folder.path, `${newest}.gz`), content);
      await assert.rejects(
        folder.read(newest),
        (error: Error) => error.message.includes(newest) && /is torn, or no registry/.test(error.message),
      );
    }
  });
});

describe('the daily refresh', () => {
  function world(
    t: { after(fn: () => void): void },
    folder: RegistryFolder,
    url: string | null,
    ignored: readonly string[] = [],
  ) {
    const clock = new FakeClock(Date.parse('2027-01-02T00:00:00Z'));
    const logs: string[] = [];
    const metrics = createMetrics();
    const logger = createLogger({
      level: 'info',
      pretty: false,
      secrets: [],
      destination: { write: (line: string) => void logs.push(line) },
    });
    const refresh = new RegistryRefresh({ folder, url, ignored, clock, random: () => 0.5, logger, metrics });
    const stop = new AbortController();
    t.after(() => stop.abort());
    return { clock, logs, metrics, refresh, run: () => void refresh.run(stop.signal) };
  }

  /** Turns the event loop for files and sockets, and sometimes moves the clock by a minute. */
  async function until(clock: FakeClock, holds: () => boolean, stepMs = minute): Promise<void> {
    for (let turn = 0; !holds(); turn++) {
      if (turn > 50_000) throw new Error('never');
      await settled();
      if (turn % 50 === 49) await clock.advance(stepMs);
    }
  }
  const file = (refresh: RegistryRefresh): string | undefined => refresh.newest()?.file;

  test(
    'takes a new one, and one that was put into the folder; says ' + 'so when it cannot, and that it grows old',
    async (t) => {
      const server = await startArchiveServer({ versions: true });
      t.after(() => server.stop());
      const { folder, file: first } = await folderOf();
      const withKey = `${path}?key=of/us`;
      const { clock, logs, metrics, refresh, run } = world(t, folder, `${server.url}${withKey}`, ['133.1.0.0/16']);
      assert.equal((await refresh.inUse(null)).file, first);
      run();
      server.publish(withKey, other);
      await until(clock, () => file(refresh)?.startsWith('20270101') === true);
      assert.equal(refresh.newest()!.map.ipv4[133 * 65_536 + 256], 0, "ignored prefixes are nobody's");
      const byHand = await folder.write(mapOf(delegatedFile({ units: 104 })), '20270103', 'download');
      await until(clock, () => file(refresh) === byHand);
      server.publish(withKey, other, 'broken');
      await until(clock, () => refresh.trouble() !== null, 30 * minute);
      assert.match(refresh.trouble()!, /^the registry is [78] days old: (HTTP 500|no answer for 30 s)$/);
      const text = await metrics.registry.metrics();
      assert.match(text, /lightsout_registry_refresh_total\{outcome="new"\} 1/);
      assert.match(text, /lightsout_registry_refresh_total\{outcome="failed"\} \d+/);
      assert.match(text, /lightsout_registry_age_seconds [1-9]/);
      assert.match(logs.join(''), /could not be downloaded/);
      assert.doesNotMatch(logs.join(''), /of\/us/, 'a key in the address is not shown');
    },
  );

  test('finds the registry that stored data was measured with, and says so if it is missing', async (t) => {
    const { folder, file: first } = await folderOf();
    const second = await folder.write(mapOf(other), '20270101', 'download');
    const { logs, refresh } = world(t, folder, null, ['133.1.0.0/16']);
    const used = await refresh.inUse({ file: first, ignored: ['133.2.0.0/16'] });
    assert.deepEqual(
      [used.file, used.map.ipv4[133 * 65_536 + 256] > 0, used.map.ipv4[133 * 65_536 + 512], file(refresh)],
      [first, true, 0, second],
    );
    assert.equal(
      (await refresh.inUse({ file: `${packagedDay()}-package`, ignored: [] })).file,
      `${packagedDay()}-package`,
    );
    assert.deepEqual(logs, []);
    assert.equal((await refresh.inUse({ file: '20260101-0000000000000000', ignored: [] })).file, second);
    assert.match(logs.join(''), /20260101-0000000000000000.*measured with a registry that is missing/);
  });

  test('the shipped registry is kept for the next version of the program, with its ignored prefixes', async (t) => {
    const folder = new RegistryFolder(mkdtempSync(join(scratch, 'data-')));
    const { clock, refresh, run } = world(t, folder, null, ['175.45.176.0/24']);
    const { file, map } = await refresh.inUse(null);
    assert.equal(file, `${packagedDay()}-package`);
    run();
    const names: string[] = [];
    while (names.length === 0) {
      await clock.advance(minute);
      names.push(...(await folder.names()));
    }
    assert.deepEqual(names, [file]);
    assert.deepEqual(
      mapChanges(map, (await folder.read(file))!).map(({ country, family, before, after }) => [
        country,
        family,
        before,
        after,
      ]),
      [['KP', 'ipv4', 3, 4]],
    );
  });

  test('a newest file that is damaged is named and skipped', async (t) => {
    const { folder, file: first } = await folderOf();
    writeFileSync(join(folder.path, '20270105-0123456789abcdef.gz'), 'torn');
    const { logs, refresh } = world(t, folder, null);
    assert.equal((await refresh.inUse(null)).file, first);
    assert.match(logs.join(''), /20270105-0123456789abcdef\.gz is torn/);
  });
});

test('npm run update-registry: what changed, nothing new, refused, out of reach', async (t) => {
  const server = await startArchiveServer({ versions: true });
  t.after(() => server.stop());
  const { dataDir, folder } = await folderOf();
  const env = { DATA_DIR: dataDir, REGISTRY_URL: `${server.url}${path}` };
  const run = async (argv: readonly string[] = [], url = env.REGISTRY_URL): Promise<string> => {
    const said: string[] = [];
    const output = { write: (text: string) => said.push(text) };
    const signal = new AbortController().signal;
    const code = await updateRegistryCommand(argv, {
      env: { ...env, REGISTRY_URL: url },
      clock: systemClock,
      random: () => 0.5,
      signal,
      stdout: output,
      stderr: output,
    });
    return `${code} ${said.join('')}`;
  };
  server.publish(
    path,
    delegatedFile({ units: 101, more: ['nro|KP|ipv4|175.45.180.0|512|20270101|assigned|x|e-stats'] }),
  );
  // Once as its users run it; the others without a process of their own.
  const cli = startCli(['update-registry'], env);
  assert.match(
    `${await cli.ended} ${cli.stdout}${cli.stderr}`,
    new RegExp(
      /^0 20270101-[0-9a-f]{16}: 220 countries, \d+ \/24s and \d+ \/48s\.\n/.source +
        /220 changes; the 10 largest:\n {2}North Korea \(KP\): 4 -> 6 \/24s \(\+50\.0 %\)\n/.source,
    ),
  );
  assert.match(await run(), /^0 Nothing new: 20270101-/);
  server.publish(path, delegatedFile({ units: 150 }));
  assert.match(await run(), /^1 .*was refused[^]*\+48\.\d %[^]*--accept-change/);
  assert.match(await run(['--accept-change']), /^0 20270101-/);
  server.publish(path, other, 'broken');
  assert.match(await run(), /^69 .*could not be downloaded from http:.*: HTTP 500\.$/m);
  assert.match(await run(['--now']), /^64 usage/);
  server.publish(`${path}?key=of/us`, other, 'broken');
  assert.equal(
    (await run([], `${env.REGISTRY_URL}?key=of/us`)).replace(/:\d+\//, '/'),
    `69 The registry could not be downloaded from http://127.0.0.1${path}?***: HTTP 500.\n`,
  );
  assert.equal((await folder.names()).length, 3);
});
