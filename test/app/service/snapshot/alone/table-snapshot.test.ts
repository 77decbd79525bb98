/**
 * The file that keeps the table between processes: how it is written, what damages it, and what is told after a
 * restart.
 */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { parsePrefix } from '../../../../../src/core/bgp/index.js';
import { numbersAs, writeSnapshotFile } from '../../../../../src/app/service/snapshot/snapshot-file.js';
import {
  createSnapshotWriter,
  loadSnapshot,
  type LoadedSnapshot,
  type SnapshotWriter,
} from '../../../../../src/app/service/snapshot/table-snapshot.js';
import { createLogger, createMetrics, type Metrics } from '../../../../../src/edges/observability/index.js';
import { KeptPipeline } from '../../../../../src/core/pipeline.js';
import { tableShape, type SnapshotPiece } from '../../../../../src/core/table/index.js';
import { FakeClock } from '../../../../support/clocks/fake-clock.js';
import { elsewhere, everyPeer, PipelineWorld, tinyRoutes } from '../../../../support/replay/pipeline-world.js';
import { seededRandom } from '../../../../support/random.js';

const minute = 60_000;
const hour = 60 * minute;
const collectors = ['rrc00', 'rrc01', 'rrc02'];
const root = mkdtempSync(join(tmpdir(), 'lightsout-snapshot-'));
after(() => rmSync(root, { recursive: true }));
const logger = createLogger({ level: 'silent', pretty: false, secrets: [] });
const never = new AbortController().signal;
const at = (time: number): Map<string, number> => new Map(collectors.map((collector) => [collector, time]));

/** A folder of its own, a clock, and a writer into it. */
function fresh(
  name: string,
  now = Date.UTC(2026, 0, 5),
): { path: string; clock: FakeClock; metrics: Metrics; writer: SnapshotWriter } {
  const folder = join(root, name);
  mkdirSync(folder);
  const path = join(folder, 'table.snapshot');
  const clock = new FakeClock(now);
  const metrics = createMetrics();
  return { path, clock, metrics, writer: createSnapshotWriter({ path, clock, logger, metrics }) };
}

const outcomes = async ({ snapshots }: Metrics): Promise<Record<string, number>> =>
  Object.fromEntries((await snapshots.get()).values.map(({ labels, value }) => [String(labels.outcome), value]));

/** What a start does with the file. `touched`: whether it changed the pipeline. */
async function load(
  path: string,
  now: number,
  wanted = collectors,
): Promise<{ loaded: LoadedSnapshot; touched: boolean }> {
  let touched = false;
  function* restoreTable(): Generator<void, void, undefined> {
    touched = true;
    yield;
  }
  return { loaded: await loadSnapshot(path, { pipeline: { restoreTable }, collectors: wanted, now }), touched };
}

const refused = (reason: string): { loaded: LoadedSnapshot; touched: boolean } => ({
  loaded: { kind: 'refused', reason },
  touched: false,
});

describe('the file', () => {
  test(
    'is written every five minutes at most, one at a time, with positions that no lag and no wrong clock ' +
      'made too late',
    async () => {
      const { path, clock, metrics, writer } = fresh('paced');
      const { pipeline } = new PipelineWorld().loaded();
      const begun = clock.now();
      assert.deepEqual(await load(path, begun), { loaded: { kind: 'none' }, touched: false });
      assert.equal(writer.due(), true);
      const first = writer.write(
        pipeline,
        new Map([
          ['rrc00', begun - 5_000],
          ['rrc01', begun + 3 * hour],
          ['rrc02', begun - 8 * hour],
        ]),
        never,
      );
      assert.equal(writer.due(), false);
      await clock.advance(4 * minute);
      const second = writer.write(pipeline, at(clock.now()), AbortSignal.abort());
      assert.deepEqual([await first, await second], [true, false]);
      assert.equal(writer.due(), false);
      await clock.advance(minute);
      assert.equal(writer.due(), true);
      assert.deepEqual(await outcomes(metrics), { written: 1 });
      assert.deepEqual((await load(path, begun + 2 * minute)).loaded, {
        kind: 'restored',
        createdAt: begun,
        positions: new Map([
          ['rrc00', begun - minute - 5_000],
          ['rrc01', begun - minute],
        ]),
      });
      assert.deepEqual((await load(path, begun, ['rrc01', 'rrc24'])).loaded, {
        kind: 'restored',
        createdAt: begun,
        positions: new Map([['rrc01', begun - minute]]),
      });
    },
  );

  test('stays the old one until the new one is whole, whatever stops the write', async () => {
    const { path, clock, metrics, writer } = fresh('ended');
    const { pipeline } = new PipelineWorld().loaded();
    await writer.write(pipeline, at(clock.now()), never);
    const old = readFileSync(path);
    const begun = clock.now();
    let count = 0;
    /** Looks at the file before each piece; `end` may stop the writing there. */
    const watched = (end: (piece: number) => void): { pieces: () => Generator<SnapshotPiece> } => ({
      *pieces() {
        count = 0;
        for (const piece of pipeline.pieces()) {
          assert.deepEqual(readFileSync(path), old);
          end(++count);
          yield piece;
        }
      },
    });
    await clock.advance(minute);
    await writer.write(
      watched(() => undefined),
      at(clock.now()),
      never,
    );
    assert.equal((await load(path, clock.now())).loaded.kind, 'restored');
    assert.notDeepEqual(readFileSync(path), old);
    writeFileSync(path, old);
    const all = count;
    for (let last = 1; last <= all; last += 7) {
      const stopped = new AbortController();
      assert.equal(
        await writer.write(
          watched((piece) => {
            if (piece === last) stopped.abort();
          }),
          at(clock.now()),
          stopped.signal,
        ),
        false,
      );
      assert.equal(
        await writer.write(
          watched((piece) => {
            if (piece === last) throw new Error('no');
          }),
          at(clock.now()),
          never,
        ),
        false,
      );
    }
    assert.deepEqual([readFileSync(path), readdirSync(join(root, 'ended'))], [old, ['table.snapshot']]);
    // What a killed process leaves behind.
    writeFileSync(`${path}.tmp`, old.subarray(0, 1000));
    assert.deepEqual((await load(path, clock.now())).loaded.kind, 'restored');
    assert.equal(await writer.write(pipeline, at(clock.now()), never), true);
    assert.deepEqual(
      [(await load(path, clock.now())).loaded.kind, readdirSync(join(root, 'ended')), begun < clock.now()],
      ['restored', ['table.snapshot'], true],
    );
    assert.deepEqual(await outcomes(metrics), { written: 3, failed: Math.ceil(all / 7) });
  });

  test('that cannot be written is counted, and written again at the next due time', async () => {
    const { path, clock, metrics, writer } = fresh('full');
    const { pipeline } = new PipelineWorld().loaded();
    mkdirSync(`${path}.tmp`);
    assert.equal(await writer.write(pipeline, at(clock.now()), never), false);
    assert.deepEqual([writer.due(), await outcomes(metrics)], [false, { failed: 1 }]);
    rmSync(`${path}.tmp`, { recursive: true });
    await clock.advance(5 * minute);
    assert.equal(writer.due(), true);
    assert.equal(await writer.write(pipeline, at(clock.now()), never), true);
  });

  test(
    'torn at any place, or with any byte another, is refused ' + 'before anything is taken from it: 200 times',
    async () => {
      const { path, clock, writer } = fresh('torn');
      await writer.write(new PipelineWorld().loaded().pipeline, at(clock.now()), never);
      const whole = readFileSync(path);
      const torn = `${path}.torn`;
      for (let seed = 1; seed <= 200; seed++) {
        const random = seededRandom(seed);
        const place = Math.floor(random() * whole.length);
        let bytes = Buffer.from(whole);
        if (seed % 4 === 0) bytes = bytes.subarray(0, place);
        else if (seed % 4 === 1) bytes = Buffer.concat([bytes, bytes.subarray(place)]);
        else if (seed % 4 === 2)
          bytes = Buffer.concat([
            bytes.subarray(0, place),
            bytes.subarray(Math.min(whole.length, place + 1 + Math.floor(random() * 100))),
          ]);
        else bytes[place] ^= 1 + Math.floor(random() * 255);
        writeFileSync(torn, bytes);
        const { loaded, touched } = await load(torn, clock.now());
        assert.ok(
          loaded.kind === 'refused' &&
            /^is (torn|no snapshot of a table)$|newer version/.test(loaded.reason) &&
            !touched,
          `seed ${seed}: ${JSON.stringify(loaded)}`,
        );
      }
      for (const length of [0, 1, 15, 16, 19, 20, 28, 59, 60, whole.length - 1]) {
        writeFileSync(torn, whole.subarray(0, length));
        assert.equal((await load(torn, clock.now())).loaded.kind, 'refused', `${length} bytes`);
      }
    },
  );

  test('that is not valid or not usable now is refused with the reason', async () => {
    const { path, clock } = fresh('foreign');
    const now = clock.now();
    const good = { piece: 'snapshot', createdAt: now, shape: tableShape, numbersAs, positions: [['rrc00', now]] };
    const table = {
      piece: 'table',
      prefixes: [0, 0],
      peers: [],
      families: [0, 1].map(() => ({ judging: false, full: [], history: [], historyAt: null })),
    };
    const made = async (...heads: unknown[]): Promise<{ loaded: LoadedSnapshot; touched: boolean }> => {
      await writeSnapshotFile(
        path,
        heads.map((head) => ({ head, body: new Uint8Array(0) })),
        never,
      );
      return load(path, now);
    };
    assert.equal((await made(good, table, { piece: 'end', reset: [] })).loaded.kind, 'restored');
    const heads: [head: Record<string, unknown>, reason: string][] = [
      [{ createdAt: now - 9 * hour }, 'is 9 hours old'],
      [{ createdAt: now + hour }, 'is from the future'],
      [{ shape: '[]' }, 'holds other prefixes than are counted now'],
      [{ numbersAs: 'ME' }, 'was written on another kind of machine'],
      [{ positions: [['rrc09', now]] }, 'has none of the collectors that are wanted now'],
      [{ positions: [['rrc00', now - 9 * hour]] }, 'has none of the collectors that are wanted now'],
      [{ positions: [['rrc00', '5']] }, 'does not say what it holds'],
      [{ createdAt: 'now' }, 'does not say what it holds'],
    ];
    for (const [head, reason] of heads)
      assert.deepEqual(await made({ ...good, ...head }, table, { piece: 'end', reset: [] }), refused(reason));
    assert.deepEqual(await made(), refused('holds no table'));
    assert.deepEqual(await made(good), refused('holds no table'));
    assert.deepEqual(await made(good, table), refused('has no end'));
    assert.deepEqual(
      await made(good, table, { piece: 'end', reset: ['rrc00'] }),
      refused('has none of the collectors that are wanted now'),
    );
    assert.deepEqual(await made(good, table, table), refused('has two tables'));
    assert.deepEqual(
      await made(good, { piece: 'remembered', ipv4: [1], ipv6: [] }),
      refused('has a list of countries that is not valid'),
    );
    const bytes = readFileSync(path);
    bytes.writeUInt32LE(2, 16);
    writeFileSync(path, bytes);
    assert.deepEqual(await load(path, now), refused('was written by a newer version (form 2, known is 1)'));
    writeFileSync(path, '{"a":"file of somebody else"}'.repeat(10));
    assert.deepEqual(await load(path, now), refused('is no snapshot of a table'));
    assert.deepEqual(await load(root, now), refused('cannot be read (EISDIR)'));
  });
});

describe('a restart', () => {
  type Step = (world: PipelineWorld) => unknown;
  const lossOf: Step = (world) => world.say(everyPeer, 'withdrawal', tinyRoutes);
  const returnOf: Step = (world) => world.say(everyPeer, 'announcement', tinyRoutes);

  /**
   * Ten minutes, `before`, a snapshot, `meanwhile` until the kill, `away` in the 20 minutes until the start and in
   * their files, `then`.
   */
  async function restart(
    name: string,
    { before, meanwhile, away, then }: Partial<Record<'before' | 'meanwhile' | 'away' | 'then', Step>>,
  ): Promise<{ told: string[][]; world: PipelineWorld }> {
    const first = new PipelineWorld()
      .say(everyPeer, 'rib', tinyRoutes)
      .loaded()
      .run(10 * minute);
    before?.(first);
    first.run(5 * minute);
    const { path, clock, writer } = fresh(name, first.at);
    await writer.write(first.pipeline, at(first.at), never);
    meanwhile?.(first);
    first.run(5 * minute);
    await clock.advance(25 * minute);
    const world = new PipelineWorld({
      start: new Date(clock.now()).toISOString(),
      isEmpty: true,
      restored: first.view.state('BB'),
      measured: first.records.get('BB'),
    });
    const loaded = await loadSnapshot(path, { pipeline: world.pipeline, collectors, now: clock.now() });
    assert.equal(loaded.kind, 'restored');
    meanwhile?.(world);
    away?.(world);
    for (const collector of collectors) world.pipeline.handle({ kind: 'collector-back', collector });
    world.loaded().run(20 * minute);
    then?.(world);
    world.run(20 * minute);
    const told = ({ events }: PipelineWorld): string[] =>
      events.map(
        ({ kind, country, networks }) =>
          `${country} ` +
          `${kind}${networks.length === 0 ? '' : ` AS${networks[0].asn} ${networks[0].before}->${networks[0].now}`}`,
      );
    return { told: [told(first), told(world)], world };
  }

  const stories: [name: string, steps: Parameters<typeof restart>[1], told: string[][]][] = [
    ['nothing happened', {}, [[], []]],
    ['an outage goes on', { before: lossOf, then: returnOf }, [['BB opened AS1 4->0'], ['BB restored']]],
    [
      'an outage began after the snapshot',
      { meanwhile: lossOf, then: returnOf },
      [['BB opened AS1 4->0'], ['BB restored']],
    ],
    ['an outage began while it was away: of whom is known', { away: lossOf }, [[], ['BB opened AS1 4->0']]],
    [
      'an outage ended while it was away',
      { before: lossOf, away: returnOf },
      [['BB opened AS1 4->0'], ['BB restored']],
    ],
    ['an outage came and went while it was away', { away: (world) => [lossOf(world), returnOf(world)] }, [[], []]],
    [
      'what 16 of 40 see is up as before',
      { before: (world) => world.say(everyPeer.slice(16), 'withdrawal', tinyRoutes) },
      [[], []],
    ],
    [
      'what 16 of 40 see is down as before',
      { before: lossOf, meanwhile: (world) => world.say(everyPeer.slice(0, 16), 'announcement', tinyRoutes) },
      [['BB opened AS1 4->0'], []],
    ],
    [
      'half of the peers went down with the process',
      { away: (world) => world.say(everyPeer.slice(0, 15), 'peerDown') },
      [[], []],
    ],
  ];
  for (const [name, steps, told] of stories) {
    test(name, async () => {
      const result = await restart(name, steps);
      assert.deepEqual(result.told, told);
      assert.equal(result.world.view.usability.ipv4.kind, 'usable');
    });
  }

  test('has the prefixes and the last origins of before', async () => {
    const { world } = await restart('sees', {
      away: (then) => then.say(everyPeer, 'announcement', tinyRoutes.slice(0, 1), 7),
    });
    assert.equal(world.units, 4);
    assert.equal(world.view.samples('CC')?.[0].prefixes, elsewhere.length);
    assert.equal(world.view.counts.ipv4.voters, everyPeer.length);
    const kept = new KeptPipeline();
    for (const piece of world.pipeline.pieces()) assert.equal(kept.take(piece), null);
    const originOf = (text: string): number | undefined => {
      const { codes, origins } = kept.table.rows(0).find((rows) => rows.codes.includes(parsePrefix(text)!.code))!;
      return origins[codes.indexOf(parsePrefix(text)!.code)];
    };
    assert.deepEqual(tinyRoutes.map(originOf), [7, 1, 1, 1]);
  });
});
