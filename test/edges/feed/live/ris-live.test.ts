import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { elemsOf, PeerIndex } from '../../../../src/core/bgp/index.js';
import { createRisLiveFeed } from '../../../../src/edges/feed/index.js';
import type { FeedState, RisLiveFeed } from '../../../../src/edges/feed/index.js';
import { FakeClock } from '../../../support/clocks/fake-clock.js';
import { startRisLiveServer } from '../../../support/feed/ris-live-server.js';
import type { RisLiveServer, RisLiveServerOptions } from '../../../support/feed/ris-live-server.js';
import { risUpdate } from '../../../support/feed/ris-message.js';
import { suitePatienceMs } from '../../../support/in-time.js';

const start = Date.UTC(2024, 0, 1, 12);
const update = (collector: string, seconds: number, announce: string): string =>
  risUpdate({
    collector,
    peer: '192.0.2.1',
    asn: 64496,
    at: start + seconds * 1000,
    path: [64496, 64511],
    announce: [announce],
  });

interface Watched {
  readonly server: RisLiveServer;
  readonly feed: RisLiveFeed;
  readonly clock: FakeClock;
  /** What the consumer was told, in order. */
  readonly told: string[];
  readonly states: FeedState[];
  readonly warnings: string[];
  /** Resolves as soon as this was told (`times` times). */
  readonly until: (what: string | RegExp, times?: number) => Promise<void>;
}

const cleanups: (() => unknown)[] = [];
async function watch(
  options: RisLiveServerOptions & { collectors?: readonly string[] | 'all'; random?: () => number } = {},
): Promise<Watched> {
  const server = await startRisLiveServer(options);
  const clock = new FakeClock(start);
  const told: string[] = [];
  const states: FeedState[] = [];
  const warnings: string[] = [];
  let watchers: (() => void)[] = [];
  const peers = new PeerIndex();
  const tell = (line: string): void => {
    told.push(line);
    const waiting = watchers;
    watchers = [];
    for (const watcher of waiting) watcher();
  };
  const seconds = (at: number): string => ((at - start) / 1000).toFixed(1);
  const feed = createRisLiveFeed({
    url: server.url,
    collectors: options.collectors ?? ['rrc00'],
    peers,
    clock,
    random: options.random ?? ((): number => 1),
    log: { info: () => undefined, warn: (fields, message) => warnings.push(`${message} ${JSON.stringify(fields)}`) },
    onBatch: (batch) => {
      for (const elem of elemsOf(batch, peers))
        tell(`${elem.collector} ${elem.kind}${'prefix' in elem ? ` ${elem.prefix}` : ''}`);
    },
    onGap: (gap) => tell(`gap ${gap.collector ?? 'all'} ${seconds(gap.from)}..${seconds(gap.to)}`),
    onState: (state) => {
      states.push(state);
      tell(state.kind === 'live' ? `live since ${seconds(state.since)}` : state.kind);
    },
  });
  cleanups.push(
    () => server.stop(),
    () => feed.stop(),
  );
  feed.start();
  return {
    server,
    feed,
    clock,
    told,
    states,
    warnings,
    async until(what, times = 1) {
      const matches = (line: string): boolean => (typeof what === 'string' ? line === what : what.test(line));
      while (told.filter(matches).length < times) await new Promise<void>((resolve) => watchers.push(resolve));
    },
  };
}

describe('RIS Live feed', { timeout: suitePatienceMs }, () => {
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });

  it('subscribes to each collector, state messages included, and hands over what it decoded', async () => {
    const { server, told, until, feed } = await watch({ collectors: ['rrc00', 'rrc01'] });
    await server.subscribed(1, 2);
    server.send(update('rrc00', 1, '10.0.0.0/8'), update('rrc01', 2, '11.0.0.0/8'));
    await until('rrc01 announcement 11.0.0.0/8');
    const socketOptions = { acknowledge: true, includeRaw: false };
    assert.deepEqual(server.subscriptions, [
      { host: 'rrc00', socketOptions },
      { host: 'rrc01', socketOptions },
    ]);
    assert.match(server.requests[0], /\?client=lightsout$/);
    assert.deepEqual(told, [
      'connecting',
      'live since 2.0',
      'rrc00 announcement 10.0.0.0/8',
      'rrc01 announcement 11.0.0.0/8',
    ]);
    assert.equal(feed.decoded.messages, 2);
  });

  it('subscribes once, to everything, for all collectors', async () => {
    const { server, until } = await watch({ collectors: 'all' });
    await server.subscribed(1);
    server.send(update('rrc26', 1, '10.0.0.0/8'));
    await until('rrc26 announcement 10.0.0.0/8');
    assert.deepEqual(server.subscriptions, [{ socketOptions: { acknowledge: true, includeRaw: false } }]);
  });

  it(
    'tells a gap, from the last event time to the first after it, before anything that follows a lost ' + 'connection',
    async () => {
      const { server, clock, told, until } = await watch({ collectors: ['rrc00', 'rrc01', 'rrc03'] });
      await server.subscribed(1, 3);
      // rrc03's clock is an hour ahead. It must not date the gap.
      server.send(
        update('rrc03', 3600, '12.0.0.0/8'),
        update('rrc00', 1, '10.0.0.0/8'),
        update('rrc01', 1.5, '10.0.0.0/8'),
      );
      await until('rrc01 announcement 10.0.0.0/8');
      server.drop();
      await until('down');
      await clock.advance(5000);
      await server.subscribed(2, 3);
      server.send(update('rrc01', 4.5, '11.0.0.0/8'));
      await until('rrc01 announcement 11.0.0.0/8');
      assert.deepEqual(told.slice(5), [
        'down',
        'connecting',
        'gap all 1.5..4.5',
        'live since 4.5',
        'rrc01 announcement 11.0.0.0/8',
      ]);

      server.drop();
      await until('down', 2);
      await clock.advance(5000);
      await server.subscribed(3, 3);
      server.send(update('rrc03', 3610, '12.0.0.0/8'));
      await until('rrc03 announcement 12.0.0.0/8', 2);
      assert.equal(
        told.at(-3),
        'gap all 4.5..12.0',
        'no further than 2 s ahead of our own clock, which stands at 10 s',
      );
    },
  );

  it(
    'dates a gap by those who were heard to the last: a collector ' + 'that fell silent an hour ago dates nothing',
    async () => {
      const { server, clock, told, until } = await watch({ collectors: ['rrc00', 'rrc01'] });
      await server.subscribed(1, 2);
      server.send(update('rrc00', 0, '10.0.0.0/8'), update('rrc01', 0, '10.0.0.0/8'));
      await until('rrc01 announcement 10.0.0.0/8');
      for (let heard = 2; clock.now() < start + 60_000; heard++) {
        await clock.advance(5_000);
        server.send(update('rrc00', (clock.now() - start) / 1000, '10.0.0.0/8'));
        await until('rrc00 announcement 10.0.0.0/8', heard);
      }
      server.drop();
      await until('down');
      await clock.advance(5_000);
      await server.subscribed(2, 2);
      server.send(update('rrc00', 65, '11.0.0.0/8'));
      await until('rrc00 announcement 11.0.0.0/8');
      assert.equal(told.at(-3), 'gap all 60.0..65.0');
    },
  );

  it('reconnects if the server only answers pings', async () => {
    const { server, clock, told, until } = await watch();
    await server.subscribed(1);
    for (let pings = 1; pings <= 2; pings++) {
      await clock.advance(10_000);
      while (server.pings < pings) await new Promise<void>((resolve) => setImmediate(resolve));
      // The answers are read in the next turns of the event loop.
      for (let turn = 0; turn < 20; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
    }
    await clock.advance(10_000);
    await until('down');
    assert.deepEqual(told, ['connecting', 'down']);
  });

  it(
    'holds rows until every subscription is acknowledged: before ' + 'that, one collector may still be missing',
    async () => {
      const { server, clock, told, until, feed, warnings } = await watch({
        collectors: ['rrc00', 'rrc01'],
        ignoring: ['rrc01'],
      });
      await server.subscribed(1, 2);
      server.send(update('rrc00', 1, '10.0.0.0/8'), '{"type":"pong"}');
      await clock.waiting(10_000);
      while (feed.decoded.messages < 1) await new Promise<void>((resolve) => setImmediate(resolve));
      await clock.advance(9_000);
      assert.deepEqual(told, ['connecting']);
      await clock.advance(1_000);
      await until('rrc00 announcement 10.0.0.0/8');
      assert.match(warnings.join('\n'), /not acknowledged.*rrc01/);
    },
  );

  it(
    'is impaired after 10 s without data, live again with the next, and reconnects after 30 s, pinging ' + 'meanwhile',
    async () => {
      const { server, clock, told, states, until } = await watch();
      await server.subscribed(1);
      server.send(update('rrc00', 0, '10.0.0.0/8'));
      await until(/announcement/);
      await clock.advance(9_000);
      assert.equal(states.at(-1)?.kind, 'live');
      await clock.advance(1_000);
      assert.equal(states.at(-1)?.kind, 'impaired');
      server.send(update('rrc00', 10, '10.0.0.0/8'));
      await until(/announcement/, 2);
      assert.deepEqual(told.slice(2), [
        'rrc00 announcement 10.0.0.0/8',
        'impaired',
        'live since 0.0',
        'rrc00 announcement 10.0.0.0/8',
      ]);
      await clock.advance(30_000);
      await until('down');
      assert.deepEqual(states.at(-1), { kind: 'down', reason: 'no data for 30 s', retryInMs: 1000 });
      assert.equal(server.pings, 4);
      await clock.advance(1_000);
      await server.subscribed(2);
    },
  );

  it('does not count a blocked event loop as silence of the feed', async () => {
    const { server, clock, states, until } = await watch();
    await server.subscribed(1);
    server.send(update('rrc00', 0, '10.0.0.0/8'));
    await until(/announcement/);
    clock.stall(40_000);
    await clock.advance(5_000);
    assert.equal(states.at(-1)?.kind, 'live');
  });

  it('tells a sleep of hours as a gap, though every timer is late by as much', async () => {
    const { server, clock, told, until } = await watch({ collectors: ['rrc00', 'rrc01'] });
    await server.subscribed(1, 2);
    server.send(update('rrc00', 0, '10.0.0.0/8'), update('rrc01', 0, '10.0.0.0/8'));
    await until('rrc01 announcement 10.0.0.0/8');
    clock.stall(5 * 3_600_000);
    server.drop();
    await until('down');
    await clock.advance(5_000);
    await server.subscribed(2, 2);
    server.send(update('rrc00', 18_005, '11.0.0.0/8'));
    await until('rrc00 announcement 11.0.0.0/8');
    assert.deepEqual(told.slice(-3), ['gap all 0.0..18005.0', 'live since 18005.0', 'rrc00 announcement 11.0.0.0/8']);
  });

  it(
    'takes no gap for shorter than the time it took, though the first word after it is of a clock that is ' + 'wrong',
    async () => {
      const { server, clock, told, states, until } = await watch({ collectors: ['rrc00', 'rrc01'] });
      await server.subscribed(1, 2);
      server.send(update('rrc00', 0, '10.0.0.0/8'), update('rrc01', 0, '10.0.0.0/8'));
      await until('rrc01 announcement 10.0.0.0/8');
      clock.stall(20 * 60_000);
      server.drop();
      await until('down');
      await clock.advance(5_000);
      assert.deepEqual(
        states.findLast(({ kind }) => kind === 'connecting'),
        { kind: 'connecting', attempt: 2, trouble: 'closed by the server (1006)' },
      );
      await server.subscribed(2, 2);
      server.send(update('rrc00', 3, '11.0.0.0/8'));
      await until('rrc00 announcement 11.0.0.0/8');
      assert.equal(told.at(-3), 'gap all 0.0..1175.0', '20 minutes, but for what lags may differ by');
    },
  );

  it('gives a ris_error as the reason when the server closes on it', async () => {
    const { server, states, until, feed } = await watch();
    await server.subscribed(1);
    server.risError('client too slow');
    server.close(1000, 'bye');
    await until('down');
    assert.deepEqual(states.at(-1), { kind: 'down', reason: 'client too slow', retryInMs: 1000 });
    assert.equal(feed.counters.risErrors, 1);
  });

  for (const { jitter, waits } of [
    { jitter: 1, waits: [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000] },
    { jitter: 0.25, waits: [250, 500, 1000, 2000, 4000, 8000, 15_000, 15_000] },
  ]) {
    it(`waits longer after each failure, up to 60 s (jitter ${jitter})`, async () => {
      const { server, clock, states, until } = await watch({ random: () => jitter });
      await server.subscribed(1);
      await server.stop();
      for (const [failures, wait] of waits.entries()) {
        await until('down', failures + 1);
        const state = states.at(-1);
        assert.equal(state?.kind === 'down' ? state.retryInMs : state?.kind, wait);
        await clock.advance(wait);
      }
      const back = await startRisLiveServer({ port: server.port });
      cleanups.push(() => back.stop());
      await until('down', waits.length + 1);
      await clock.advance(60_000);
      await back.subscribed(1);
      back.send(update('rrc00', 0, '10.0.0.0/8'));
      await until(/announcement/);
    });
  }

  it('counts frames it cannot read, says so once a minute, and reads on', async () => {
    const { server, until, feed, warnings } = await watch();
    await server.subscribed(1);
    server.send(
      '{"type":"ris_mess',
      Buffer.from([0xff, 0xfe, 0x00]),
      '{"type":"weather"}',
      update('rrc00', 1, '10.0.0.0/8'),
    );
    await until('rrc00 announcement 10.0.0.0/8');
    assert.equal(
      Object.values(feed.decoded.problems).reduce((sum, count) => sum + count),
      3,
    );
    assert.equal(warnings.filter((line) => line.includes('frames skipped')).length, 1);
  });

  it('is silent once stopped', async () => {
    const { server, clock, told, until, feed } = await watch();
    await server.subscribed(1);
    server.send(update('rrc00', 1, '10.0.0.0/8'));
    await until(/announcement/);
    const before = told.length;
    feed.stop();
    await clock.advance(120_000);
    assert.equal(told.length, before);
    assert.deepEqual(clock.pending, []);
  });
});
