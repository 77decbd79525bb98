/**
 * The archive's client, over a loopback archive that breaks off, changes files and serves them damaged; and the worker
 * threads that decode.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, afterEach, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { elemsOf, PeerIndex, type Elem } from '../../../../../src/core/bgp/index.js';
import { systemClock, type Clock } from '../../../../../src/edges/clock.js';
import {
  createArchive,
  createDecodeWorkers,
  decodeWorkersFor,
  type Archive,
  type DecodeWorkers,
} from '../../../../../src/edges/feed/index.js';
import { ArchiveFailure } from '../../../../../src/edges/feed/archive/archive.js';
import {
  loadArchiveFile,
  type ArchiveLoaderOptions,
  type FileToLoad,
} from '../../../../../src/edges/feed/archive/archive-loader.js';
import {
  startArchiveServer,
  type ArchiveServer,
  type ArchiveServerOptions,
} from '../../../../support/feed/archive-server.js';
import { bundle } from '../../../../support/process/bundle.js';
import { FakeClock } from '../../../../support/clocks/fake-clock.js';
import { mrtPeerTable, mrtRib } from '../../../../support/feed/mrt-writer.js';

const ribTime = Date.UTC(2024, 0, 1, 8);
const path = 'rrc00/latest-bview.gz';
const sessions = [
  { address: '192.0.2.1', asn: 64_496 },
  { address: '2001:db8::1', asn: 64_497 },
];
/** Random origins, so that the gzip takes several packets. */
const rib = (routes: number, seed = 1): Uint8Array =>
  Buffer.concat([
    mrtPeerTable(ribTime, sessions),
    ...Array.from({ length: routes }, (_, index) =>
      mrtRib(
        ribTime,
        `${10 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}.0/24`,
        [0, 1].map((peer) => ({ peer, path: [64_496 + peer, Math.imul(index + seed, 0x9e3779b1) >>> 8] })),
      ),
    ),
    mrtRib(ribTime, '2001:db8:1:2:3::/80', [{ peer: 1, path: [64_497] }]),
  ]);

const bundled = await bundle(new URL('../../../../../src/edges/feed/archive/decode-worker.ts', import.meta.url).href);
after(() => bundled.remove());
const threads = (count: number): DecodeWorkers =>
  createDecodeWorkers(count, systemClock, pathToFileURL(bundled.script))!;

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function server(options: ArchiveServerOptions = { versions: true }): Promise<ArchiveServer> {
  const started = await startArchiveServer(options);
  cleanups.push(() => started.stop());
  return started;
}

type Opened = Awaited<ReturnType<Archive['open']>>;

async function bytesOf(archive: Archive, signal = new AbortController().signal): Promise<Buffer> {
  return read(await archive.open(path, signal));
}

async function read(file: Opened): Promise<Buffer> {
  assert.notEqual(file, 'absent');
  const chunks: Uint8Array[] = [];
  for await (const chunk of (file as Exclude<Opened, 'absent'>).chunks) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Every sleep ends at once, so that only requests take time. */
const hasty: Clock = { ...systemClock, sleep: () => Promise.resolve() };

interface Loading {
  readonly elems: Elem[];
  readonly warnings: string[];
  readonly file: FileToLoad;
  readonly options: ArchiveLoaderOptions;
}

function loading(
  archive: Archive,
  workers: DecodeWorkers | null = null,
  clock = hasty,
  signal = new AbortController().signal,
): Loading {
  const peers = new PeerIndex();
  // Known already, under another number than in the file.
  peers.intern('rrc07', '192.0.2.7', 64_499);
  const elems: Elem[] = [];
  const warnings: string[] = [];
  return {
    elems,
    warnings,
    file: {
      path,
      collector: 'rrc00',
      wanted: 'rib',
      unless: null,
      onBatch: (batch) => elems.push(...elemsOf(batch, peers)),
      onBytes: () => undefined,
    },
    options: {
      archive,
      peers,
      clock,
      random: () => 0.5,
      signal,
      workers,
      log: {
        info: () => undefined,
        warn: (fields, message) => void warnings.push(`${message} ${JSON.stringify(fields)}`),
      },
    },
  };
}

describe('a download that breaks', () => {
  it('is resumed where it stopped, unnoticed by the reader', async () => {
    const served = await server();
    served.rib('rrc00', rib(3_000));
    const archive = createArchive(served.url, hasty);
    const whole = await bytesOf(archive);
    served.fail(`/${path}`, 'reset', 3);
    assert.ok((await bytesOf(archive)).equals(whole));
    const [, first, ...others] = served.answers;
    assert.deepEqual([first.status, ...others.map(({ status }) => status)], [200, 206, 206, 206]);
    assert.deepEqual(
      others.map(({ range }) => range),
      [0.5, 0.75, 0.875].map((share) => {
        const at = [Math.floor(whole.length / 2)];
        if (share > 0.5) at.push(at[0] + Math.floor((whole.length - at[0]) / 2));
        if (share > 0.75) at.push(at[1] + Math.floor((whole.length - at[1]) / 2));
        return `bytes=${at.at(-1)!}-`;
      }),
    );
    assert.deepEqual(archive.counters.requests, {
      ok: 2,
      'not-modified': 0,
      absent: 0,
      resumed: 3,
      truncated: 3,
      corrupt: 0,
      failed: 0,
    });
    assert.equal(archive.counters.bytes, 2 * whole.length);
  });

  it('that stalls is resumed too, with pauses between the requests', async () => {
    const served = await server();
    served.rib('rrc00', rib(2_000));
    served.fail(`/${path}`, 'stalled', 1);
    const clock = new FakeClock();
    const archive = createArchive(served.url, clock);
    const read = bytesOf(archive);
    await served.asked(`/${path}`);
    // The wait for the answer is over, and that for the next piece has begun.
    while (archive.counters.bytes === 0) await new Promise((resolve) => setImmediate(resolve));
    await clock.waiting(30_000);
    served.fail(`/${path}`, 'broken', 2);
    await clock.advance(30_000);
    for (const wait of [750, 1_500]) {
      await clock.waiting(wait);
      await clock.advance(wait);
    }
    await read;
    assert.deepEqual(
      served.answers.map(({ status }) => status),
      [200, 500, 500, 206],
    );
  });

  for (const [why, options, change] of [
    ['the file has changed', { versions: true }, true],
    ['the server serves no ranges', { versions: false }, false],
  ] as const) {
    it(`starts again if ${why}`, async () => {
      const served = await server(options);
      served.rib('rrc00', rib(2_000, 1));
      served.fail(`/${path}`, 'reset', 1);
      const { elems, warnings, file, options: loader } = loading(createArchive(served.url, hasty));
      let broken = false;
      const result = await loadArchiveFile(
        {
          ...file,
          onBytes: () => {
            if (!broken && change) served.rib('rrc00', rib(2_000, 2));
            broken = true;
          },
        },
        loader,
      );
      assert.equal(result.kind, 'loaded');
      assert.match(
        warnings.join('\n'),
        change ? /after \d+ of \d+ bytes, and the file is another now.*start anew/ : /after \d+ of \d+ bytes/,
      );
      assert.equal(warnings.length, 1);
      const again = loading(createArchive(served.url, hasty));
      await loadArchiveFile(again.file, again.options);
      assert.deepEqual(elems.slice(-again.elems.length), again.elems);
      assert.equal(served.answers.filter(({ status }) => status === 206).length, 0);
    });
  }

  it('is given up after five tries without a byte', async () => {
    const served = await server();
    served.rib('rrc00', rib(2_000));
    served.fail(`/${path}`, 'reset', 1);
    const archive = createArchive(served.url, hasty);
    const file = await archive.open(path, new AbortController().signal);
    served.publish(`/${path}`, new Uint8Array(0), 'broken');
    await assert.rejects(
      async () => {
        // eslint-disable-next-line @typescript-eslint/no-unused-vars -- read for its end
        for await (const _ of (file as Exclude<typeof file, 'absent'>).chunks);
      },
      { name: 'ArchiveFailure', message: 'HTTP 500' },
    );
    assert.deepEqual(
      served.answers.map(({ status }) => status),
      [200, 500, 500, 500, 500, 500],
    );
  });

  it('is given up after five tries that bring a byte each', async () => {
    const served = await server();
    served.rib('rrc00', rib(2_000));
    served.fail(`/${path}`, 'dripping', 100);
    await assert.rejects(bytesOf(createArchive(served.url, hasty)), {
      name: 'ArchiveFailure',
      message: /^.*, after 6 of \d+ bytes$/,
    });
    assert.equal(served.answers.length, 6);
  });

  for (const [bytes, everyMs, words] of [
    [1, 29_000, /^no more than 3 bytes came in 87 s, after 3 of 6000000 bytes$/],
    [60_000, 10_000, null],
  ] as const) {
    const fate = words === null ? 'is accepted as slow' : 'is given up';
    it(`at ${bytes} bytes every ${everyMs / 1000} s ${fate}`, async () => {
      const clock = new FakeClock();
      let piece = (): void => undefined;
      const slow = createServer((_, response) => {
        response.writeHead(200, { 'content-length': 6_000_000 }).flushHeaders();
        piece = () => void response.write(Buffer.alloc(bytes));
      }).listen(0, '127.0.0.1');
      cleanups.push(() => {
        slow.closeAllConnections();
        slow.close();
      });
      await once(slow, 'listening');
      const archive = createArchive(`http://127.0.0.1:${(slow.address() as AddressInfo).port}`, clock);
      const opened = await archive.open(path, new AbortController().signal);
      const rejected = assert.rejects(read(opened), {
        name: 'ArchiveFailure',
        message: words ?? /^nothing came for 30 s, after 1200000 of 6000000 bytes$/,
      });
      for (let pieces = 1; pieces <= (words === null ? 20 : 3); pieces++) {
        await clock.waiting(30_000);
        await clock.advance(everyMs);
        piece();
        while (archive.counters.bytes < bytes * pieces) await new Promise((resolve) => setImmediate(resolve));
      }
      if (words === null) {
        await clock.waiting(30_000);
        await clock.advance(30_000);
      }
      await rejected;
    });
  }
});

it('a file that trickles is given up after ten minutes of that, not after ten minutes of waits between', async () => {
  let now = 0;
  const clock: Clock = { ...hasty, now: () => now };
  const slow: Archive = {
    ...createArchive('http://127.0.0.1:1', clock),
    open: () => {
      now += 6 * 60_000;
      return Promise.reject(new ArchiveFailure('no more than 9 bytes came in 60 s'));
    },
  };
  const { file, options } = loading(slow, null, clock);
  assert.deepEqual(await loadArchiveFile(file, options), {
    kind: 'failed',
    reason: `${path}: no more than 9 bytes came in 60 s (2 attempts)`,
  });
});

describe('a file that is in the cache', () => {
  it('is not fetched again while it is the same', async () => {
    const served = await server();
    served.rib('rrc00', rib(100));
    const archive = createArchive(served.url, hasty);
    const { elems, file, options } = loading(archive);
    const loaded = await loadArchiveFile(file, options);
    if (loaded.kind !== 'loaded') throw new Error(loaded.kind);
    const version = loaded.version!;
    const before = elems.length;
    assert.deepEqual(await loadArchiveFile({ ...file, unless: version }, options), { kind: 'unchanged' });
    assert.deepEqual([elems.length, archive.counters.requests['not-modified']], [before, 1]);
    served.rib('rrc00', rib(100, 2));
    assert.equal((await loadArchiveFile({ ...file, unless: version }, options)).kind, 'loaded');
    assert.equal(elems.length, 2 * before);
  });

  it('is completed from its first half, but never with the end of another file', async () => {
    const served = await server();
    served.rib('rrc00', rib(2_000));
    const archive = createArchive(served.url, hasty);
    const whole = await bytesOf(archive);
    const { signal } = new AbortController();
    const opened = await archive.open(path, signal);
    const version = opened === 'absent' ? null! : opened.version!;
    const rest = async (bytes: number): Promise<[number, Buffer]> => {
      const file = await archive.openAgain(path, { version, bytes }, signal);
      if (typeof file === 'string') throw new Error(file);
      const chunks: Uint8Array[] = [];
      for await (const chunk of file.chunks) chunks.push(chunk);
      return [file.startsAt, Buffer.concat(chunks)];
    };
    assert.deepEqual(await rest(1000), [1000, whole.subarray(1000)]);
    assert.deepEqual(await rest(whole.length + 5), [0, whole], 'more is here than there');
    served.rib('rrc00', rib(2_000, 2));
    const [startsAt, bytes] = await rest(1000);
    assert.equal(startsAt, 0);
    assert.ok(!bytes.equals(whole));
  });
});

describe('many at once', () => {
  it('four downloads run at a time, and an aborted one passes on its place', async () => {
    const served = await server();
    served.rib('rrc00', rib(2_000), 'stalled');
    const archive = createArchive(served.url, new FakeClock());
    const aborts = Array.from({ length: 6 }, () => new AbortController());
    const reads = aborts.map(({ signal }) => bytesOf(archive, signal));
    for (const read of reads) read.catch(() => undefined);
    await served.asked(`/${path}`, 4);
    // A fifth request would have arrived by now.
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(served.requests.length, 4);
    aborts[5].abort();
    await assert.rejects(reads[5], { name: 'AbortError' });
    aborts[0].abort();
    await served.asked(`/${path}`, 5);
    for (const abort of aborts) abort.abort();
    assert.equal((await Promise.allSettled(reads)).filter(({ status }) => status === 'rejected').length, 6);
  });

  it('a server that asks for a pause gets it from all downloads', async () => {
    const served = await server();
    served.rib('rrc00', rib(10));
    served.fail(`/${path}`, 'busy', 1);
    const clock = new FakeClock();
    const archive = createArchive(served.url, clock);
    const { file, options, warnings } = loading(archive, null, clock);
    const loaded = loadArchiveFile(file, options);
    await clock.waiting(120_000);
    const other = archive.exists('rrc01/latest-bview.gz', options.signal);
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual([served.requests.length, warnings.length], [1, 1]);
    assert.match(warnings[0], /HTTP 503.*"retryInMs":120000/);
    await clock.advance(120_000);
    assert.deepEqual([(await loaded).kind, await other], ['loaded', false]);
  });
});

for (const where of ['in this thread', 'in a thread of its own'] as const) {
  describe(`a file read ${where}`, () => {
    const workers = (): DecodeWorkers | null => {
      if (where === 'in this thread') return null;
      const made = threads(2);
      cleanups.push(() => made.close());
      return made;
    };

    it('gives the same rows', async () => {
      const served = await server();
      served.rib('rrc00', rib(6_000));
      const archive = createArchive(served.url, hasty);
      const { elems, file, options } = loading(archive, workers());
      assert.equal((await loadArchiveFile(file, options)).kind, 'loaded');
      assert.equal(elems.length, 12_001);
      assert.deepEqual(
        [elems[0], elems[1], elems.at(-1)],
        [
          {
            kind: 'rib',
            collector: 'rrc00',
            peer: '192.0.2.1',
            peerAsn: 64_496,
            at: ribTime,
            prefix: '10.0.0.0/24',
            origin: Math.imul(1, 0x9e3779b1) >>> 8,
          },
          {
            kind: 'rib',
            collector: 'rrc00',
            peer: '2001:db8::1',
            peerAsn: 64_497,
            at: ribTime,
            prefix: '10.0.0.0/24',
            origin: Math.imul(1, 0x9e3779b1) >>> 8,
          },
          {
            kind: 'rib',
            collector: 'rrc00',
            peer: '2001:db8::1',
            peerAsn: 64_497,
            at: ribTime,
            prefix: '2001:db8:1:2:3::/80',
            origin: 64_497,
          },
        ],
      );
      assert.equal(
        new Set(elems.map(({ at, ...elem }) => JSON.stringify([at, 'prefix' in elem ? elem.prefix : null, elem.peer])))
          .size,
        12_001,
      );
      assert.deepEqual([archive.counters.requests.ok, archive.counters.bytes > 0], [1, true]);
    });

    for (const [serving, reason, outcome] of [
      ['truncated', /gzip: unexpected end of file/, 'truncated'],
      ['empty', /is empty/, 'truncated'],
      ['corrupt', /gzip: incorrect data check/, 'corrupt'],
    ] as const) {
      it(`is named, counted and fetched again when it comes ${serving}`, async () => {
        const served = await server();
        served.rib('rrc00', rib(1_000));
        served.fail(`/${path}`, serving, 2);
        const archive = createArchive(served.url, hasty);
        const { file, options, warnings } = loading(archive, workers());
        assert.equal((await loadArchiveFile(file, options)).kind, 'loaded');
        assert.equal(warnings.length, 2);
        for (const warning of warnings) {
          assert.match(warning, /rrc00\/latest-bview.gz/);
          assert.match(warning, reason);
        }
        assert.equal(archive.counters.requests[outcome], 2);
      });
    }
  });
}

describe('threads that decode', () => {
  it('are for machines with cores to spare', () => {
    assert.deepEqual([1, 2, 3, 4, 6, 64].map(decodeWorkersFor), [0, 0, 0, 2, 4, 4]);
    assert.equal(createDecodeWorkers(decodeWorkersFor(2), systemClock, pathToFileURL(bundled.script)), null);
  });

  it('end when told to in the middle of a file, and wait for slow readers', async () => {
    const served = await server();
    served.rib('rrc00', rib(6_000));
    const archive = createArchive(served.url, hasty);
    const workers = threads(1);
    const stop = new AbortController();
    const { file, options } = loading(archive, workers, hasty, stop.signal);
    let batches = 0;
    const read = loadArchiveFile(
      {
        ...file,
        onBatch: () => {
          batches++;
          stop.abort();
        },
      },
      options,
    );
    await assert.rejects(read, { name: 'AbortError' });
    assert.deepEqual([batches, workers.alive], [1, 0]);
    assert.equal(archive.counters.requests.failed, 0);
    const again = loading(archive, workers);
    assert.equal((await loadArchiveFile(again.file, again.options)).kind, 'loaded', 'its place is free again');
    await workers.close();
    assert.equal(workers.alive, 0);
  });

  it('that die while reading a file make that file fail', async () => {
    const served = await server();
    served.rib('rrc00', rib(10));
    const archive = createArchive(served.url, hasty);
    const workers = threads(1);
    const { file, options } = loading(archive, workers);
    // Not an address: what a worker cannot even request is a fault of the program, so it throws.
    const result = await workers.decode(
      { path, collector: 'rrc00', wanted: 'rib', unless: null },
      createArchive('nowhere', hasty),
      options.peers,
      file,
      options.signal,
    );
    assert.ok(result.kind === 'failed' && !result.passing);
    assert.match(result.reason, /the thread that read it failed: .*Invalid URL/);
    assert.equal((await loadArchiveFile(file, options)).kind, 'loaded', 'the next file has a thread of its own');
    await workers.close();
  });
});
