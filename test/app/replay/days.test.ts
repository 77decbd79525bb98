/**
 * A command that replays days of history: fetched from a loopback archive, kept, resumed, and equal to a replay of the
 * same files given by hand.
 */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test, type TestContext } from 'node:test';
import { gzipSync } from 'node:zlib';
import { systemClock, type Clock } from '../../../src/edges/clock.js';
import { ribsBefore, updatesBetween } from '../../../src/edges/feed/index.js';
import { startArchiveServer, type ArchiveServer, type Serving } from '../../support/feed/archive-server.js';
import { startCli, type CliProcess } from '../../support/process/cli.js';
import { ipv4Routes, recordedCollectors, RecordedWorld } from '../../support/replay/recorded-world.js';
import { registryMap, runReplayCommand, type Replayed } from '../../support/replay/replay-command.js';
import { suitePatienceMs } from '../../support/in-time.js';

const map = registryMap('KP');
const routes = ipv4Routes('KP', 4, 1, [131_279]);
const ribAt = '2014-12-22T15:59:30Z';
const [from, to] = ['2014-12-22T16:05:00Z', '2014-12-22T17:00:00Z'];
const all = recordedCollectors.join(',');
const told = [
  "2014-12-22T16:17:10Z  KP  ipv4  down      0.0000 | 0 of 4 /24s visible for 120 s | North Korea's " +
    'national Internet went down at 16:15 UTC: ' +
    'all 4 routes withdrawn. Baseline provisional: under 24 hrs of data.',
  "2014-12-22T16:50:10Z  KP  ipv4  normal    1.0000 | share >= 0.95 for 600 s | North Korea's Internet is " +
    'back after a 25 min outage ' +
    '(16:15-16:40 UTC). Baseline provisional: under 24 hrs of data.',
];

/** North Korea, 22 December 2014, shortened: messages of 24 peers, and an archive as it was then (a RIB named 1559). */
const world = new RecordedWorld(ribAt, routes)
  .quiet('2014-12-22T16:01:00Z')
  .quiet('2014-12-22T16:09:00Z')
  .withdraw('2014-12-22T16:15:00Z', routes)
  .announce('2014-12-22T16:40:00Z', routes)
  .quiet('2014-12-22T17:00:00Z');
const files = recordedCollectors.flatMap((collector) => [
  { path: `/${collector}/2014.12/bview.20141222.1559.gz`, gz: gzipSync(world.rib(collector)) },
  ...updatesBetween(collector, Date.parse(ribAt), Date.parse(to)).map(({ path, at, end }) => ({
    path: `/${path}`,
    gz: gzipSync(world.mrt(collector, at, end)),
  })),
]);
const deciding = '/rrc00/2014.12/updates.20141222.1615.gz';

let server: ArchiveServer;
before(async () => {
  server = await startArchiveServer({ versions: true });
});
after(async () => {
  await server.stop();
  world.remove();
});

/** An empty cache, and a whole archive except for these files. */
function fresh(
  t: TestContext,
  except: Readonly<Record<string, Serving>> = {},
): { readonly dataDir: string; readonly asked: () => string[] } {
  const dataDir = mkdtempSync(join(tmpdir(), 'lightsout-days-'));
  t.after(() => rmSync(dataDir, { recursive: true, force: true }));
  for (const { path, gz } of files) server.publish(path, gz, except[path] ?? 'whole');
  const before = server.requests.length;
  return { dataDir, asked: () => server.requests.slice(before) };
}

const hasty: Clock = { ...systemClock, sleep: () => Promise.resolve() };
const days = (dataDir: string, begin = from, end = to): Promise<Replayed> =>
  runReplayCommand(
    ['--from', begin, '--to', end, '--collectors', all, '--countries', 'KP'],
    map,
    { DATA_DIR: dataDir, RIS_ARCHIVE_URL: server.url },
    hasty,
  );
const cli = (dataDir: string): CliProcess =>
  startCli(['replay', '--from', from, '--to', to, '--collectors', all, '--countries', 'KP'], {
    DATA_DIR: dataDir,
    RIS_ARCHIVE_URL: server.url,
  });
const cached = (dataDir: string): string[] =>
  readdirSync(join(dataDir, 'archive'), { recursive: true, encoding: 'utf8' }).filter((name) =>
    statSync(join(dataDir, 'archive', name)).isFile(),
  );

describe('days of history', { timeout: suitePatienceMs }, () => {
  test('are told as the same files given by hand, and the second run requests nothing', async (t) => {
    const { dataDir, asked } = fresh(t);
    const first = await days(dataDir);
    assert.deepEqual([first.code, first.lines], [0, told]);
    assert.equal(cached(dataDir).length, files.length);
    assert.match(first.said.join('\n'), /MB of files, \d.* fetched now; .*\/archive holds/);

    const before = asked().length;
    const second = await days(dataDir);
    assert.deepEqual([second.code, second.lines], [0, told]);
    // The RIB's other name is asked for again, because there was no file of that name.
    assert.deepEqual(
      asked()
        .slice(before)
        .filter((path) => !path.endsWith('/bview.20141222.1600.gz')),
      [],
    );

    const byHand = cached(dataDir)
      .sort()
      .flatMap((name) => [
        name.includes('bview') ? '--rib' : '--updates',
        `${name.slice(0, 5)}=${join(dataDir, 'archive', name)}`,
      ]);
    assert.deepEqual((await runReplayCommand([...byHand, '--until', to, '--countries', 'KP'], map)).lines, told);
  });

  test('after a kill in the middle of a file, the next run resumes it', async (t) => {
    const { dataDir } = fresh(t, { [deciding]: 'stalled' });
    const first = cli(dataDir);
    const part = join(dataDir, 'archive', `${deciding}.part`);
    await server.asked(deciding, server.requests.filter((path) => path === deciding).length + 1);
    while (!existsSync(part) || statSync(part).size === 0) await new Promise((resolve) => setImmediate(resolve));
    first.kill('SIGKILL');
    await first.ended;
    assert.ok(!existsSync(part.slice(0, -'.part'.length)), 'no half file under the final name');

    server.publish(deciding, files.find(({ path }) => path === deciding)!.gz);
    const before = server.answers.length;
    const second = await days(dataDir);
    assert.deepEqual([second.code, second.lines], [0, told]);
    const [again] = server.answers.slice(before).filter(({ path }) => path === deciding);
    assert.deepEqual([again.status, again.range?.startsWith('bytes=')], [206, true]);
    assert.deepEqual(
      cached(dataDir).filter((name) => name.includes('.part')),
      [],
    );
  });

  for (const serving of ['truncated', 'corrupt'] as const) {
    test(`a file that comes ${serving} once is fetched again`, async (t) => {
      const { dataDir, asked } = fresh(t);
      server.fail(deciding, serving, 1);
      const { code, lines, said } = await days(dataDir);
      assert.deepEqual([code, lines], [0, told], said.join('\n'));
      assert.match(said.join('\n'), /file not fetched, trying again: rrc00.*1615.gz, gzip: /);
      assert.equal(asked().filter((path) => path === deciding).length, 2);
    });
  }

  test('a file that is missing or stays damaged is named, and the others are replayed', async (t) => {
    const missing = ['1600', '1605'].map((time) => `/rrc01/2014.12/updates.20141222.${time}.gz`);
    const { dataDir } = fresh(t, {
      [deciding]: 'truncated',
      ...Object.fromEntries(missing.map((path) => [path, 'absent'])),
    });
    const { code, lines, said, summary } = await days(dataDir);
    assert.equal(code, 0);
    // Eight voters are left, too few.
    assert.deepEqual(lines, []);
    assert.ok(
      said.includes('rrc01: its peers have no vote from 2014-12-22T16:00Z on, because their updates are incomplete'),
      said.join('\n'),
    );
    assert.ok(said.includes('unusable: the stream has a gap, 16 voters are left'), said.join('\n'));
    assert.ok(
      said.includes('rrc01: no updates from 2014-12-22T16:00Z to 2014-12-22T16:10Z (2 files): not in the archive'),
      said.join('\n'),
    );
    assert.ok(
      said.some((line) =>
        /^rrc00: no updates from 2014-12-22T16:15Z to 2014-12-22T16:20Z \(1 file\): .*gzip: unexpected end/.test(line),
      ),
    );
    assert.deepEqual([summary['collectors'], summary['missingFiles']], [3, 3]);
  });

  test('a collector without the files of an outage keeps no prefix up: the others decide, as live', async (t) => {
    const { dataDir } = fresh(t, { [deciding]: 'absent' });
    const rules = world.write('two-collectors.json', '{"table":{"minVoters":16,"minCollectors":2}}');
    const argv = ['--from', from, '--to', to, '--collectors', all, '--countries', 'KP', '--rules', rules];
    const { code, lines, said } = await runReplayCommand(
      argv,
      map,
      { DATA_DIR: dataDir, RIS_ARCHIVE_URL: server.url },
      hasty,
    );
    assert.deepEqual([code, lines], [0, told], said.join('\n'));
    const { said: strict } = await days(dataDir);
    assert.ok(
      strict.includes(
        '2014-12-22T16:15Z: unusable: the stream has a gap, 16 voters are left; nothing is judged until the table is ' +
          'usable again',
      ),
      strict.join('\n'),
    );
  });

  test('a time that no collector covers is not judged', async (t) => {
    const missing = recordedCollectors.map(
      (collector) => [`/${collector}/2014.12/updates.20141222.1600.gz`, 'absent'] as const,
    );
    const { dataDir } = fresh(t, Object.fromEntries(missing));
    const { code, lines, said } = await days(dataDir);
    assert.deepEqual([code, lines], [0, []]);
    assert.ok(
      said.some((line) =>
        line.startsWith(
          'no collector has updates from 2014-12-22T16:00Z to 2014-12-22T16:05Z: nothing after that is judged',
        ),
      ),
      said.join('\n'),
    );
  });

  test('a collector without a RIB is left out', async (t) => {
    const { dataDir } = fresh(t, { '/rrc03/2014.12/bview.20141222.1559.gz': 'absent' });
    const { code, said, summary } = await days(dataDir);
    assert.equal(code, 0);
    assert.ok(said.includes('rrc03: left out: no RIB in the 24 hours before'));
    assert.equal(summary['collectors'], 2);
  });

  test('a replay that begins during an outage tells the last state before first', async (t) => {
    const { dataDir } = fresh(t);
    assert.deepEqual((await days(dataDir, '2014-12-22T16:30:00Z')).lines, told);
    assert.deepEqual(
      (await days(dataDir, '2014-12-22T16:30:00Z', '2014-12-22T16:35:00Z')).lines,
      told.slice(0, 1),
      'and is told also where nothing follows',
    );
    assert.deepEqual((await days(dataDir, '2014-12-22T16:55:00Z')).lines, [], 'one that is over is not told');
  });

  test('an archive that does not answer ends it, and the files so far are kept', async (t) => {
    const { dataDir } = fresh(t, { [deciding]: 'broken' });
    const { code, said, lines } = await days(dataDir);
    assert.deepEqual([code, lines], [69, []]);
    assert.equal(said.at(-1), 'rrc00/2014.12/updates.20141222.1615.gz: HTTP 500');
    assert.ok(cached(dataDir).length > 3);
  });
});

test('flags that do not fit are named all at once', async () => {
  const says = async (argv: readonly string[]): Promise<string[]> => {
    const { code, said } = await runReplayCommand(argv, map, { RIS_ARCHIVE_URL: 'http://127.0.0.1:9' });
    assert.ok(code === 64 || code === 78, said.join('\n'));
    return said.filter((line) => !/^(usage|   or|  {4})/.test(line)).map((line) => line.slice(0, 60));
  };
  assert.deepEqual(
    await says(['--from', 'yesterday', '--until', '2014', '--rib', 'x', '--countries', ',']),
    [
      '--from select days of the archive, --rib, --until local files: give the one kind or the other',
      '--countries: expected codes such as KP,SY, got ","',
      '--from: expected an ISO 8601 time such as 2014-12-23T02:00:00Z',
      '--to: not given; --from and --to need each other',
    ].map((line) => line.slice(0, 60)),
  );
  for (const [argv, problem] of [
    [['--from', '2014-12-22', '--to', '2014-12-22'], /^--to: expected a time after/],
    [['--from', '2014-12-01', '--to', '2015-01-02'], /^--to: expected at most 31 days/],
    [['--from', '2999-12-01', '--to', '2999-12-02'], /^--to: expected a time that has passed/],
    [['--from', '2014-12-01', '--to', '2014-12-02', '--collectors', 'rrc00,linx'], /^--collectors: expected/],
    [['--from', '2014-12-01', '--to', '2014-12-02', '--collectors', 'tiny'], /^--collectors: expected/],
    [['--from', '2014-02-30', '--to', '2014-03-03'], /^--from: expected an ISO 8601 time such as/],
    [['--from', '2015-02-28', '--to', '2015-02-29T12:00Z'], /^--to: expected an ISO 8601 time/],
    [['--rib', 'rrc00=x', '--until', '2014-04-31T00:00:00+09:00'], /^--until: expected an ISO 8601 time/],
    [['--to', '2014-12-02'], /^--from: not given/],
    [[], /^nothing to replay/],
  ] as const) {
    const [first, ...others] = await says(argv);
    assert.match(first, problem);
    assert.deepEqual(others, []);
  }
});

test(
  'RIBs are looked for under the names of all years, newest first and a day back; update files were of 15 ' +
    'minutes once',
  () => {
    const names = (at: string): string[] =>
      ribsBefore('rrc00', Date.parse(at)).map(({ path }) => path.slice('rrc00/2014.12/bview.'.length, -'.gz'.length));
    assert.deepEqual(names('2014-12-22T08:00:00Z'), [
      '20141222.0800',
      '20141222.0759',
      '20141222.0000',
      '20141221.2359',
      '20141221.1600',
      '20141221.1559',
      '20141221.0800',
    ]);
    assert.deepEqual(names('2014-12-22T07:59:00Z').slice(0, 2), ['20141222.0759', '20141222.0000']);
    assert.deepEqual(names('2015-01-01T00:00:00Z').slice(0, 2), ['20150101.0000', '20141231.2359']);
    assert.equal(
      ribsBefore('rrc00', Date.parse('2015-01-01T00:00:00Z'))[1].path,
      'rrc00/2014.12/bview.20141231.2359.gz',
    );
    const starts = (begin: string, end: string): string[] =>
      updatesBetween('rrc00', Date.parse(begin), Date.parse(end)).map(({ path }) =>
        path.slice(-'1600.gz'.length, -'.gz'.length),
      );
    assert.deepEqual(starts('2014-12-22T07:59:30Z', '2014-12-22T08:10:00Z'), ['0755', '0800', '0805']);
    assert.deepEqual(starts('2001-12-22T07:59:30Z', '2001-12-22T08:16:00Z'), ['0745', '0800', '0815']);
  },
);
