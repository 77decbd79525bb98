import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { elemsOf, PeerIndex } from '../../../../../src/core/bgp/index.js';
import type { Elem } from '../../../../../src/core/bgp/index.js';
import type { CoreEvent } from '../../../../../src/core/events.js';
import { createArchive, createIntake, createRisLiveFeed } from '../../../../../src/edges/feed/index.js';
import type { IntakeReady, LoadProgress } from '../../../../../src/edges/feed/index.js';
import { startArchiveServer, updatesPath } from '../../../../support/feed/archive-server.js';
import type { ArchiveServer } from '../../../../support/feed/archive-server.js';
import { FakeClock } from '../../../../support/clocks/fake-clock.js';
import { mrtRecord, mrtPeerTable, mrtRib, mrtUpdate } from '../../../../support/feed/mrt-writer.js';
import { startRisLiveServer } from '../../../../support/feed/ris-live-server.js';
import type { RisLiveServer } from '../../../../support/feed/ris-live-server.js';
import { lossIn } from '../../../../support/feed/loss-in.js';
import { risUpdate } from '../../../../support/feed/ris-message.js';
import { suitePatienceMs } from '../../../../support/in-time.js';

const ribTime = Date.UTC(2024, 0, 1, 8);
const minutes = 60_000;
const fileMs = 5 * minutes;
const session = { address: '192.0.2.1', asn: 64496 };

/** One peer's route to one prefix changes every 7 s: an announcement with a new origin, or a withdrawal. */
interface Change {
  readonly at: number;
  readonly prefix: string;
  readonly origin: number | null;
}
const prefixes = ['10.0.0.0/8', '11.0.0.0/8', '2001:db8::/32'];
const changes: readonly Change[] = Array.from({ length: 400 }, (_, i) => ({
  at: ribTime + 3_000 + i * 7_000 + 123,
  prefix: prefixes[i % 3],
  origin: i % 4 === 3 ? null : 65_000 + i,
}));
const between = (from: number, to: number): Change[] => changes.filter(({ at }) => at >= from && at < to);

const ribFile = (origin = 64_511): Uint8Array =>
  Buffer.concat([
    mrtPeerTable(ribTime, [session]),
    ...prefixes.map((prefix) => mrtRib(ribTime, prefix, [{ peer: 0, path: [64_496, origin] }])),
  ]);
const updatesFile = (start: number): Uint8Array =>
  Buffer.concat(
    between(start, start + fileMs).map(({ at, prefix, origin }) =>
      mrtUpdate(at, {
        peer: session,
        ...(origin === null ? { withdraw: [prefix] } : { path: [64_496, origin], announce: [prefix] }),
      }),
    ),
  );
const live = (collector: string, change: Change): string =>
  risUpdate({
    collector,
    peer: session.address,
    asn: session.asn,
    at: change.at,
    ...(change.origin === null
      ? { withdraw: [change.prefix] }
      : { path: [64_496, change.origin], announce: [change.prefix] }),
  });

/** The routes of a table: collector and prefix -> origin. */
type Routes = Record<string, number>;
function applied(elems: readonly Elem[]): Routes {
  const routes: Routes = {};
  for (const elem of elems) {
    if (elem.kind === 'rib' || elem.kind === 'announcement') routes[`${elem.collector} ${elem.prefix}`] = elem.origin;
    else if (elem.kind === 'withdrawal') Reflect.deleteProperty(routes, `${elem.collector} ${elem.prefix}`);
  }
  return routes;
}
function uninterrupted(collectors: readonly string[], until: number): Routes {
  const routes: Routes = {};
  for (const collector of collectors) {
    for (const prefix of prefixes) routes[`${collector} ${prefix}`] = 64_511;
    for (const { prefix, origin } of between(ribTime, until)) {
      if (origin === null) Reflect.deleteProperty(routes, `${collector} ${prefix}`);
      else routes[`${collector} ${prefix}`] = origin;
    }
  }
  return routes;
}

const timesOf = (elems: readonly Elem[], collector: string): number[] =>
  elems.filter((elem) => elem.collector === collector && elem.kind !== 'rib').map(({ at }) => at);

function assertNothingMissing(elems: readonly Elem[], collector: string, until: number): void {
  const seen = [...new Set(timesOf(elems, collector))].sort((a, b) => a - b);
  assert.deepEqual(
    seen,
    between(ribTime, until).map(({ at }) => at),
    `${collector}: every change, and no other`,
  );
}

interface Run {
  readonly archive: ArchiveServer;
  readonly live: RisLiveServer;
  readonly clock: FakeClock;
  readonly elems: Elem[];
  readonly loaded: [string, number][];
  /** What the core was told of gaps, in order. */
  readonly told: string[];
  readonly progress: LoadProgress[];
  readonly warnings: string[];
  /** Rows that filled short gaps. */
  readonly filled: Elem[];
  readonly run: Promise<'too-old'>;
  readonly result: Promise<IntakeReady>;
  readonly stop: AbortController;
  /**
   * Sends the changes of these event times while the clock moves along, and resolves when the intake has taken the
   * last.
   */
  readonly stream: (from: number, to: number) => Promise<void>;
  /** Streams from `from` until `holds` (default: the bootstrap is over); resolves with the event time it reached. */
  readonly streamUntil: (from: number, holds?: () => boolean) => Promise<number>;
  /** Resolves when `holds` returns true. It is asked whenever anything happens. */
  readonly until: (holds: () => boolean) => Promise<void>;
}

const cleanups: (() => unknown)[] = [];
describe('the intake', () => {
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });

  async function run(
    at: number,
    options: { collectors?: readonly string[]; maxRows?: number; prepare?: (archive: ArchiveServer) => void } = {},
  ): Promise<Run> {
    const collectors = options.collectors ?? ['rrc00'];
    const archive = await startArchiveServer();
    options.prepare?.(archive);
    const liveServer = await startRisLiveServer();
    const clock = new FakeClock(at);
    const peers = new PeerIndex();
    const stop = new AbortController();
    const elems: Elem[] = [];
    const filled: Elem[] = [];
    const loaded: [string, number][] = [];
    const told: string[] = [];
    const progress: LoadProgress[] = [];
    const warnings: string[] = [];
    /** The reason that the intake logged last. */
    let lostBecause = 'unknown';
    let watchers: (() => void)[] = [];
    const changed = (): void => {
      const waiting = watchers;
      watchers = [];
      for (const watcher of waiting) watcher();
    };
    const log = {
      info: (fields: object, message: string): void => {
        const { collector, ribTime: at } = fields as { collector: string; ribTime: string };
        if (message === 'intake: RIB loaded') loaded.push([collector, Date.parse(at)]);
        changed();
      },
      warn: (fields: object, message: string): void => {
        lostBecause = lossIn(message) ?? lostBecause;
        warnings.push(`${message} ${JSON.stringify(fields)}`);
        changed();
      },
    };
    let received = (): number => 0;
    let ready: (result: IntakeReady) => void;
    const readied = new Promise<IntakeReady>((resolve) => (ready = resolve));
    const seconds = (at: number): number => Math.round((at - ribTime) / 1000);
    const tell = (line: string): void => {
      told.push(line);
      changed();
    };
    const handle = (event: CoreEvent): void => {
      switch (event.kind) {
        case 'rib-rows':
        case 'rows':
          elems.push(...elemsOf(event.batch, peers));
          break;
        case 'gap-rows':
          filled.push(...elemsOf(event.batch, peers));
          break;
        case 'collector-lost':
          tell(`${event.collector} lost from ${seconds(event.from)}: ${lostBecause}`);
          break;
        case 'collector-reset':
          tell(`${event.collector} reset`);
          break;
        case 'collector-back':
          tell(`${event.collector} joined`);
          break;
        case 'gap-opened':
          tell(`${event.collector} holed ${seconds(intake.positions().get(event.collector)!)}..${seconds(event.to)}`);
          break;
        case 'gap-filled':
          tell(`${event.collector} filled`);
          break;
        default:
          assert.fail(`the intake never tells ${event.kind}`);
      }
    };
    const intake = createIntake({
      collectors,
      peers,
      archive: createArchive(archive.url, clock, () => 1),
      workers: null,
      openFeed: (consumer) => {
        const feed = createRisLiveFeed({
          url: liveServer.url,
          collectors,
          peers,
          clock,
          random: () => 1,
          log,
          ...consumer,
          onBatch: (batch) => {
            consumer.onBatch(batch);
            changed();
          },
        });
        received = () => feed.decoded.messages;
        return feed;
      },
      handle,
      positions: null,
      gapFreezeMs: 60_000,
      onReady: (result) => ready(result),
      onState: changed,
      onProgress: (event) => {
        progress.push(event);
        changed();
      },
      clock,
      random: () => 1,
      log,
      ...(options.maxRows === undefined ? {} : { maxRows: options.maxRows }),
    });
    const run = intake.run(stop.signal);
    const result = Promise.race([readied, run.then(() => assert.fail('ended before it was ready'))]);
    result.catch(() => undefined);
    cleanups.push(
      () => archive.stop(),
      () => liveServer.stop(),
      () => stop.abort(),
    );
    await liveServer.subscribed(1, collectors.length);
    const until = async (holds: () => boolean): Promise<void> => {
      while (!holds()) await new Promise<void>((resolve) => watchers.push(resolve));
    };
    const stream = async (from: number, to: number): Promise<void> => {
      for (const change of between(from, to)) {
        if (change.at > clock.now()) await clock.advance(change.at - clock.now());
        const before = received();
        liveServer.send(...collectors.map((collector) => live(collector, change)));
        await until(() => received() >= before + collectors.length);
      }
    };
    const bootstrapping = new Set([result]);
    result.finally(() => bootstrapping.clear()).catch(() => undefined);
    const streamUntil = async (from: number, holds = (): boolean => bootstrapping.size === 0): Promise<number> => {
      let at = from;
      for (; !holds(); at += 10_000) {
        assert.ok(at < changes[changes.length - 1].at, 'the stream ended first');
        await stream(at, at + 10_000);
      }
      return at;
    };
    return {
      archive,
      live: liveServer,
      clock,
      elems,
      loaded,
      told,
      filled,
      run,
      progress,
      warnings,
      result,
      stop,
      stream,
      streamUntil,
      until,
    };
  }

  const publishAll =
    (until: number, collectors = ['rrc00']) =>
    (archive: ArchiveServer): void => {
      for (const collector of collectors) {
        archive.rib(collector, ribFile());
        for (let start = ribTime; start + fileMs <= until; start += fileMs)
          archive.updates(collector, start, updatesFile(start));
      }
    };
  const waitingFor = (progress: readonly LoadProgress[], collector: string): boolean =>
    progress.some((event) => event.collector === collector && event.phase === 'waiting');

  describe('intake', { timeout: suitePatienceMs }, () => {
    it('joins RIB, update files and stream without a hole, and steps back by no more than the overlap', async () => {
      const socketOpens = ribTime + 7 * minutes;
      const collectors = ['rrc00', 'rrc01', 'rrc03'];
      const { archive, elems, loaded, progress, result, stream, streamUntil, until } = await run(socketOpens, {
        collectors,
        prepare: publishAll(ribTime + fileMs, collectors),
      });
      await stream(socketOpens, ribTime + 13 * minutes);
      await until(() => collectors.every((collector) => waitingFor(progress, collector)));
      for (const collector of collectors) archive.updates(collector, ribTime + fileMs, updatesFile(ribTime + fileMs));
      const over = await streamUntil(ribTime + 13 * minutes);
      assert.deepEqual(await result, { loaded: collectors, leftOut: [] });
      await stream(over, ribTime + 20 * minutes);

      assert.deepEqual(
        loaded.sort(),
        collectors.map((collector) => [collector, ribTime]),
      );
      assert.deepEqual(applied(elems), uninterrupted(collectors, ribTime + 20 * minutes));
      for (const collector of collectors) {
        const steps = timesOf(elems, collector)
          .map((at, i, times) => at - times[Math.max(0, i - 1)])
          .filter((step) => step < 0);
        assert.ok(
          steps.every((step) => step >= -1000),
          `${collector} steps back by ${steps.join(', ')} ms`,
        );
        assertNothingMissing(elems, collector, ribTime + 20 * minutes);
      }
    });

    it('fills a gap from the archive: a long one before rows pass again, a short one while they pass', async () => {
      const collectors = ['rrc00', 'rrc01'];
      const socketOpens = ribTime + 2 * minutes;
      const {
        archive,
        live: server,
        clock,
        elems,
        told,
        filled,
        progress,
        result,
        stream,
        streamUntil,
        until,
      } = await run(socketOpens, { collectors, prepare: publishAll(ribTime, collectors) });
      // rrc00 has joined and rrc01 waits for its first file when the connection breaks for two minutes.
      await stream(socketOpens, ribTime + 6 * minutes);
      archive.updates('rrc00', ribTime, updatesFile(ribTime));
      const lost = await streamUntil(ribTime + 6 * minutes, () =>
        progress.some(({ collector, phase }) => collector === 'rrc00' && phase === 'loaded'),
      );
      server.drop();
      await clock.waiting(1_000);
      await clock.advance(2 * minutes);
      await server.subscribed(2, 2);
      const back = lost + 2 * minutes;
      await stream(back, back + 4 * minutes);
      for (const collector of collectors) {
        for (const start of [ribTime, ribTime + fileMs]) archive.updates(collector, start, updatesFile(start));
      }
      const over = await streamUntil(back + 4 * minutes);
      assert.deepEqual((await result).loaded, collectors);
      assert.deepEqual(applied(elems), uninterrupted(collectors, over));
      for (const collector of collectors) assertNothingMissing(elems, collector, over);
      const untilThen = told.map((line) => line.replace(/ from \d+/, ''));
      assert.deepEqual(
        [untilThen.slice(0, 2), untilThen.slice(2).sort()],
        [
          ['rrc00 joined', 'rrc00 lost: gap'],
          ['rrc00 joined', 'rrc01 joined'],
        ],
      );

      server.drop();
      await clock.waiting(1_000);
      await clock.advance(5_000);
      await server.subscribed(3, 2);
      const end = over + 8 * minutes;
      for (const collector of collectors) {
        for (let start = ribTime; start < end; start += fileMs) archive.updates(collector, start, updatesFile(start));
      }
      await stream(over + 30_000, end);
      await until(() => told.includes('rrc00 filled') && told.includes('rrc01 filled'));
      const seconds = (at: number | undefined): number => Math.round(((at ?? 0) - ribTime) / 1000);
      const hole = `${seconds(between(0, over).at(-1)?.at)}..${seconds(between(over + 30_000, Infinity).at(0)?.at)}`;
      assert.deepEqual(told.slice(-4).sort(), [
        'rrc00 filled',
        `rrc00 holed ${hole}`,
        'rrc01 filled',
        `rrc01 holed ${hole}`,
      ]);
      for (const collector of collectors) {
        assertNothingMissing([...elems, ...filled], collector, end);
        assert.deepEqual(
          timesOf(filled, collector).filter((at) => at < over - 10_000),
          [],
          'no more than is missing',
        );
      }
    });

    for (const serving of ['truncated', 'reset', 'broken'] as const) {
      it(`tries a RIB again that comes ${serving}`, async () => {
        const { clock, loaded, until, warnings } = await run(ribTime + 7 * minutes, {
          prepare: (files) => {
            files.rib('rrc00', ribFile());
            files.fail('/rrc00/latest-bview.gz', serving, 2);
          },
        });
        for (const wait of [2_000, 4_000]) {
          await clock.waiting(wait);
          await clock.advance(wait);
        }
        await until(() => loaded.length > 0);
        assert.equal(warnings.filter((line) => line.includes('rrc00/latest-bview.gz')).length, 2);
      });
    }

    it('gives up waiting for a download that stalls, and tries again', async () => {
      const { clock, loaded, progress, until, warnings } = await run(ribTime + 7 * minutes, {
        prepare: (files) => {
          files.rib('rrc00', ribFile());
          files.fail('/rrc00/latest-bview.gz', 'stalled', 1);
        },
      });
      await until(() => progress.length > 0);
      await clock.waiting(30_000);
      await clock.advance(30_000);
      await until(() => warnings.some((line) => line.includes('nothing came for 30 s')));
      await clock.waiting(2_000);
      await clock.advance(2_000);
      await until(() => loaded.length > 0);
    });

    it('retries while a server is broken for minutes, and gives a collector up after ten', async () => {
      const { clock, loaded, progress, until, warnings } = await run(ribTime + 7 * minutes, {
        prepare: (files) => {
          files.rib('rrc00', ribFile());
          files.fail('/rrc00/latest-bview.gz', 'broken', 15);
        },
      });
      for (const wait of [2_000, 4_000, 8_000, 16_000, 32_000, ...Array<number>(9).fill(60_000)]) {
        await clock.waiting(wait);
        assert.deepEqual(progress, [], 'not given up');
        await clock.advance(wait);
      }
      await clock.waiting(10_000);
      assert.match(warnings.at(-1)!, /no collector could be loaded.*HTTP 500 \(15 attempts\)/);
      await clock.advance(10_000);
      await until(() => loaded.length > 0);
    });

    it('gives up a collector whose files cannot be loaded, says why, and starts with the others', async () => {
      const socketOpens = ribTime + 40 * minutes;
      const collectors = ['rrc00', 'rrc01', 'rrc03', 'rrc04'];
      const { clock, elems, progress, result, stream, streamUntil, until } = await run(socketOpens, {
        collectors,
        prepare: (files) => {
          publishAll(ribTime + 45 * minutes, ['rrc00', 'rrc04'])(files);
          files.rib('rrc01', ribFile(), 'truncated');
          // The archive has nothing of rrc03, and one old file of rrc04 never appears.
          files.fail(updatesPath('rrc04', ribTime), 'absent', 1);
        },
      });
      for (const wait of [2_000, 4_000, 8_000, 16_000]) {
        await clock.waiting(wait);
        await clock.advance(wait);
        await stream(clock.now() - wait, clock.now());
      }
      await until(() => progress.filter(({ phase }) => phase === 'given-up').length === 3);
      const over = await streamUntil(clock.now());
      const { loaded, leftOut } = await result;
      assert.deepEqual(loaded, ['rrc00']);
      assert.deepEqual(leftOut, [
        { collector: 'rrc01', reason: 'rrc01/latest-bview.gz: gzip: unexpected end of file (5 attempts)' },
        { collector: 'rrc03', reason: 'rrc03/latest-bview.gz: not found' },
        { collector: 'rrc04', reason: 'rrc04/2024.01/updates.20240101.0800.gz: missing' },
      ]);
      await stream(over, over + minutes);
      assert.deepEqual(
        applied(elems.filter(({ collector }) => collector === 'rrc00')),
        uninterrupted(['rrc00'], over + minutes),
      );
      const unused = elems.filter(({ collector, at }) => collector !== 'rrc00' && at > over);
      assert.deepEqual(unused, [], 'the stream of a collector given up is not used');
    });

    it('stops reading a file that has no routes', async () => {
      // A record of an unknown type.
      const idle = mrtRecord(
        ribTime,
        99,
        0,
        Array.from({ length: 64_000 }, () => 0),
      );
      const { until, warnings } = await run(ribTime + 7 * minutes, {
        prepare: (files) =>
          files.rib('rrc00', Buffer.concat([ribFile(), ...Array.from({ length: 1_600 }, () => idle)])),
      });
      await until(() => warnings.length > 0);
      assert.match(warnings[0], /100 MB of it hold no route/);
    });

    it('keeps trying for ever while no collector can be loaded, and says so', async () => {
      const { clock, loaded, warnings } = await run(ribTime + 7 * minutes, {
        prepare: (files) => {
          files.rib('rrc00', ribFile());
          files.fail('/rrc00/latest-bview.gz', 'truncated', 15);
        },
      });
      for (let turn = 0; turn < 20_000 && loaded.length === 0; turn++) {
        await clock.advance(500);
        for (let idle = 0; idle < 20; idle++) await new Promise<void>((resolve) => setImmediate(resolve));
      }
      assert.ok(loaded.length > 0);
      const waits = warnings
        .filter((line) => line.includes('no collector could be loaded'))
        .map((line) => Number(/"retryInMs":(\d+)/.exec(line)?.[1]));
      assert.deepEqual(waits.slice(0, 2), [10_000, 20_000]);
    });

    it('ends when told to, in the middle of a download, and takes the socket with it', async () => {
      const {
        clock,
        live: server,
        progress,
        result,
        stop,
        until,
      } = await run(ribTime + 7 * minutes, { prepare: (files) => files.rib('rrc00', ribFile(), 'stalled') });
      await until(() => progress.length > 0);
      stop.abort();
      await assert.rejects(result, { name: 'AbortError' });
      await clock.advance(60_000);
      assert.deepEqual([clock.pending, server.connections], [[], 1]);
    });
  });
});
