/** How several files become one stream: in which order, over which time, and what is said of rows that do not fit. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { merge } from '../../src/app/replay/merge.js';
import { runReplay } from '../../src/app/replay/replay-run.js';
import { ElemBatch, ElemKind, PeerIndex } from '../../src/core/bgp/index.js';
import { openRecording, type Recording } from '../../src/edges/feed/index.js';
import { mrtFixture } from '../support/feed/mrt-fixture.js';
import { ipv4Routes, recordedPeers, RecordedWorld } from '../support/replay/recorded-world.js';
import { registryMap, runReplayCommand } from '../support/replay/replay-command.js';
import { risUpdate } from '../support/feed/ris-message.js';
import { shippedRules } from '../support/rules.js';

const map = registryMap('KP');
const routes = ipv4Routes('KP', 4, 1, [131_279]);

function recorded(t: TestContext): RecordedWorld {
  const world = new RecordedWorld('2025-03-18T08:00:00Z', routes);
  t.after(() => world.remove());
  return world;
}

/** Down from 10:00 to 10:20, with the last message at 10:40. */
function outage(t: TestContext): RecordedWorld {
  return recorded(t)
    .quiet('2025-03-18T09:00:00Z')
    .withdraw('2025-03-18T10:00:00Z', routes)
    .announce('2025-03-18T10:20:00Z', routes)
    .quiet('2025-03-18T10:40:00Z');
}

const outageTold = [
  "2025-03-18T10:02:10Z  KP  ipv4  down      0.0000 | 0 of 4 /24s visible for 120 s | North Korea's " +
    'national Internet went down at 10:00 UTC: ' +
    'all 4 routes withdrawn. Baseline provisional: under 24 hrs of data.',
  "2025-03-18T10:30:10Z  KP  ipv4  normal    1.0000 | share >= 0.95 for 600 s | North Korea's Internet is " +
    'back after a 20 min outage ' +
    '(10:00-10:20 UTC). Baseline provisional: under 24 hrs of data.',
];

test('rows come by time, then collector, then place in their file', async () => {
  const peers = new PeerIndex();
  /** "rrc03 5000" is a row of a peer on rrc03 at 5 s. */
  const source = (
    rows: readonly string[],
    batchRows: number,
  ): { batches(): AsyncGenerator<ElemBatch, void, undefined> } => ({
    // eslint-disable-next-line @typescript-eslint/require-await -- a source is read like a file
    async *batches() {
      const batch = new ElemBatch();
      for (const [index, row] of rows.entries()) {
        const [collector, at] = row.split(' ');
        batch.push(ElemKind.idle, 0, peers.intern(collector, '192.0.2.1', 64_496), Number(at), 0, index);
        if (batch.length < batchRows) continue;
        yield batch;
        batch.clear();
      }
      if (batch.length > 0) yield batch;
    },
  });
  const cases: readonly { name: string; files: readonly (readonly string[])[]; merged: readonly string[] }[] = [
    {
      name: 'by time',
      files: [
        ['rrc00 1', 'rrc00 4'],
        ['rrc03 2', 'rrc03 3'],
      ],
      merged: ['rrc00 1', 'rrc03 2', 'rrc03 3', 'rrc00 4'],
    },
    {
      name: 'at one time by collector',
      files: [
        ['rrc03 1', 'rrc03 2'],
        ['rrc00 1', 'rrc00 2'],
      ],
      merged: ['rrc00 1', 'rrc03 1', 'rrc00 2', 'rrc03 2'],
    },
    {
      name: 'a file of several collectors counts as each of them',
      files: [
        ['rrc04 1', 'rrc00 2'],
        ['rrc03 1', 'rrc03 2'],
      ],
      merged: ['rrc03 1', 'rrc04 1', 'rrc00 2', 'rrc03 2'],
    },
    {
      name: 'a late row where it arrived',
      files: [
        ['rrc00 1', 'rrc00 5', 'rrc00 2'],
        ['rrc03 3', 'rrc03 6'],
      ],
      merged: ['rrc00 1', 'rrc03 3', 'rrc00 5', 'rrc00 2', 'rrc03 6'],
    },
    { name: 'an empty file', files: [[], ['rrc00 1']], merged: ['rrc00 1'] },
  ];
  for (const { name, files, merged } of cases) {
    for (const batchRows of [1, 2, 100]) {
      const rows: string[] = [];
      let last = 0;
      for await (const { batch, from, to, at } of merge(
        files.map((file) => source(file, batchRows)),
        peers,
        10_000,
      )) {
        assert.ok(at >= last, 'time never goes back');
        last = at;
        for (let row = from; row < to; row++) {
          rows.push(`${peers.at(batch.peer[row]).collector} ${batch.at[row]}`);
          assert.ok(Math.floor(batch.at[row] / 10_000) <= Math.floor(at / 10_000), 'no run reaches over a tick');
        }
      }
      assert.deepEqual(rows, merged, `${name}, ${batchRows} rows a batch`);
    }
  }
});

test('a reader that stops early closes every file', async () => {
  let open = 0;
  const endless = {
    // eslint-disable-next-line @typescript-eslint/require-await -- a source is read like a file
    async *batches(): AsyncGenerator<ElemBatch, void, undefined> {
      open++;
      try {
        const batch = new ElemBatch();
        for (let at = 0; ; at += 1000) {
          batch.clear();
          batch.push(ElemKind.idle, 0, peers.intern('rrc00', '192.0.2.1', 64_496), at, 0, 0);
          yield batch;
        }
      } finally {
        open--;
      }
    },
  };
  const peers = new PeerIndex();
  for await (const { at } of merge([endless, endless], peers, 10_000)) {
    assert.equal(open, 2);
    if (at > 5000) break;
  }
  assert.equal(open, 0);
});

test('the same events in any form, packing and order of the flags are told alike, and twice the same', async (t) => {
  const world = outage(t);
  const ribs = world.ribs();
  const mrt = world.mrtUpdates();
  const pairs = (flags: readonly string[]): string[][] =>
    Array.from({ length: flags.length / 2 }, (_, index) => flags.slice(2 * index, 2 * index + 2));
  const backwards = (flags: readonly string[]): string[] => pairs(flags).reverse().flat();
  const packed = ['rrc00', 'rrc01', 'rrc03'].flatMap((collector) => [
    '--updates',
    `${collector}=${world.write(`${collector}.mrt`, gzipSync(world.mrt(collector)))}`,
  ]);
  const forms: Readonly<Record<string, string[]>> = {
    MRT: [...ribs, ...mrt],
    'the same again': [...ribs, ...mrt],
    'flags backwards': [...backwards(mrt), ...backwards(ribs)],
    'MRT in gzip': [...ribs, ...packed],
    'RIS Live lines': [...ribs, ...world.lines()],
    'two of them at once: what is said twice is heard once': [...ribs, ...world.lines(), ...mrt],
  };
  for (const [form, argv] of Object.entries(forms)) {
    const { code, lines, said } = await runReplayCommand([...argv, '--countries', 'KP'], map);
    assert.deepEqual({ code, lines, said }, { code: 0, lines: outageTold, said: [] }, form);
  }
  const json = await Promise.all([1, 2].map(() => runReplayCommand([...ribs, ...mrt, '--json'], map)));
  assert.deepEqual(json[0].lines, json[1].lines);
  assert.deepEqual({ ...json[0].summary, seconds: 0 }, { ...json[1].summary, seconds: 0 });
});

test('bzip2, gzip and plain are read alike, whatever the name says', async (t) => {
  const name = 'libbgpstream__routeviews.jinx.updates.1427846400.bz2';
  const plain = await mrtFixture(name);
  const world = recorded(t);
  for (const content of [plain, gzipSync(plain)]) {
    const { summary } = await runReplayCommand(['--updates', `rrc00=${world.write('updates.bz2', content)}`], map);
    assert.deepEqual([summary['messages'], summary['elems'], summary['problems']], [1756, 8611, 0]);
  }
});

test('a gzip cut short: used as far as it goes, counted and named', async (t) => {
  const world = outage(t);
  const whole = gzipSync(world.mrt('rrc03'));
  const path = world.write('rrc03.gz', whole.subarray(0, whole.length - 12));
  const { code, lines, summary, said } = await runReplayCommand(
    [...world.ribs(), ...world.mrtUpdates().slice(0, 4), '--updates', `rrc03=${path}`],
    map,
  );
  assert.equal(code, 0);
  assert.deepEqual(lines, outageTold);
  assert.ok(Number(summary['problems']) >= 1);
  assert.equal(said.length, 1);
  assert.ok(said[0].startsWith(`${path}: gzip: `), said[0]);
});

test('time ends with the last message, or with --until', async (t) => {
  const world = recorded(t).quiet('2025-03-18T09:00:00Z').withdraw('2025-03-18T10:00:00Z', routes);
  const argv = [...world.ribs(), ...world.mrtUpdates()];
  assert.deepEqual((await runReplayCommand(argv, map)).lines, [], 'no tick after the last message');
  assert.deepEqual(
    (await runReplayCommand([...argv, '--until', '2025-03-18T10:02:00Z'], map)).lines,
    [],
    'a dwell that is not complete',
  );
  assert.deepEqual(
    (await runReplayCommand([...argv, '--until', '2025-03-18T10:02:10Z'], map)).lines,
    outageTold.slice(0, 1),
    'silence is silence',
  );
  const longer = outage(t);
  const cut = await runReplayCommand(
    [...longer.ribs(), ...longer.mrtUpdates(), '--until', '2025-03-18T10:25:00Z'],
    map,
  );
  assert.deepEqual(cut.lines, outageTold.slice(0, 1), 'and no further than that');
});

test('updates older than the RIB are skipped and counted, and start no tick', async (t) => {
  const world = recorded(t)
    .withdraw('2025-03-18T07:30:00Z', routes)
    .announce('2025-03-18T07:55:00Z', routes)
    .quiet('2025-03-18T08:10:00Z');
  const { lines, said, summary } = await runReplayCommand([...world.ribs(), ...world.mrtUpdates()], map);
  assert.deepEqual(lines, []);
  // 24 peers and four routes, withdrawn and announced.
  assert.deepEqual(said, ["192 updates were older than their collector's RIB and were skipped"]);
  assert.deepEqual(summary['voters'], { ipv4: 24, ipv6: 0 });
});

test('ticks begin with the newest RIB, at the first message that is not older', async (t) => {
  const world = recorded(t).quiet('2025-03-18T07:30:00Z').quiet('2025-03-18T08:10:05Z').quiet('2025-03-18T08:10:25Z');
  const peers = new PeerIndex();
  const named = (flags: readonly string[]): Promise<Recording> => {
    const [collector, path] = flags[1].split('=');
    return openRecording(path, collector, peers);
  };
  const rib = await named(world.ribs());
  const ticks: number[] = [];
  await runReplay({
    peers,
    map,
    groups: [],
    rules: shippedRules(),
    countries: null,
    until: null,
    onEvent: () => undefined,
    warn: () => undefined,
    ribs: [{ collector: 'rrc00', batches: () => rib.batches(), time: () => rib.counters.ribTime }],
    updates: [await named(world.mrtUpdates())],
    onTick: (at) => void ticks.push(at),
  });
  assert.deepEqual(ticks, [Date.parse('2025-03-18T08:10:10Z'), Date.parse('2025-03-18T08:10:20Z')]);
});

test('late rows apply when they arrive, and are counted', async (t) => {
  const world = outage(t);
  const late = recorded(t).announce('2025-03-18T10:39:00Z', routes);
  const collectors = ['rrc00', 'rrc01', 'rrc03'];
  // The last message of every voter is a minute late. It still counts as the last.
  const gone = recorded(t).withdraw('2025-03-18T10:41:00Z', routes);
  const argv = collectors.flatMap((collector) => {
    const updates = Buffer.concat([world.mrt(collector), gone.mrt(collector), late.mrt(collector)]);
    return ['--updates', `${collector}=${world.write(`late-${collector}`, updates)}`];
  });
  const { lines, said } = await runReplayCommand([...world.ribs(), ...argv, '--until', '2025-03-18T11:00:00Z'], map);
  assert.deepEqual(lines, outageTold);
  assert.deepEqual(said, ['96 updates came late, after newer ones']);
});

test('a RIB of long ago is used, with a warning', async (t) => {
  const world = recorded(t).quiet('2025-03-18T20:00:00Z').withdraw('2025-03-18T20:30:00Z', routes);
  const { lines, said } = await runReplayCommand(
    [...world.ribs(), ...world.mrtUpdates(), '--until', '2025-03-18T20:40:00Z'],
    map,
  );
  assert.equal(lines.length, 1);
  assert.deepEqual(said, ['the newest RIB is 12 hours older than the first update']);
});

for (const [name, first] of [
  ['of 1970', '1970-01-01T00:00:01Z'],
  ['of 2106', '2106-02-07T06:28:15Z'],
] as const) {
  test(`a first message ${name} in every file moves no clock: the outage is told as it was`, async (t) => {
    const world = outage(t);
    const [, file] = world.lines();
    const wrong = risUpdate({
      ...recordedPeers[0],
      peer: recordedPeers[0].address,
      at: Date.parse(first),
      path: [64_496],
      announce: ['203.119.0.0/24'],
    });
    const { lines } = await runReplayCommand(
      [...world.ribs(), '--updates', world.write('wrong.jsonl', `${wrong}\n${readFileSync(file, 'utf8')}`)],
      map,
    );
    assert.deepEqual(lines, outageTold);
  });
}

test('a silence of more than a week gets no ticks, and is reported', async (t) => {
  const world = outage(t)
    .quiet('2025-04-18T10:00:00Z')
    .withdraw('2025-04-18T10:01:00Z', routes)
    .quiet('2025-04-18T11:00:00Z');
  const { lines, said } = await runReplayCommand([...world.ribs(), ...world.lines()], map);
  assert.deepEqual(lines, outageTold);
  assert.match(said.join('\n'), /no updates for 31 days: later updates are not judged/);
});

test('--until far beyond the last update stops a week after it', async (t) => {
  const world = outage(t);
  const { lines, said } = await runReplayCommand(
    [...world.ribs(), ...world.lines(), '--until', '2031-01-01T00:00:00Z'],
    map,
  );
  assert.deepEqual(lines, outageTold);
  assert.match(said.join('\n'), /--until is more than 7 days after the last update/);
});
